-- grain: one row a patient-day with an encounter: flags and scores, never text. inputs: core.encounter_flag
select patient_account, service_date, plan_standing, plan_from_date, plan_to_date, nullif(unspecified_codes, '') as unspecified_codes, has_note,
       elements_not_found, similarity_percent, similar_date, source_file, row_number, file_hash
from core.encounter_flag
order by service_date, patient_account
