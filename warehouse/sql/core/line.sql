-- grain: one row a service line; a claim without lines has one row, line 0. key: file_hash, claim, line.
-- inputs: era.service_line, era.reference, era.date, era.amount, core.claim
with reference as (
    select file_hash, claim, line,
           min(reference_value) filter (where reference_qualifier = '6R') as line_control_number,
           min(reference_value) filter (where reference_qualifier = 'LU') as location_number,
           min(reference_value) filter (where reference_qualifier = 'HPI') as rendering_npi
    from era.reference where line is not null group by all
),
service as (
    select file_hash, claim, line,
           coalesce(min(date) filter (where date_qualifier = '472'), min(date) filter (where date_qualifier = '150')) as service_date
    from era.date where line is not null group by all
),
stated as (
    select file_hash, claim, line, min(amount) as stated_allowed_amount
    from era.amount where line is not null and amount_qualifier = 'B6' group by all
)
select l.file_hash, l.claim, l.line, l.segment, l.byte_offset,
       coalesce(r.line_control_number, l.line::varchar) as line_control_number, r.line_control_number is not null as numbered_by_practice,
       coalesce(s.service_date, c.claim_service_date) as service_date,
       l.procedure_code, l.modifiers, l.units, l.billed_procedure_code, l.billed_units,
       l.charge_amount, l.paid_amount, a.stated_allowed_amount,
       coalesce(r.location_number, c.location_number) as location_number,
       coalesce(r.rendering_npi, c.rendering_npi) as rendering_npi
from era.service_line l
join core.claim c on c.file_hash = l.file_hash and c.claim = l.claim
left join reference r on r.file_hash = l.file_hash and r.claim = l.claim and r.line = l.line
left join service s on s.file_hash = l.file_hash and s.claim = l.claim and s.line = l.line
left join stated a on a.file_hash = l.file_hash and a.claim = l.claim and a.line = l.line
union all by name
select c.file_hash, c.claim, 0 as line, c.segment, c.byte_offset, '0' as line_control_number, false as numbered_by_practice,
       c.claim_service_date as service_date, null as procedure_code, null as modifiers, null as units, null as billed_procedure_code,
       null as billed_units, c.charge_amount, c.paid_amount, null as stated_allowed_amount, c.location_number, c.rendering_npi
from core.claim c
where not exists (from era.service_line l where l.file_hash = c.file_hash and l.claim = c.claim)
