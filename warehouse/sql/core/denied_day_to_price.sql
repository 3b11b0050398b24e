-- grain: one row a line of a patient's day on which a line is refused, split lines put together. key: line_id.
-- inputs: core.comparable_line, core.claim, core.day_patient, core.denied_line
-- As core.line_to_price, with what was refused added as if it had been paid: what the day would then have come to under its contracts.
with refused as (select line_id, refused from core.denied_line where stands and refused is not null),
known as (
    select l.*, coalesce(p.day_patient_key, l.patient_key) as day_patient_key
    from core.comparable_line l
    left join core.day_patient p on p.file_hash = l.file_hash and p.claim = l.claim and p.service_date = l.service_date
),
day as (select distinct day_patient_key, service_date from known semi join refused using (line_id)),
candidate as (
    select l.*, r.refused,
           case when split and lane is null and r.refused is null then concat_ws('|', billed_line, procedure_code, modifiers) else l.line_id::varchar end as priced_as,
           case when r.refused is not null then asked_units else priced_units end as wanted_units
    from known l
    join day d on d.day_patient_key = l.day_patient_key and d.service_date is not distinct from l.service_date
    left join refused r on r.line_id = l.line_id
    where r.refused is not null or lane is null
       or (lane in ('PENDING', 'NOT_COMPARABLE') and state in ('SURVIVING', 'PENDING', 'IN_DOUBT') and line > 0
           and charge_amount > 0 and allowed_by_payment_amount > 0 and l.service_date is not null)
),
whole as (
    select priced_as, arg_min(line_id, line) as line_id,
           sum(case when charge_amount > 0 or lane is not null then wanted_units else 0 end) as priced_units, sum(case when refused is not null then charge_amount else priced_charge_amount end) as charge_amount
    from candidate group by priced_as
)
select l.line_id, concat_ws('|', l.day_patient_key, l.service_date) as patient_day,
       dense_rank() over (order by l.file_hash, l.claim)::bigint as claim_id,
       row_number() over (partition by l.day_patient_key, l.service_date
                          order by c.remittance_date, c.payer_claim_number, l.file_hash, l.claim, l.line)::bigint as line_order,
       l.service_date, case when l.refused = 'whole' then coalesce(l.billed_procedure_code, l.procedure_code) else l.procedure_code end as procedure_code,
       coalesce(case when l.refused = 'whole' then nullif(l.billed_modifiers, '') end, l.modifiers, '') as modifiers, nullif(l.billed_modifiers, '') as billed_modifiers,
       w.priced_units as units,
       (w.charge_amount * 100)::bigint as charge_cents,
       c.payer_ids, c.payer_name, c.class_of_contract, c.filing_indicator_code as filing_indicator, c.group_number,
       c.payee_npi, c.payee_tin, l.rendering_npi, l.location_number, c.payee_zip, c.facility_code,
       l.refused, (l.allowed_by_payment_amount * 100)::bigint as allowed_cents, (l.refused_amount * 100)::bigint as refused_cents
from whole w
join candidate l on l.line_id = w.line_id
join core.claim c on c.file_hash = l.file_hash and c.claim = l.claim
order by l.line_id
