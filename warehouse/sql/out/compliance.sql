-- grain: one row a thing that an auditor would ask about. key: risk_id. inputs: core.encounter_unit, core.encounter_price, core.region_pair, core.encounter_flag,
-- core.encounter, risk_rule. Risk, never an underpayment, and no verdict: each names its rule and what was seen.
-- `about` is what the row keeps its name by: patient and day, but for a diagnosis that goes on, and rows that overlap.
with over_billed as (
    select 'OVER_BILLED_UNITS' as risk_code, u.patient_account, u.service_date, u.payer,
           string_agg(u.procedure_code, ', ' order by u.procedure_code) as procedure_codes,
           string_agg(concat(u.procedure_code, ': billed ', u.billed_units, ', by the minutes ', u.billed_units + u.unit_difference), '; ' order by u.procedure_code) as detail,
           any_value((greatest(p.billed_cents - p.by_minutes_cents, 0) * 0.01::decimal(3,2))::decimal(18,2)) as risk_amount,
           arg_min(u.source_file, (u.file_hash, u.row_number)) as source_file, arg_min(u.row_number, (u.file_hash, u.row_number)) as row_number,
           min(u.file_hash) as file_hash, concat_ws('|', u.patient_account, u.service_date) as about
    from core.encounter_unit u
    left join core.encounter_price p on p.patient = u.patient and p.service_date = u.service_date
    where u.standing = 'OVER_BILLED'
    group by u.patient, u.patient_account, u.service_date, u.payer
),
shifted as (
    select 'UNITS_SHIFTED' as risk_code, patient_account, service_date, payer, string_agg(procedure_code, ', ' order by procedure_code) as procedure_codes,
           string_agg(concat(procedure_code, ': billed ', coalesce(billed_units, 0), ', by the minutes ', coalesce(billed_units, 0) + unit_difference), '; '
                      order by procedure_code) as detail,
           null::decimal(18,2) as risk_amount, arg_min(source_file, (file_hash, row_number)) as source_file,
           arg_min(row_number, (file_hash, row_number)) as row_number, min(file_hash) as file_hash,
           concat_ws('|', patient_account, service_date) as about
    from core.encounter_unit where standing = 'SHIFTED'
    group by patient, patient_account, service_date, payer
),
region as (
    select 'MANUAL_THERAPY_REGION' as risk_code, patient_account, service_date, null as payer, concat(manipulation_code, ', ', manual_code) as procedure_codes,
           concat(lower(standing), ' region: manipulation ', manipulation_region, ', manual therapy ', manual_region,
                  case when distinct_modifiers <> '' then concat('; billed with ', distinct_modifiers) end) as detail,
           null::decimal(18,2) as risk_amount, source_file, row_number, file_hash,
           concat_ws('|', patient_account, service_date) as about
    from core.region_pair where standing in ('SAME', 'CONTIGUOUS')
),
plan as (
    select case when plan_standing = 'NOT_IN_FORCE' then 'PLAN_NOT_IN_FORCE' else 'PLAN_OVER_90_DAYS' end as risk_code, patient_account, service_date,
           null as payer, null as procedure_codes,
           concat('plan of care ', coalesce(plan_from_date::varchar, '(no first day)'), ' to ', coalesce(plan_to_date::varchar, '(no last day)')) as detail,
           null::decimal(18,2) as risk_amount, source_file, row_number, file_hash,
           concat_ws('|', patient_account, service_date) as about
    from core.encounter_flag where plan_standing = 'NOT_IN_FORCE' or plan_too_long
),
diagnosed as (
    select patient, patient_account, service_date, source_file, row_number, file_hash, unnest(string_split(unspecified_codes, ', ')) as code
    from core.encounter_flag where unspecified_codes <> ''
),
unspecified as (
    select 'UNSPECIFIED_DIAGNOSIS' as risk_code, arg_max(patient_account, (service_date, patient_account)) as patient_account, max(service_date) as service_date,
           null as payer, null as procedure_codes,
           concat(code, ' on ', count(distinct service_date), ' visits from ', min(service_date), ' to ', max(service_date)) as detail,
           null::decimal(18,2) as risk_amount, arg_max(source_file, (service_date, file_hash, row_number)) as source_file,
           arg_max(row_number, (service_date, file_hash, row_number)) as row_number, arg_max(file_hash, (service_date, file_hash, row_number)) as file_hash,
           concat_ws('|', patient, code) as about
    from diagnosed group by patient, code having count(distinct service_date) >= $unspecified_visits
),
documentation as (
    select 'DOCUMENTATION_NOT_FOUND' as risk_code, patient_account, service_date, null as payer, null as procedure_codes,
           concat('not found in the note: ', elements_not_found) as detail, null::decimal(18,2) as risk_amount, source_file, row_number, file_hash,
           concat_ws('|', patient_account, service_date) as about
    from core.encounter_flag where elements_not_found is not null
),
alike as (
    select 'NEAR_IDENTICAL_NOTES' as risk_code, patient_account, service_date, null as payer, null as procedure_codes,
           concat(similarity_percent, ' % like the note of ', similar_date) as detail, null::decimal(18,2) as risk_amount, source_file, row_number, file_hash,
           concat_ws('|', patient_account, service_date) as about
    from core.encounter_flag where similarity_percent >= $alike
),
shared as (
    select 'CLINICIAN_OVERLAP' as risk_code, patient_account, service_date, null as payer, procedure_code as procedure_codes,
           'the minutes begin before those of another patient have ended' as detail, null::decimal(18,2) as risk_amount, source_file, row_number, file_hash,
           concat_ws('|', patient_account, service_date, procedure_code, start_minute, row_number() over (
               partition by patient_account, service_date, procedure_code, start_minute order by file_hash, row_number)) as about
    from core.encounter where clinician_overlapping
),
told as (
    from over_billed union all by name from shifted union all by name from region union all by name from plan union all by name from unspecified
    union all by name from documentation union all by name from alike union all by name from shared
)
select concat('R-', upper(substr(sha256(concat_ws('|', t.risk_code, t.about)), 1, 10))) as risk_id,
       t.risk_code, t.patient_account, t.service_date, t.payer, t.procedure_codes, t.detail, t.risk_amount, r.rule, r.source, t.source_file, t.row_number, t.file_hash
from told t
join risk_rule r on r.risk_code = t.risk_code
order by t.risk_amount desc nulls last, t.risk_code, t.service_date, t.patient_account, t.file_hash, t.row_number
