-- Gives the causes of core.company to the lines that bear them out, and takes them from lines that no longer do.
-- inputs: core.verdict, core.cause, core.company
update core.verdict as v
set cause = coalesce(found.cause, 'unexplained'), cause_evidence = found.cause_evidence, rivals = found.rivals
from (
    select o.line_id, arg_min(c.cause, c.cause_rank) filter (where counts) as cause,
           arg_min(concat(c.cause_evidence, case when p.line_count > 1 then concat('; ', p.line_count, ' lines of the payer show it') end), c.cause_rank)
               filter (where counts) as cause_evidence,
           nullif(array_to_string((list(concat(c.cause, ' (', c.label, ')') order by c.cause_rank) filter (where counts))[2:], '; '), '') as rivals
    from core.verdict o
    left join core.cause c on c.line_id = o.line_id
    left join core.company p on p.payer = o.payer and p.cause = c.cause and p.label = c.label,
    lateral (select c.borne_out or p.cause is not null as counts)
    where o.verdict = 'UNDERPAID'
    group by o.line_id
    having not coalesce(bool_or(c.stands_alone), false)
) found
where found.line_id = v.line_id and v.verdict = 'UNDERPAID'
