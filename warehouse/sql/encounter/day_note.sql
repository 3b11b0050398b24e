-- grain: one row a patient-day with a note: all its notes, each once. key: patient_account, service_date. inputs: standing
create or replace table day_note as
with once as (
    select patient_account, service_date, note, min(row_number) as place from standing where note is not null group by all
)
select patient_account, service_date, string_agg(note, chr(10) order by place, note) as text,
       sha256(string_agg(note, chr(10) order by place, note)) as note_hash
from once group by patient_account, service_date
