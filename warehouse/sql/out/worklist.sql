-- grain: one row an open dispute, first to expire first; those that were sent wait below. key: dispute_id. inputs: out.dispute
select dispute_id, status, payer, plan, contract, patient_account, payer_claim_number, service_date, remittance_date, trace_number, procedure_code, modifiers,
       units, charge_amount, allowed_amount, expected_amount, shortfall_amount, judged_with, paid_amount, cause, cause_evidence, rivals, dispute_level,
       dispute_by, days_left, window_source, project, source_file, source_segment, assignee, note, decision_date, alarm, version
from out.dispute where is_open
order by case when status <> 'sent' then dispute_by end nulls last, shortfall_amount desc, dispute_id
