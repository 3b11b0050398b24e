-- grain: one row a dispute whose window closed before it was sent. key: dispute_id. inputs: out.dispute
select dispute_id, status, payer, plan, contract, patient_account, payer_claim_number, service_date, remittance_date, trace_number, procedure_code, modifiers,
       units, charge_amount, allowed_amount, expected_amount, shortfall_amount, judged_with, paid_amount, cause, cause_evidence, rivals, dispute_level,
       dispute_by, days_left, window_source, project, source_file, source_segment, assignee, note, decision_date, alarm, version
from out.dispute where status = 'expired'
order by dispute_by desc, shortfall_amount desc, dispute_id
