-- grain: one row a line that a payer decided as primary. key: line_id. inputs: core.comparable_line, core.claim
-- Everything a contract may ask of a line, in the form that contracts.reprice takes; money in cents.
select l.line_id, concat_ws('|', l.payee_key, l.payer_key, l.patient_key, l.service_date) as patient_day,
       dense_rank() over (order by l.file_hash, l.claim)::bigint as claim_id, l.line_id as line_order,
       l.service_date, l.procedure_code, coalesce(l.modifiers, '') as modifiers, l.priced_units as units,
       (l.charge_amount * 100)::bigint as charge_cents,
       c.payer_ids, c.payer_name, c.class_of_contract, c.filing_indicator_code as filing_indicator, c.group_number,
       c.payee_npi, c.payee_tin, l.rendering_npi, l.location_number, c.payee_zip, c.facility_code
from core.comparable_line l
join core.claim c on c.file_hash = l.file_hash and c.claim = l.claim
where l.lane is null
order by l.line_id
