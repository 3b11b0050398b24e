-- grain: one row a line that bears a price and can be compared. key: line_id. inputs: core.comparable_line, core.expected_line
-- What was allowed and is owed at least, in the sums that core.verdict judges (a visit, a claim, a split line, else the line itself), before
-- any tolerance: what contracts.explain_short looks for the cause of. A split line's price stands on its first part.
-- Where of the lines that are ranked together one was allowed what it comes to with every unit cut, and is short by that, and another was allowed more
-- by what ranks it first (half of that at least, for charges and shares that are smaller), the payer took that one for the first: what it owes it owes
-- for the day, and they are judged on their sum (reranked).
with part as (
    select l.*, case when l.split then concat_ws('|', l.billed_line, l.procedure_code, l.modifiers) else l.line_id::varchar end as priced_as
    from core.comparable_line l
    where l.lane is null and l.allowed_amount is not null
),
whole as (
    select priced_as, arg_min(line_id, line) as line_id, (sum(allowed_amount) * 100)::bigint as allowed_cents,
           sum(case when charge_amount > 0 then coalesce(units, 1) else 0 end) as decided_units,
           any_value(split) as split, any_value(billed_line) as billed_line, any_value(procedure_code) as procedure_code,
           any_value(judged_on_claim) as judged_on_claim, any_value(file_hash) as file_hash, any_value(claim) as claim
    from part group by priced_as
),
placed as (
    select w.*, e.group_id, e.rank_group, e.rank_gap_cents, e.not_first_cents, e.group_expected_cents, e.expected_low_cents, e.expected_high_cents, e.tolerance_cents,
           coalesce(e.group_id, case when w.judged_on_claim then concat_ws('|', 'claim', w.file_hash, w.claim)
                                     when w.split then concat_ws('|', 'split', w.billed_line, w.procedure_code) end,
                    concat('line:', w.line_id)) as judged_group
    from whole w
    join core.expected_line e on e.line_id = w.line_id
    where e.outcome in ('PRICED', 'AMBIGUOUS_LOCALITY') and e.expected_low_cents is not null
      and not (w.allowed_cents = 0 and e.group_id is null and e.expected_low_cents > e.tolerance_cents)
),
held as (
    select *, sum(allowed_cents) over g as sum_cents, sum(tolerance_cents) over g as slack_cents, sum(not_first_cents) over g as cut_cents,
           coalesce(max(group_expected_cents) over g, sum(expected_low_cents) over g) as low_cents,
           coalesce(max(group_expected_cents) over g, sum(expected_high_cents) over g) as high_cents
    from placed
    window g as (partition by judged_group)
),
ranked as (
    select * replace (case when reranked then rank_group else judged_group end as judged_group,
                      case when not reranked then group_expected_cents end as group_expected_cents)
    from (select *, coalesce(rank_group is not null and not judged_on_claim and bool_or(sum_cents < low_cents - slack_cents and abs(sum_cents - cut_cents) <= slack_cents) over r
                             and bool_or(sum_cents > high_cents + greatest(slack_cents, rank_gap_cents // 2)) over r, false) as reranked
          from held
          window r as (partition by rank_group, judged_on_claim))
)
select line_id, judged_group, reranked, sum(allowed_cents) over g as allowed_cents,
       coalesce(max(group_expected_cents) over g, sum(expected_low_cents) over g) as expected_cents,
       decided_units,
       sum(allowed_cents) over g < coalesce(max(group_expected_cents) over g, sum(expected_low_cents) over g) as short
from ranked
window g as (partition by judged_group)
order by line_id
