-- grain: one row a line that stands bundled and another code of the patient's day with the same provider; alone: other_code null. key: line_id, other_code.
-- inputs: core.denied_line, core.denied_price, core.comparable_line, terms.denial_class, terms.denial_kind, core.adjustment,
-- core.crowded_day (which is not held against the edits)
with held as (
    select distinct d.line_id
    from core.denied_line d
    join core.adjustment a on a.file_hash = d.file_hash and a.claim = d.claim and (a.line = d.line or a.line is null)
    join terms.denial_class k on k.reason_code = a.reason_code
    join terms.denial_kind n on n.kind = k.kind and n.held_against = 'ptp'
    where d.stands and d.refused is not null and a.adjustment_amount <> 0
    union
    select d.line_id
    from core.denied_line d
    join core.comparable_line l on l.line_id = d.line_id
    where d.stands and d.refused = 'whole' and l.bundling_remark_codes is not null
),
line as (
    select l.line_id, l.patient_key, l.payee_key, l.service_date, coalesce(l.billed_procedure_code, l.procedure_code) as code,
           concat_ws(':', nullif(l.modifiers, ''), nullif(l.billed_modifiers, '')) as modifiers
    from core.comparable_line l
    anti join core.crowded_day o on o.file_hash = l.file_hash and o.claim = l.claim and o.service_date = l.service_date
    where l.line > 0 and l.state in ('SURVIVING', 'PENDING', 'IN_DOUBT') and l.lane is distinct from 'REVERSED' and l.lane is distinct from 'SECONDARY'
      and l.service_date is not null
),
other as (
    select patient_key, payee_key, service_date, code, string_agg(modifiers, ':' order by line_id) as modifiers from line group by all
)
select l.line_id, l.service_date, l.code, l.modifiers, o.code as other_code, o.modifiers as other_modifiers, p.contract, p.contract_effective
from line l
semi join held h on h.line_id = l.line_id
join core.denied_price p on p.line_id = l.line_id
left join other o on o.patient_key = l.patient_key and o.payee_key = l.payee_key and o.service_date = l.service_date and o.code <> l.code
order by l.line_id, o.code
