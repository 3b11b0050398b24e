-- grain: one row a finding on a row of an encounter file. inputs: core.encounter_finding_read, encounter_advice, core.encounter, core.encounter_flag,
-- core.line, core.claim, encounter_patient. Those of rows that a later file replaced are left out; their files are in the archive.
with decided as (
    select distinct p.patient, l.service_date
    from core.line l
    join core.claim c on c.file_hash = l.file_hash and c.claim = l.claim
    join encounter_patient p on p.patient_account = c.patient_account
),
found as (
    select f.source_file, f.row_number, f.finding_code, f.file_hash from core.encounter_finding_read f
    union
    select source_file, row_number, 'CONFLICTING_FILES', file_hash from core.encounter where conflicting
    union
    select source_file, row_number, 'REPEATED_ROW', file_hash from core.encounter where repeated and not overlapping
    union
    select source_file, row_number, 'OVERLAPPING_MINUTES', file_hash from core.encounter where overlapping
    union
    select source_file, row_number, 'CLINICIAN_OVERLAP', file_hash from core.encounter where clinician_overlapping
    union
    select d.source_file, d.row_number, 'NO_REMITTANCE', d.file_hash from core.encounter_flag d anti join decided using (patient, service_date)
)
select f.source_file, f.row_number, f.finding_code, a.message, e.patient_account, e.service_date, f.file_hash
from found f
join encounter_advice a on a.finding_code = f.finding_code
left join core.encounter e on e.file_hash = f.file_hash and e.row_number = f.row_number
order by f.source_file, f.file_hash, f.row_number, f.finding_code
