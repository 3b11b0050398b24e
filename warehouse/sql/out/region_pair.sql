-- grain: one row a patient-day with manipulation and manual therapy. inputs: core.region_pair
select patient_account, service_date, manipulation_code, manual_code, manipulation_region, manual_region, standing, distinct_modifiers,
       standing = 'SEPARATE' as supports_modifier, refused as manual_refused, source_file, row_number, file_hash
from core.region_pair
order by service_date, patient_account
