-- grain: one row a line that could not be judged. key: file_hash, claim, line. inputs: core.verdict. What is missing, and for how much.
select verdict, reason, source_file, patient_account, payer_claim_number, line_control_number, service_date, procedure_code,
       charge_amount, paid_amount, source_segment, file_hash, claim, line
from core.verdict
where verdict in ('NOT_COMPARABLE', 'NO_CONTRACT', 'AMBIGUOUS_CONTRACT', 'NO_RATE', 'AMBIGUOUS_LOCALITY', 'PENDING')
order by verdict, reason, source_file, source_segment
