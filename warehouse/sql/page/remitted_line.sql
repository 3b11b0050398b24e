-- grain: one row a line of a remittance that stands for the accounts of a patient's day. inputs: core.verdict, core.encounter, core.billed_unit
with account as (
    select patient_account from core.encounter where patient = $patient and service_date = $service_date
    union
    select unnest(string_split(patient_accounts, ', ')) from core.billed_unit where patient = $patient and service_date = $service_date
)
select v.source_file, v.source_segment, v.verdict, v.file_hash, v.claim, v.line
from core.verdict v
semi join account using (patient_account)
where v.service_date = $service_date and v.verdict not in ('REVERSED', 'SUPERSEDED')
order by v.file_hash, v.claim, v.line
