-- grain: one row a patient-day with manipulation (98940-98942) and manual therapy (97140). key: patient, service_date.
-- inputs: core.encounter, core.billed_unit, contiguous_region
with day as (
    select patient, service_date, min(patient_account) as patient_account,
           string_agg(distinct procedure_code, ', ' order by procedure_code) filter (where procedure_code <> '97140') as manipulation_code,
           string_agg(distinct region, ', ' order by region) filter (where procedure_code <> '97140') as manipulation_region,
           string_agg(distinct region, ', ' order by region) filter (where procedure_code = '97140') as manual_region,
           bool_or(region is null) as region_missing, bool_or(conflicting) as conflicting,
           arg_min(source_file, (file_hash, row_number)) filter (where procedure_code = '97140') as source_file,
           min(struct_pack(f := file_hash, r := row_number)) filter (where procedure_code = '97140') as place
    from core.encounter where procedure_code in ('97140', '98940', '98941', '98942')
    group by patient, service_date
    having bool_or(procedure_code = '97140') and bool_or(procedure_code <> '97140')
),
region as (
    select distinct patient, service_date, procedure_code = '97140' as manual, unnest(string_split(region, ', ')) as region
    from core.encounter where procedure_code in ('97140', '98940', '98941', '98942') and region is not null
),
met as (
    select m.patient, m.service_date, bool_or(m.region = o.region) as same, coalesce(bool_or(k.standing = 'contiguous'), false) as contiguous,
           coalesce(bool_or(k.standing = 'unknown'), false) as unsettled
    from region m
    join region o on o.patient = m.patient and o.service_date = m.service_date and m.manual and not o.manual
    left join contiguous_region k on (k.region = m.region and k.other = o.region) or (k.region = o.region and k.other = m.region)
    group by m.patient, m.service_date
)
select d.patient, d.service_date, d.patient_account, d.manipulation_code, '97140' as manual_code, d.manipulation_region, d.manual_region,
       case when d.conflicting then 'CANNOT_TELL'
            when m.same then 'SAME' when m.contiguous then 'CONTIGUOUS'
            when d.region_missing or coalesce(m.unsettled, true) then 'CANNOT_TELL' else 'SEPARATE' end as standing,
       array_to_string(list_intersect(b.modifier_list, ['59', 'XE', 'XP', 'XS', 'XU']), ':') as distinct_modifiers, b.refused,
       d.source_file, d.place.f as file_hash, d.place.r as row_number
from day d
left join met m on m.patient = d.patient and m.service_date = d.service_date
left join core.billed_unit b on b.patient = d.patient and b.service_date = d.service_date and b.procedure_code = '97140'
order by d.patient, d.service_date
