-- grain: one row a week, from Monday, and payer with windows that close in it. key: week_date, payer. inputs: out.dispute
-- Open disputes that can still expire: those that were sent no longer do.
select date_trunc('week', dispute_by)::date as week_date, payer, count(*) as dispute_count, count(*) filter (where status = 'new') as new_count,
       sum(shortfall_amount)::decimal(18,2) as shortfall_amount, max(shortfall_amount)::decimal(18,2) as largest_shortfall_amount, min(dispute_by) as first_dispute_by
from out.dispute
where is_open and days_left is not null
group by week_date, payer
