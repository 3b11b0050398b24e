-- grain: one row a project: disputes of one contract, procedure and cause. key: project. inputs: out.dispute
select project, min(payer) as payer, min(contract) as contract, count(*) as dispute_count, sum(shortfall_amount)::decimal(18,2) as shortfall_amount,
       min(dispute_by) filter (where days_left is not null) as first_dispute_by
from out.dispute where is_open
group by project order by first_dispute_by, project
