-- grain: one row a payer and cause of what is short now. key: payer, cause. inputs: view.judgement
select payer, cause, count(*) as short_count, sum(shortfall_amount)::decimal(18,2) as shortfall_amount,
       (sum(shortfall_amount) / sum(sum(shortfall_amount)) over (partition by payer))::decimal(9,4) as shortfall_share,
       count(rivals) as rivalled_count, min(service_date) as first_service_date, max(service_date) as last_service_date
from view.judgement
where verdict = 'UNDERPAID'
group by payer, cause
