-- grain: one row a payer and flat percentage. key: payer, cause, label. inputs: core.verdict, core.cause
-- A whole percentage near the right amount is found for one line in thirty by accident. It counts where it reproduces lines of different
-- rate rows (lines that are judged on their sum are one amount), and at least half of the payer's short lines that nothing else explains.
with open as (
    select v.line_id, v.payer
    from core.verdict v
    where v.verdict = 'UNDERPAID' and not exists (from core.cause c where c.line_id = v.line_id and c.stands_alone)
),
amount as (
    select o.payer, c.cause, c.label, count(*) as line_count, string_agg(c.cause_row, '; ' order by c.cause_row) as cause_rows
    from open o
    join core.cause c on c.line_id = o.line_id
    group by o.payer, c.cause, c.label, c.judged_group
)
select m.payer, m.cause, m.label, sum(m.line_count)::bigint as line_count, count(distinct m.cause_rows) as row_count,
       any_value(a.unexplained_count) as unexplained_count
from amount m
join (select payer, count(*) as unexplained_count from open group by payer) a on a.payer = m.payer
group by m.payer, m.cause, m.label
having count(distinct m.cause_rows) > 1 and 2 * sum(m.line_count) >= any_value(a.unexplained_count)
order by all
