-- grain: one row a payer and cause: what became of all disputes ever published. key: payer, cause. inputs: out.life
-- invalid_share: of the disputes found, those where our data was wrong: the measured rate of false accusations.
select payer, cause, count(*) as found_count, sum(first_shortfall_amount)::decimal(18,2) as found_amount,
       count(*) filter (where sent_date is not null or status = 'sent') as sent_count,
       count(*) filter (where status = 'won') as won_count, count(*) filter (where status = 'partly won') as partly_won_count,
       count(*) filter (where status = 'lost') as lost_count, count(*) filter (where status = 'invalid') as invalid_count,
       count(*) filter (where status = 'written off') as written_off_count, count(*) filter (where status = 'expired') as expired_count,
       count(*) filter (where is_open) as open_count, sum(recovered_amount)::decimal(18,2) as recovered_amount,
       sum(takeback_amount)::decimal(18,2) as takeback_amount,
       -- in ten thousandths, rounded half up, without a binary fraction between
       ((count(*) filter (where status = 'invalid') * 20000 + count(*)) // (2 * count(*)) * 0.0001::decimal(5,4))::decimal(9,4) as invalid_share
from out.life
group by payer, cause
order by payer, cause
