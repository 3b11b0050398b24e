-- grain: one row a line that a payer decided as primary, split lines put together. key: line_id.
-- inputs: core.comparable_line, core.claim, core.day_patient
-- Everything a contract may ask of a line, in the form that contracts.reprice takes; money in cents. Lines that cannot be judged, but that
-- the payer allowed something for, are priced too: they take part in the patient-day (its ranking, its caps) and in no verdict. Those whose part in
-- the day is not known are in core.doubtful_line.
with candidate as (
    select *,
           case when split and lane is null then concat_ws('|', billed_line, procedure_code, modifiers) else line_id::varchar end as priced_as
    from core.comparable_line
    where lane is null
       or (lane in ('PENDING', 'NOT_COMPARABLE') and state in ('SURVIVING', 'PENDING', 'IN_DOUBT') and line > 0
           and charge_amount > 0 and allowed_by_payment_amount > 0 and service_date is not null and date_problem is null)
),
whole as (
    select priced_as, arg_min(line_id, line) as line_id,
           sum(case when charge_amount > 0 or lane is not null then priced_units else 0 end) as priced_units, sum(priced_charge_amount) as charge_amount,
           bool_and(lane is null and coalesce(allowed_by_payment_amount = 0, false)) as nothing_allowed
    from candidate group by priced_as
)
-- the practice is one group whatever number it was paid under; whose rules bind the day together is the contract's, not the payer's name
select l.line_id, concat_ws('|', d.day_patient_key, l.service_date) as patient_day,
       concat('0x', substr(sha256(concat_ws('|', l.file_hash, l.claim)), 1, 15))::bigint as claim_id,
       row_number() over (partition by d.day_patient_key, l.service_date
                          order by c.remittance_date, c.payer_claim_number, l.file_hash, l.claim, l.line)::bigint as line_order,
       l.service_date, l.procedure_code, coalesce(l.modifiers, '') as modifiers, nullif(l.billed_modifiers, '') as billed_modifiers, w.priced_units as units,
       (w.charge_amount * 100)::bigint as charge_cents,
       c.payer_ids, c.payer_name, c.class_of_contract, c.filing_indicator_code as filing_indicator, c.group_number,
       c.payee_npi, c.payee_tin, l.rendering_npi, l.location_number, c.payee_zip, c.facility_code, c.payer_key, null::varchar as doubt, w.nothing_allowed
from whole w
join candidate l on l.line_id = w.line_id
join core.claim c on c.file_hash = l.file_hash and c.claim = l.claim
join core.day_patient d on d.file_hash = l.file_hash and d.claim = l.claim and d.service_date = l.service_date
order by l.line_id
