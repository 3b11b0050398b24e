-- grain: one row a dispute and a level of its contract that may be the one to use. key: dispute_id, position.
-- inputs: life.standing, life.line, terms.dispute_window, core.comparable_line, core.adjudication, core.verdict, core.expected_line,
-- core.expected_step
-- Which level comes next, and the day it is counted from; the last day is reckoned from that (contracts.last_day). A window is counted from
-- the first decision that was short on the line, unless the terms say that a later one reopens it; where several claims are judged as one
-- visit, from the first day on which what had been decided of it was short. What another claim was paid right tells nothing of it.
with level as (
    select *, case when not fallback then dense_rank() over (partition by contract, contract_effective, source_file, fallback order by first_position) end as level_number
    from (select *, min(position) over (partition by contract, contract_effective, source_file, level) as first_position from terms.dispute_window)
),
first_told as (
    select s.dispute_id, min(j.first_remittance_date) as first_told_date
    from life.standing s
    join life.line l on l.dispute_id = s.dispute_id and l.thread = s.thread
    join core.comparable_line k on k.line_id = l.line_id
    join core.comparable_line n on n.line_id = s.line_id
    join core.adjudication j on j.file_hash = l.file_hash and j.claim = l.claim
    -- nothing allowed is short too where the price took it all and nothing was refused
    where (k.allowed_by_payment_amount > 0 or (k.allowed_by_payment_amount = 0 and k.charge_amount > 0 and k.price_adjustment_amount = k.charge_amount))
      -- more units than are decided today are held to as much more: to more than was owed for them rather than to less, and too early
      and (s.judged_allowed_amount is not null
           or k.allowed_by_payment_amount * coalesce(n.units, 1) < s.expected_amount * greatest(coalesce(k.units, 1), coalesce(n.units, 1)))
    group by s.dispute_id
),
member as (
    -- the decisions that stand on a visit, each with its price before what caps or shares the visit's total
    select s.dispute_id, j.first_remittance_date as told_date, (v.allowed_amount * 100)::bigint as allowed_cents,
           coalesce(p.before_cents, e.expected_low_cents) as own_cents, e.tolerance_cents, e.group_expected_cents
    from life.standing s
    join core.verdict w on w.line_id = s.line_id
    join core.verdict v on v.judged_group = w.judged_group and v.allowed_amount is not null
    join core.adjudication j on j.file_hash = v.file_hash and j.claim = v.claim
    join core.expected_line e on e.line_id = v.line_id
    left join (
        select line_id, arg_min(before_cents, step) as before_cents
        from core.expected_step where operation in ('per_visit', 'visit_maximum', 'equal_rank') group by line_id
    ) p on p.line_id = v.line_id
    where s.standing = 'short'
),
by_day as (
    select dispute_id, told_date, sum(allowed_cents) over until_then as allowed_cents,
           least(max(group_expected_cents) over (partition by dispute_id), sum(own_cents) over until_then) as owed_cents,
           sum(tolerance_cents) over (partition by dispute_id) as slack_cents
    from member
    window until_then as (partition by dispute_id order by told_date range unbounded preceding)
),
visit_told as (
    select dispute_id, min(told_date) as visit_told_date from by_day where allowed_cents < owed_cents - slack_cents group by dispute_id
),
anchored as (
    select s.dispute_id, w.position, w.level, w.level_number, w.fallback, w.days, w.unit, w.receipt_days, w.effective, w.until, w.submit_to, w.source,
           w.counted_from = 'decision' and s.lost_levels > 0 as answered,
           w.reopened_by = 'decision' and w.counted_from <> 'service'
               and coalesce(case when s.standing = 'taken back' then s.last_takeback_date else s.told_date end > f.first_told_date, false) as reopened,
           case when w.counted_from = 'service' then s.service_date
                -- an answer cannot come before the dispute was sent: counted from then, the window closes too early rather than too late
                when w.counted_from = 'decision' and s.lost_levels > 0 then s.answer_date
                when w.reopened_by = 'decision' then case when s.standing = 'taken back' then s.last_takeback_date else least(s.told_date, g.visit_told_date) end
                else least(coalesce(f.first_told_date, s.told_date), g.visit_told_date) end as anchor_date,
           s.answer_entered
    from life.standing s
    join level w on w.contract = s.contract and w.contract_effective = s.contract_effective and w.source_file = s.contract_file
    left join first_told f on f.dispute_id = s.dispute_id
    left join visit_told g on g.dispute_id = s.dispute_id
    where s.standing in ('short', 'taken back') and (w.fallback or w.level_number = s.lost_levels + 1)
)
select dispute_id, position, level as dispute_level, fallback, days, unit, receipt_days, anchor_date, reopened as window_reopened, submit_to,
       concat(source, case when answered and not answer_entered then ' (the day of the answer was not entered: counted from the day it was sent)' end) as window_source
from anchored
where anchor_date is not null and anchor_date >= coalesce(effective, anchor_date) and anchor_date <= coalesce(until, anchor_date)
order by dispute_id, position
