-- grain: one row a line of a project. key: line_id. inputs: out.dispute, core.steady_line, life.steady_window, core.verdict
-- Open disputes, and lines that are short steadily though within the tolerance, while their window is open and at least twenty are left.
with small as (
    select s.*, w.dispute_by
    from core.steady_line s
    left join life.steady_window w on w.line_id = s.line_id
    where coalesce(w.dispute_by >= $as_of, true)
    qualify count(*) over (partition by s.payer, s.contract, s.rate_row, s.cause, s.unit_difference) >= 20
)
select project, payer, plan, contract, cause, rate_row, dispute_id, patient_account, payer_claim_number, service_date, procedure_code, modifiers, units,
       allowed_amount, expected_amount, shortfall_amount, cause_evidence, dispute_by, source_file, source_segment, file_hash, claim, line, line_id
from out.dispute where is_open
union all
select concat('P-', upper(substr(sha256(concat_ws('|', s.payer, s.contract, s.cause, s.rate_row)), 1, 10))) as project, s.payer, v.plan, s.contract,
       s.cause, s.rate_row, null, v.patient_account, v.payer_claim_number, v.service_date, v.procedure_code, v.modifiers, v.units,
       v.allowed_amount, v.expected_amount, s.shortfall_amount, s.cause_evidence, s.dispute_by, v.source_file, v.source_segment, v.file_hash, v.claim, v.line, v.line_id
from small s
join core.verdict v on v.line_id = s.line_id
order by project, dispute_by nulls last, service_date, source_file, source_segment, line_id
