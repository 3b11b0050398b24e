-- grain: one row a standing row of an encounter file. key: file_hash, row_number. inputs: encounter_row (from the encounters' own database,
-- without notes), encounter_patient, terms.timed_code
with known as (
    select e.*, coalesce(p.patient, e.patient_account) as patient, p.patient is not null as account_known,
           t.procedure_code is not null as timing_known, t.unit_minutes is not null as timed, t.proof = 'unproven' as timing_unproven,
           coalesce(e.clinician_npi, upper(trim(e.clinician))) as clinician_key
    from encounter_row e
    left join encounter_patient p on p.patient_account = e.patient_account
    left join terms.timed_code t on t.procedure_code = e.procedure_code
                                and e.service_date between coalesce(t.effective, e.service_date) and coalesce(t.until, e.service_date)
),
spaced as (
    select *, start_minute < max(stop_minute) over (partition by patient, service_date order by start_minute, stop_minute, file_hash, row_number
                                                    rows between unbounded preceding and 1 preceding) as overlapping
    from known
),
shared as (
    -- one-on-one minutes of one clinician with two patients
    select distinct l.file_hash, l.row_number
    from known l
    join known o on o.clinician_key = l.clinician_key and o.service_date = l.service_date and o.patient <> l.patient
                and o.start_minute < l.stop_minute and l.start_minute < o.stop_minute
    where l.timed and o.timed and (o.start_minute, o.patient) < (l.start_minute, l.patient)
)
select k.file_hash, k.row_number, k.source_file, k.patient, k.patient_account, k.account_known, k.service_date, k.procedure_code, k.timing_known,
       k.timed, coalesce(k.timing_unproven, false) as timing_unproven, k.minutes, k.start_minute, k.stop_minute, k.region, k.clinician, k.clinician_npi,
       k.assistant, k.diagnosis_codes, k.plan_from_date, k.plan_to_date, k.modifiers, k.units as stated_units,
       (k.charge_cents * 0.01::decimal(3,2))::decimal(18,2) as charge_amount, k.has_note, k.conflicting, k.repeated,
       coalesce(k.overlapping, false) as overlapping, s.row_number is not null as clinician_overlapping
from spaced k
left join shared s on s.file_hash = k.file_hash and s.row_number = k.row_number
order by k.file_hash, k.row_number
