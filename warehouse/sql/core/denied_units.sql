-- grain: one row a line that stands with units refused, or denied for its units. key: line_id.
-- inputs: core.denied_line, core.denied_price, core.comparable_line, core.adjustment, terms.denial_class, terms.denial_kind
with held as (
    select distinct d.line_id
    from core.denied_line d
    join core.adjustment a on a.file_hash = d.file_hash and a.claim = d.claim and (a.line = d.line or a.line is null)
    join terms.denial_class k on k.reason_code = a.reason_code
    join terms.denial_kind n on n.kind = k.kind and n.held_against = 'mue'
    where d.stands and d.refused is not null and a.adjustment_amount <> 0
    union
    select line_id from core.denied_line where stands and refused = 'units'
),
line as (
    select l.line_id, l.patient_key, l.payee_key, l.service_date, coalesce(l.billed_procedure_code, l.procedure_code) as code,
           l.asked_units as units
    from core.comparable_line l
    where l.line > 0 and l.state in ('SURVIVING', 'PENDING', 'IN_DOUBT') and l.lane is distinct from 'REVERSED' and l.lane is distinct from 'SECONDARY'
)
select l.line_id, l.service_date, l.code, l.units as line_units, sum(l.units) over (partition by l.patient_key, l.payee_key, l.service_date, l.code) as day_units,
       p.contract, p.contract_effective
from line l
left join core.denied_price p on p.line_id = l.line_id
qualify l.line_id in (select line_id from held)
order by l.line_id
