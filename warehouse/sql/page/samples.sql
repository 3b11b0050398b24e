-- grain: one row a file. key: file_hash. inputs: era.file, core.adjudication, core.verdict, core.line_finding, out.cash
-- What a file showed, for docs/samples.md.
with state as (select file_hash, state, count(*) as n from core.adjudication group by all),
verdict as (select file_hash, verdict, count(*) as n from core.verdict group by all),
finding as (select file_hash, count(*) as n from core.line_finding group by all),
cash as (select file_hash, count(*) as n, count(*) filter (where difference_amount <> 0) as off from out.cash group by all)
select f.name,
       (select string_agg(concat(n, ' ', state), ', ' order by n desc, state) from state s where s.file_hash = f.file_hash) as claims,
       (select string_agg(concat(n, ' ', verdict), ', ' order by n desc, verdict) from verdict v where v.file_hash = f.file_hash) as lines,
       coalesce(d.n, 0) as line_findings, coalesce(c.n, 0) as payments, coalesce(c.off, 0) as off
from era.file f
left join finding d on d.file_hash = f.file_hash
left join cash c on c.file_hash = f.file_hash
order by f.name
