-- grain: one row a dispute and a level of its contract that may be the one to use. key: dispute_id, position.
-- inputs: life.standing, life.line, terms.dispute_window, core.comparable_line, core.adjudication
-- Which level comes next, and the day it is counted from; the last day is reckoned from that (contracts.last_day). A window is counted from
-- the first decision that was short on the line, unless the terms say that a later one reopens it. What was decided of other claims of the
-- same visit, whose disputes this one has taken over, tells nothing of it.
with level as (
    select *, case when not fallback then dense_rank() over (partition by contract, contract_effective, source_file, fallback order by first_position) end as level_number
    from (select *, min(position) over (partition by contract, contract_effective, source_file, level) as first_position from terms.dispute_window)
),
first_told as (
    select s.dispute_id, min(j.first_remittance_date) as first_told_date
    from life.standing s
    join life.line l on l.dispute_id = s.dispute_id and l.thread = s.thread
    join core.comparable_line k on k.line_id = l.line_id
    join core.adjudication j on j.file_hash = l.file_hash and j.claim = l.claim
    where k.allowed_by_payment_amount > 0 and (s.judged_allowed_amount is not null or k.allowed_by_payment_amount < s.expected_amount)
    group by s.dispute_id
),
anchored as (
    select s.dispute_id, w.position, w.level, w.level_number, w.fallback, w.days, w.unit, w.receipt_days, w.effective, w.until, w.submit_to, w.source,
           w.counted_from = 'decision' and s.lost_levels > 0 as answered,
           w.reopened_by = 'decision' and w.counted_from <> 'service'
               and coalesce(case when s.standing = 'taken back' then s.last_takeback_date else s.told_date end > f.first_told_date, false) as reopened,
           case when w.counted_from = 'service' then s.service_date
                when w.counted_from = 'decision' and s.lost_levels > 0 then s.answer_date
                when w.reopened_by = 'decision' then case when s.standing = 'taken back' then s.last_takeback_date else s.told_date end
                else coalesce(f.first_told_date, s.told_date) end as anchor_date,
           s.answer_entered
    from life.standing s
    join level w on w.contract = s.contract and w.contract_effective = s.contract_effective and w.source_file = s.contract_file
    left join first_told f on f.dispute_id = s.dispute_id
    where s.standing in ('short', 'taken back') and (w.fallback or w.level_number = s.lost_levels + 1)
)
select dispute_id, position, level as dispute_level, fallback, days, unit, receipt_days, anchor_date, reopened as window_reopened, submit_to,
       concat(source, case when answered and not answer_entered then ' (the day of the answer was not entered: counted from the day it was sent)' end) as window_source
from anchored
where anchor_date is not null and anchor_date >= coalesce(effective, anchor_date) and anchor_date <= coalesce(until, anchor_date)
order by dispute_id, position
