-- grain: one row a claim (CLP). key: file_hash, claim.
-- inputs: era.service_line, era.adjustment, era.date, era.amount, era.reference, era.remark
-- What a decision says, as numbers to compare decisions by: `content` of all that bears on money, `amounts` of the services decided and
-- their adjustments alone, in whatever order the lines stand, `services` of what was billed.
with said as (
    select file_hash, claim,
           hash('SVC', line, procedure_code, modifiers, charge_amount, paid_amount, units, billed_procedure_code, billed_modifiers, billed_units) as part
    from era.service_line
    union all
    select file_hash, claim, hash('CAS', line, group_code, reason_code, adjustment_amount, adjustment_quantity) from era.adjustment where claim is not null
    union all
    select file_hash, claim, hash('DTM', line, date_qualifier, date) from era.date where claim is not null
    union all
    select file_hash, claim, hash('AMT', line, amount_qualifier, amount) from era.amount where claim is not null
    union all
    select file_hash, claim, hash('REF', line, reference_qualifier, reference_value) from era.reference where claim is not null
    union all
    select file_hash, claim, hash('LQ', line, remark_qualifier, remark_code) from era.remark where claim is not null
),
content as (select file_hash, claim, sum(part)::hugeint as content from said group by all),
cut as (
    select file_hash, claim, line, sum(hash(group_code, reason_code, adjustment_amount))::hugeint as cuts
    from era.adjustment where claim is not null and adjustment_amount is distinct from 0 group by all
),
amounts as (
    select file_hash, claim, sum(part)::hugeint as amounts
    from (
        select l.file_hash, l.claim,
               hash('SVC', l.procedure_code, l.charge_amount, l.paid_amount, coalesce(l.units, 1), c.cuts) as part
        from era.service_line l
        left join cut c on c.file_hash = l.file_hash and c.claim = l.claim and c.line = l.line
        union all
        select file_hash, claim, hash('CAS', cuts) from cut where line is null
    )
    group by all
),
number as (
    select file_hash, claim, line, min(reference_value) as reference_value
    from era.reference where line is not null and reference_qualifier = '6R' group by all
),
day as (
    select file_hash, claim, line, min(date) as service_date
    from era.date where line is not null and date_qualifier in ('472', '150') group by all
),
services as (
    select l.file_hash, l.claim, count(*) as line_count,
           sum(hash(n.reference_value, coalesce(l.billed_procedure_code, l.procedure_code), d.service_date, abs(l.charge_amount)))::hugeint as services
    from era.service_line l
    left join number n on n.file_hash = l.file_hash and n.claim = l.claim and n.line = l.line
    left join day d on d.file_hash = l.file_hash and d.claim = l.claim and d.line = l.line
    group by all
)
select c.file_hash, c.claim, coalesce(k.content, 0) as content, coalesce(a.amounts, 0) as amounts, s.services, coalesce(s.line_count, 0) as line_count
from era.claim c
left join content k on k.file_hash = c.file_hash and k.claim = c.claim
left join amounts a on a.file_hash = c.file_hash and a.claim = c.claim
left join services s on s.file_hash = c.file_hash and s.claim = c.claim
