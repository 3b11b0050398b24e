-- grain: one row a line short of what is owed. key: dispute_id. inputs: core.verdict, core.claim, core.deadline
-- The id follows the claim's thread and the line, so a re-run or a re-load gives the same one.
select concat('D-', upper(substr(sha256(concat_ws('|', v.thread, v.line_control_number, v.service_date, v.procedure_code,
               row_number() over (partition by v.thread, v.line_control_number, v.service_date, v.procedure_code order by v.file_hash, v.claim, v.line))), 1, 10))) as dispute_id,
       case when d.dispute_by < $as_of then 'expired' else 'new' end as status,
       v.payer, v.plan, v.contract, v.patient_account, v.payer_claim_number, v.service_date, c.remittance_date, c.trace_number,
       v.procedure_code, v.modifiers, v.units, v.charge_amount, v.allowed_amount, v.expected_amount, v.shortfall_amount, v.paid_amount,
       v.cause, concat_ws('; ', coalesce(v.cause_evidence, concat('no mistake that we know of reproduces ', v.allowed_amount)), v.reason) as cause_evidence, v.rivals,
       d.level as dispute_level, d.dispute_by, date_diff('day', $as_of, d.dispute_by)::integer as days_left, d.window_source,
       concat('P-', upper(substr(sha256(concat_ws('|', v.payer, v.contract, v.cause, v.rate_row)), 1, 10))) as project,
       v.source_file, v.source_segment, d.submit_to, v.contract_file, v.rate_row, v.file_hash, v.claim, v.line, v.line_id
from core.verdict v
join core.claim c on c.file_hash = v.file_hash and c.claim = v.claim
left join core.deadline d on d.line_id = v.line_id
where v.verdict = 'UNDERPAID'
order by d.dispute_by nulls last, v.shortfall_amount desc, dispute_id
