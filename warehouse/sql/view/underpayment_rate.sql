-- grain: one row a payer, contract and procedure code; no code: lines of several codes judged on their sum. key: payer, contract, procedure_code.
-- inputs: view.judgement
-- A line whose locality is not settled is called short where it is short under every candidate, and not judged where it is not: it
-- could only ever count as short, so it stands apart and in neither part of the rate.
select payer, contract, procedure_code,
       count(*) filter (where place_settled) as judged_count,
       count(*) filter (where place_settled and verdict = 'UNDERPAID') as short_count,
       (count(*) filter (where place_settled and verdict = 'UNDERPAID') / nullif(count(*) filter (where place_settled), 0))::decimal(9,4) as short_share,
       coalesce(sum(expected_amount) filter (where place_settled), 0)::decimal(18,2) as expected_amount,
       coalesce(sum(shortfall_amount) filter (where place_settled), 0)::decimal(18,2) as shortfall_amount,
       (sum(shortfall_amount) filter (where place_settled) / nullif(sum(expected_amount) filter (where place_settled), 0))::decimal(9,4) as shortfall_share,
       count(*) filter (where place_settled and verdict = 'OVERPAID') as overpaid_count,
       count(*) filter (where not place_settled and verdict = 'UNDERPAID') as unsettled_short_count,
       coalesce(sum(shortfall_amount) filter (where not place_settled), 0)::decimal(18,2) as unsettled_shortfall_amount,
       min(service_date) as first_service_date, max(service_date) as last_service_date
from view.judgement
group by payer, contract, procedure_code
