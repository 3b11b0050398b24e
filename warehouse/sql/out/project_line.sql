-- grain: one row a line of a project. key: line_id. inputs: core.verdict, core.cause, core.deadline, out.dispute
-- Open disputes, and lines short by no more than the tolerance where they are short steadily: at least twenty lines (some payers take bulk
-- requests from twenty claims with one issue) of one payer, contract and rate row, either all reproduced by one cause, or, without one, all
-- short by the same cents a unit, at least half of what the row priced, and none of its lines allowed more than was owed.
with dispute as (
    select project, payer, plan, contract, cause, rate_row, dispute_id, patient_account, payer_claim_number, service_date, procedure_code, modifiers, units,
           allowed_amount, expected_amount, shortfall_amount, cause_evidence, dispute_by, source_file, source_segment, file_hash, claim, line, line_id
    from out.dispute where status <> 'expired'
),
caused as (
    select line_id, arg_min(cause, cause_rank) as cause, arg_min(cause_evidence, cause_rank) as cause_evidence
    from core.cause where borne_out group by line_id
),
small as (
    select v.*, v.expected_amount - v.allowed_amount as small_amount, coalesce(c.cause, 'unexplained') as small_cause, c.cause_evidence as small_evidence,
           case when c.cause is null then (v.expected_amount - v.allowed_amount)::decimal(18,2) * 1000 / v.units end as unit_difference
    from core.verdict v
    left join caused c on c.line_id = v.line_id
    where v.verdict = 'PAID_AS_EXPECTED' and v.judged_group is null and v.allowed_amount < v.expected_amount and v.units > 0 and v.rate_row is not null
),
priced_row as (
    select payer, contract, rate_row, count(*) as row_lines, count(*) filter (where allowed_amount > expected_amount) as over_lines
    from core.verdict where shortfall_amount is not null and rate_row is not null group by all
),
steady as (
    select s.*
    from small s
    join priced_row r on r.payer = s.payer and r.contract = s.contract and r.rate_row = s.rate_row
    qualify count(*) over (partition by s.payer, s.contract, s.rate_row, s.small_cause, s.unit_difference) >= 20
        and (s.small_cause <> 'unexplained'
             or (r.over_lines = 0 and 2 * count(*) over (partition by s.payer, s.contract, s.rate_row, s.small_cause, s.unit_difference) >= r.row_lines))
)
from dispute
union all
select concat('P-', upper(substr(sha256(concat_ws('|', s.payer, s.contract, s.small_cause, s.rate_row)), 1, 10))) as project, s.payer, s.plan, s.contract,
       s.small_cause, s.rate_row, null, s.patient_account, s.payer_claim_number, s.service_date, s.procedure_code, s.modifiers, s.units,
       s.allowed_amount, s.expected_amount, s.small_amount::decimal(18,2), s.small_evidence, d.dispute_by, s.source_file, s.source_segment, s.file_hash, s.claim, s.line, s.line_id
from steady s
left join core.deadline d on d.line_id = s.line_id
order by project, dispute_by nulls last, service_date, source_file, source_segment, line_id
