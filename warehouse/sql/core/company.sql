-- grain: one row a payer and flat percentage. key: payer, cause, label. inputs: core.verdict, core.cause
-- A whole percentage near the right amount is found for one line in thirty by accident. It counts where it reproduces lines of different
-- rate rows, and at least half of the payer's short lines that nothing else explains.
with open as (
    select v.line_id, v.payer
    from core.verdict v
    where v.verdict = 'UNDERPAID' and not exists (from core.cause c where c.line_id = v.line_id and c.stands_alone)
)
select o.payer, c.cause, c.label, count(*) as line_count, count(distinct c.cause_row) as row_count, any_value(a.unexplained_count) as unexplained_count
from open o
join core.cause c on c.line_id = o.line_id
join (select payer, count(*) as unexplained_count from open group by payer) a on a.payer = o.payer
group by o.payer, c.cause, c.label
having count(distinct c.cause_row) > 1 and 2 * count(*) >= any_value(a.unexplained_count)
order by all
