-- grain: one row a patient-day and timed procedure of the encounters: units by the minutes and units billed. inputs: core.encounter_unit
select patient_account, service_date, payer, contract, procedure_code, minutes, day_minutes, billed_units, eight_minute_units, midpoint_units,
       units_rule, standing, unit_difference, reason, unproven, source_file, row_number, file_hash
from core.encounter_unit
order by service_date, patient_account, procedure_code
