-- grain: one row a patient-day of which units were not billed, first to be filed first. key: under_billed_id.
-- inputs: core.encounter_unit, core.encounter_price
-- No payer owes this: it takes a corrected claim, within the time for filing, and a record that bears the units out.
with day as (
    select patient, service_date, min(patient_account) as patient_account, min(payer) as payer, min(contract) as contract,
           string_agg(concat(procedure_code, ': ', coalesce(billed_units, 0), ' to ', coalesce(billed_units, 0) + unit_difference), ', ' order by procedure_code)
               as units_by_code,
           sum(unit_difference)::integer as unbilled_units, bool_or(standing = 'NOT_ON_REMITTANCE') as absent, min(reason) as reason,
           min(unproven) as unproven, min(file_by) as file_by,
           arg_min(source_file, (file_hash, row_number)) as source_file, arg_min(row_number, (file_hash, row_number)) as row_number, min(file_hash) as file_hash
    from core.encounter_unit where standing in ('UNDER_BILLED', 'NOT_ON_REMITTANCE')
    group by patient, service_date
)
select concat('U-', upper(substr(sha256(concat_ws('|', d.patient_account, d.service_date)), 1, 10))) as under_billed_id,
       d.patient_account, d.service_date, d.payer, d.contract, case when d.absent then 'NOT_ON_REMITTANCE' else 'UNDER_BILLED' end as standing,
       d.units_by_code, d.unbilled_units, ((p.by_minutes_cents - p.billed_cents) * 0.01::decimal(3,2))::decimal(18,2) as unbilled_amount, p.price_problem,
       d.file_by,
       date_diff('day', $as_of, d.file_by)::integer as days_left,
       case when d.file_by is null then 'the contract does not say how long a corrected claim is taken ([filing])'
            when d.file_by < $as_of then 'too late for a corrected claim'
            when d.absent then 'see whether the code waits on another claim; if not, send a corrected claim'
            else 'send a corrected claim, if the record bears the units out' end as advice,
       d.reason, d.unproven, d.source_file, d.row_number, d.file_hash
from day d
left join core.encounter_price p on p.patient = d.patient and p.service_date = d.service_date
order by coalesce(d.file_by < $as_of, false), d.file_by nulls last, unbilled_amount desc nulls last, d.patient_account, d.service_date
