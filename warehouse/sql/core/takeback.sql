-- grain: one row a claim (thread) from which money was taken back outside its decisions. key: thread. inputs: core.provider_adjustment
-- What recovers less than it seems: to be taken off what a dispute counts as recovered. A recovery put off (negative) and taken later
-- (positive) nets to nothing beyond the reversal that it belongs to. Re-sent payments count once.
select thread, sum(adjustment_amount)::decimal(18,2) as takeback_amount, count(*) as takeback_count,
       min(remittance_date) as first_takeback_date, max(remittance_date) as last_takeback_date
from core.provider_adjustment
where adjustment_class = 'takeback' and thread is not null and not resent
group by thread
order by thread
