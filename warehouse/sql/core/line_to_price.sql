-- grain: one row a line that a payer decided as primary, split lines put together. key: line_id. inputs: core.comparable_line, core.claim
-- Everything a contract may ask of a line, in the form that contracts.reprice takes; money in cents. Lines that cannot be judged, but that
-- the payer allowed something for, are priced too: they take part in the patient-day (its ranking, its caps) and in no verdict.
with candidate as (
    select *,
           case when split and lane is null then concat_ws('|', billed_line, procedure_code, modifiers) else line_id::varchar end as priced_as
    from core.comparable_line
    where lane is null
       or (lane in ('PENDING', 'NOT_COMPARABLE') and state in ('SURVIVING', 'PENDING', 'IN_DOUBT') and line > 0
           and charge_amount > 0 and allowed_by_payment_amount > 0 and service_date is not null)
),
whole as (
    select priced_as, arg_min(line_id, line) as line_id,
           sum(case when charge_amount > 0 or lane is not null then priced_units else 0 end) as priced_units, sum(priced_charge_amount) as charge_amount
    from candidate group by priced_as
)
-- the practice is one group whatever number it was paid under; whose rules bind the day together is the contract's, not the payer's name
select l.line_id, concat_ws('|', l.patient_key, l.service_date) as patient_day,
       dense_rank() over (order by l.file_hash, l.claim)::bigint as claim_id,
       row_number() over (partition by l.patient_key, l.service_date
                          order by c.remittance_date, c.payer_claim_number, l.file_hash, l.claim, l.line)::bigint as line_order,
       l.service_date, l.procedure_code, coalesce(l.modifiers, '') as modifiers, nullif(l.billed_modifiers, '') as billed_modifiers, w.priced_units as units,
       (w.charge_amount * 100)::bigint as charge_cents,
       c.payer_ids, c.payer_name, c.class_of_contract, c.filing_indicator_code as filing_indicator, c.group_number,
       c.payee_npi, c.payee_tin, l.rendering_npi, l.location_number, c.payee_zip, c.facility_code
from whole w
join candidate l on l.line_id = w.line_id
join core.claim c on c.file_hash = l.file_hash and c.claim = l.claim
order by l.line_id
