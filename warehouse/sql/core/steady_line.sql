-- grain: one row a line short by no more than the tolerance that is short as many others are. key: line_id.
-- inputs: core.verdict, core.cause, core.adjudication
-- At least twenty lines (some payers take bulk requests from twenty claims with one issue) of one payer, contract and rate row, either all
-- reproduced by one cause, or, without one, all short by the same cents a unit, at least half of what the row priced, and none of its lines
-- allowed more than was owed.
with caused as (
    select line_id, arg_min(cause, cause_rank) as cause, arg_min(cause_evidence, cause_rank) as cause_evidence
    from core.cause where borne_out group by line_id
),
small as (
    select v.line_id, v.payer, v.contract, v.contract_effective, v.contract_file, v.rate_row, v.service_date,
           (v.expected_amount - v.allowed_amount)::decimal(18,2) as shortfall_amount,
           coalesce(c.cause, 'unexplained') as cause, c.cause_evidence,
           case when c.cause is null then (v.expected_amount - v.allowed_amount)::decimal(18,2) * 1000 / v.units end as unit_difference
    from core.verdict v
    left join caused c on c.line_id = v.line_id
    where v.verdict = 'PAID_AS_EXPECTED' and v.judged_group is null and v.allowed_amount < v.expected_amount and v.units > 0 and v.rate_row is not null
),
priced_row as (
    select payer, contract, rate_row, count(*) as row_lines, count(*) filter (where allowed_amount > expected_amount) as over_lines
    from core.verdict where shortfall_amount is not null and rate_row is not null group by all
)
select s.*, j.first_remittance_date as told_date
from small s
join priced_row r on r.payer = s.payer and r.contract = s.contract and r.rate_row = s.rate_row
join core.verdict v on v.line_id = s.line_id
join core.adjudication j on j.file_hash = v.file_hash and j.claim = v.claim
window alike as (partition by s.payer, s.contract, s.rate_row, s.cause, s.unit_difference)
qualify count(*) over alike >= 20 and (s.cause <> 'unexplained' or (r.over_lines = 0 and 2 * count(*) over alike >= r.row_lines))
order by s.line_id
