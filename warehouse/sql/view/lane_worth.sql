-- grain: one row a lane beside the disputes: how many rows wait, and what they come to. key: lane. inputs: out.denial, out.under_billed,
-- out.threshold, out.modifier, out.compliance, out.deadline
-- None of it is an underpayment, and the lanes are not added up: a denial for want of KX stands under denials and under thresholds.
with waiting as (
    select 1 as place, 'denials' as lane, 'to be had' as sense, recoverable_amount as amount, deadline_date from out.denial where status = 'open'
    union all
    select 2, 'units not billed', 'to be had', unbilled_amount, file_by from out.under_billed where coalesce(days_left >= 0, true)
    union all
    select 3, 'thresholds', 'at risk', nullif(without_kx_amount, 0), null from out.threshold where threshold_status not in ('below', 'above, KX billed')
    union all
    select 4, 'modifiers', 'to look at', null, null from out.modifier where finding_code <> 'MIXED_DAY'
    union all
    select 5, 'compliance', 'at risk', risk_amount, null from out.compliance
    union all
    select 6, 'letters', 'at stake', amount, deadline_date from out.deadline where about = 'letter'
)
select lane, any_value(sense) as sense, count(*) as row_count, count(amount) as priced_count, sum(amount)::decimal(18,2) as amount,
       min(deadline_date) as first_deadline_date
from waiting
group by lane
order by min(place)
