-- grain: one row a line and a patient-day that it may be part of. key: line_id. inputs: core.comparable_line, core.claim, core.day_patient,
-- core.crowded_day, macros known_by and undated_line
-- What core.line_to_price does not hold, since its part in the day is not known: lines for which nothing was paid to the practice and nothing
-- is refused (paid to the patient, out of balance, under a code that is not classified), lines decided as second payer, lines that may be of
-- one of several days, and lines of a claim that may be of the same patient under another number or name. In the form that contracts.reprice
-- takes, each under a line_id of its own: they are not judged, what is judged must hold with them and without. The days of crowds are not judged
-- at all (core.crowded_day).
with member as (
    select l.*,
           date_problem is null and (lane is null or (lane <> 'SECONDARY' and line > 0 and charge_amount > 0
                                                      and coalesce(allowed_by_payment_amount > 0, false))) as placed,
           case when lane = 'SECONDARY' then 'a line of the day was decided as second payer'
                when date_problem is not null then 'a line may be of this day or of another: its date does not say'
                else 'what was allowed for a line of the day is not known' end as doubt
    from core.comparable_line l
    where l.state in ('SURVIVING', 'PENDING', 'IN_DOUBT') and (l.lane is null or l.lane in ('PENDING', 'NOT_COMPARABLE', 'SECONDARY'))
      and coalesce(l.charge_amount <> 0 or l.allowed_by_payment_amount <> 0, true)
),
day as (
    select distinct d.day_patient_key, d.service_date, c.patient_key, c.patient_account
    from core.day_patient d
    join core.claim c on c.file_hash = d.file_hash and c.claim = d.claim
    anti join core.crowded_day o on o.file_hash = d.file_hash and o.claim = d.claim and o.service_date = d.service_date
),
named as (from known_by()),
asking as (
    select distinct day_patient_key, service_date, known_by, tells from named anti join core.crowded_day using (file_hash, claim, service_date)
),
part as (
    select m.line_id, d.day_patient_key, d.service_date, m.doubt, false as other_person
    from member m
    join core.day_patient d on d.file_hash = m.file_hash and d.claim = m.claim and d.service_date = m.service_date
    where not m.placed and m.date_problem is null
    union
    select s.line_id, k.day_patient_key, k.service_date, m.doubt, false
    from undated_line() s
    join member m on m.line_id = s.line_id
    join day k on k.patient_key = s.patient_key and k.service_date between s.first_date and s.last_date
    union
    select s.line_id, k.day_patient_key, k.service_date, m.doubt, false
    from undated_line() s
    join member m on m.line_id = s.line_id
    join day k on k.patient_account = s.patient_account and k.service_date between s.first_date and s.last_date
    union
    select m.line_id, x.day_patient_key, x.service_date, 'a claim of the day may be of the same patient under another number or name', true
    from asking x
    join named y on y.service_date = x.service_date and y.known_by = x.known_by and y.day_patient_key <> x.day_patient_key
                and case when starts_with(x.known_by, 'named ') then x.tells <> y.tells else x.tells or y.tells end
    join member m on m.file_hash = y.file_hash and m.claim = y.claim and m.service_date = y.service_date and m.date_problem is null
)
select concat('0x', substr(sha256(concat_ws('|', 'doubtful', p.line_id, p.day_patient_key, p.service_date)), 1, 15))::bigint as line_id,
       concat_ws('|', p.day_patient_key, p.service_date) as patient_day,
       -- another person's claim is not judged with its own total here
       concat('0x', substr(sha256(concat_ws('|', m.file_hash, m.claim, case when p.other_person then p.day_patient_key end)), 1, 15))::bigint as claim_id,
       0::bigint as line_order, p.service_date, m.procedure_code, coalesce(m.modifiers, '') as modifiers, nullif(m.billed_modifiers, '') as billed_modifiers, m.priced_units as units,
       (m.priced_charge_amount * 100)::bigint as charge_cents,
       c.payer_ids, c.payer_name, c.class_of_contract, c.filing_indicator_code as filing_indicator, c.group_number,
       c.payee_npi, c.payee_tin, m.rendering_npi, m.location_number, c.payee_zip, c.facility_code, c.payer_key, min(p.doubt) as doubt, false as nothing_allowed
from part p
join member m on m.line_id = p.line_id
join core.claim c on c.file_hash = m.file_hash and c.claim = m.claim
group by all
order by line_id
