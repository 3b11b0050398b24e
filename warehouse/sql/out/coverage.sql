-- grain: one row a verdict. key: verdict. inputs: core.verdict. Every line and every dollar stands under one verdict.
select verdict, count(*) as line_count, sum(charge_amount)::decimal(18,2) as charge_amount, sum(paid_amount)::decimal(18,2) as paid_amount,
       coalesce(sum(shortfall_amount), 0)::decimal(18,2) as shortfall_amount
from core.verdict group by verdict order by line_count desc, verdict
