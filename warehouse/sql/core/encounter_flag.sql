-- grain: one row a patient-day with an encounter: what an auditor would look for. key: patient, service_date.
-- inputs: core.encounter, core.encounter_note, core.claim, encounter_patient, documentation_element, unspecified_diagnosis
with day as (
    select patient, service_date, min(patient_account) as patient_account,
           arg_min(source_file, (file_hash, row_number)) as source_file, min(struct_pack(f := file_hash, r := row_number)) as place,
           bool_or(has_note) as has_note, bool_and(minutes is not null) filter (where timed) as minutes_told, bool_or(timed) as timed,
           bool_or(regexp_matches(clinician, '\b(PT|DPT|PTA|OT|OTR|OTR/L|OTA|COTA|COTA/L|SLP|CCC-SLP|DC)\b')) as clinician_titled,
           min(plan_from_date) as plan_from_date, max(plan_to_date) as plan_to_date,
           bool_or(service_date < plan_from_date or service_date > plan_to_date) as plan_missed,
           bool_or(plan_from_date is not null and plan_to_date is not null and service_date between plan_from_date and plan_to_date) as plan_met,
           list_sort(list_distinct(flatten(list(string_split(diagnosis_codes, ', ')) filter (where diagnosis_codes is not null)))) as diagnoses
    from core.encounter group by patient, service_date
),
noted as (
    select e.patient, n.service_date, string_agg(n.elements_found, ', ' order by n.patient_account) as elements_found,
           max(n.similarity_percent) as similarity_percent, arg_max(n.similar_date, n.similarity_percent) as similar_date
    from core.encounter_note n
    join (select distinct patient, patient_account, service_date from core.encounter) e
      on e.patient_account = n.patient_account and e.service_date = n.service_date
    group by e.patient, n.service_date
),
medicare as (
    select distinct p.patient, l.service_date
    from core.claim c
    join encounter_patient p on p.patient_account = c.patient_account
    join core.line l on l.file_hash = c.file_hash and l.claim = c.claim
    where c.filing_indicator_code = 'MB'
)
select d.patient, d.service_date, d.patient_account, d.plan_from_date, d.plan_to_date,
       case when d.plan_met then 'IN_FORCE' when d.plan_missed then 'NOT_IN_FORCE' else 'CANNOT_TELL' end as plan_standing,
       coalesce(d.plan_met and m.patient is not null and date_diff('day', d.plan_from_date, d.plan_to_date) > $plan_days, false) as plan_too_long,
       array_to_string(list_sort(list_intersect(d.diagnoses, (select list(pattern) from unspecified_diagnosis))), ', ') as unspecified_codes,
       d.has_note,
       case when d.has_note then (
           select string_agg(e.element, ', ' order by e.position) from documentation_element e
           where not list_contains(string_split(coalesce(n.elements_found, ''), ', '), e.element)
             and not (e.element = 'timed minutes' and coalesce(d.minutes_told, not d.timed))
             and not (e.element = 'professional identification' and coalesce(d.clinician_titled, false))) end as elements_not_found,
       n.similarity_percent, n.similar_date, d.source_file, d.place.f as file_hash, d.place.r as row_number
from day d
left join noted n on n.patient = d.patient and n.service_date = d.service_date
left join medicare m on m.patient = d.patient and m.service_date = d.service_date
order by d.patient, d.service_date
