-- grain: one row a denial that stands and a clock that may run for it. key: denial_id, position.
-- inputs: core.denial, terms.dispute_window, terms.filing_limit. The last day is reckoned from that (contracts.last_day).
-- Disputes are counted from the first decision that refused the line: sending it again does not give more time. Of the levels the first is
-- shown, and what is left once it has closed; a corrected claim has the limit for filing.
with level as (
    select *, min(position) over (partition by contract, contract_effective, source_file) as first_position,
           min(position) over (partition by contract, contract_effective, source_file, level) as level_position
    from terms.dispute_window
),
clock as (
    select d.denial_id, w.position, w.level as deadline_level, w.fallback, w.days, w.unit, w.receipt_days,
           case when w.counted_from = 'service' then d.service_date else d.first_denied_date end as anchor_date,
           w.effective, w.until, w.submit_to, w.source as deadline_source
    from core.denial d
    join level w on w.contract = d.contract and w.contract_effective = d.contract_effective and w.source_file = d.contract_file
    where d.standing = 'denied' and d.route = 'dispute' and (w.fallback or w.level_position = w.first_position)
    union all by name
    select d.denial_id, 0 as position, 'corrected claim' as deadline_level, false as fallback, f.days, f.unit, 0 as receipt_days,
           case when f.counted_from = 'service' then d.service_date else d.denied_date end as anchor_date, f.submit_to, f.source as deadline_source
    from core.denial d
    join terms.filing_limit f on f.contract = d.contract and f.contract_effective = d.contract_effective and f.source_file = d.contract_file
    where d.standing = 'denied' and d.route = 'claim'
)
select * exclude (effective, until)
from clock
where anchor_date is not null and anchor_date >= coalesce(effective, anchor_date) and anchor_date <= coalesce(until, anchor_date)
order by denial_id, position
