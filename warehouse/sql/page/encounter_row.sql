-- grain: one row a standing row of an encounter file, of a patient's day or of those asked for. inputs: core.encounter. What a note says is not here.
select concat(source_file, ' row ', row_number) as place, patient_account as account, service_date as date, procedure_code as code, minutes,
       case when start_minute is not null then concat(lpad((start_minute // 60)::varchar, 2, '0'), ':', lpad((start_minute % 60)::varchar, 2, '0'), '-',
            lpad((stop_minute // 60)::varchar, 2, '0'), ':', lpad((stop_minute % 60)::varchar, 2, '0')) end as clock,
       region, clinician, assistant, diagnosis_codes as diagnoses,
       case when plan_from_date is not null or plan_to_date is not null then concat(plan_from_date, ' to ', plan_to_date) end as plan,
       case when has_note then 'there' end as note, concat_ws(', ', case when conflicting then 'CONFLICTING_FILES' end,
           case when repeated then 'repeated' end, case when overlapping then 'overlaps' end) as flags, file_hash
from core.encounter
where (patient, service_date) in (select unnest($patients), unnest($dates))
  and ($diagnosis is null or list_contains(string_split(diagnosis_codes, ', '), $diagnosis))
order by service_date, file_hash, row_number
