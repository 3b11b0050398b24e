-- grain: one row a payer, contract, site with its locality and setting, and procedure code. key: all of them. inputs: view.judgement
-- What a site is allowed for a code against what it is owed there. Lines of several codes judged on their sum, and lines without a settled place, are not in it.
select payer, contract, site, locality, setting, procedure_code, count(*) as judged_count, sum(units)::decimal(18,3) as units,
       sum(allowed_amount)::decimal(18,2) as allowed_amount, sum(expected_amount)::decimal(18,2) as expected_amount,
       (sum(allowed_amount) / nullif(sum(expected_amount), 0))::decimal(9,4) as allowed_share,
       count(*) filter (where verdict = 'UNDERPAID') as short_count, sum(shortfall_amount)::decimal(18,2) as shortfall_amount,
       count(*) filter (where verdict = 'OVERPAID') as overpaid_count
from view.judgement
where place_settled and procedure_code is not null
group by payer, contract, site, locality, setting, procedure_code
