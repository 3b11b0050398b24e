-- grain: one row a patient-day and timed procedure of the encounters: its minutes, and the units that were billed. key: patient, service_date,
-- procedure_code. inputs: core.encounter, core.encounter_day, core.billed_unit
with spent as (
    select patient, service_date, procedure_code, sum(minutes)::bigint as minutes, bool_or(timing_unproven) as timing_unproven,
           min(struct_pack(f := file_hash, r := row_number)) as place, sum(charge_amount) as charge_amount
    from core.encounter where timed group by patient, service_date, procedure_code
)
select concat_ws('|', d.service_date, d.patient) as day, d.patient, d.service_date, d.patient_account, s.procedure_code, s.minutes, b.billed_units,
       b.line_id, b.refused, d.payer, d.contract, d.units_rule, d.filing_days, d.filing_unit, d.filing_anchor_date, d.day_problem, s.charge_amount,
       bool_or(s.timing_unproven) over (partition by d.patient, d.service_date) as day_unproven,
       d.source_file, s.place.f as file_hash, s.place.r as row_number
from core.encounter_day d
join spent s on s.patient = d.patient and s.service_date = d.service_date
left join core.billed_unit b on b.patient = s.patient and b.service_date = s.service_date and b.procedure_code = s.procedure_code
order by d.patient, d.service_date, s.procedure_code
