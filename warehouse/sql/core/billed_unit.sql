-- grain: one row a patient, day and procedure that stands billed to a primary payer, for days with an encounter. key: patient, service_date,
-- procedure_code. inputs: core.comparable_line, core.claim, core.expected_line, core.encounter, encounter_patient
-- Units are those billed, whatever was paid: what the practice asked for is held against what its minutes make.
with day as (select distinct patient, service_date from core.encounter),
line as (
    select d.patient, d.service_date, c.patient_account, upper(trim(coalesce(l.billed_procedure_code, l.procedure_code))) as procedure_code,
           l.asked_units as units, coalesce(l.billed_modifiers, l.modifiers, '') as modifiers, l.line_id, l.line, l.lane, l.state,
           c.filing_indicator_code, c.remittance_date, e.contract, e.contract_file, e.contract_effective, e.payer,
           case when l.lane = 'PENDING' or l.state = 'IN_DOUBT' then 'a decision of the day is taken back or in doubt, and its correction has not come'
                when l.line = 0 then 'a claim of the day came back without lines'
                when l.split or l.unbundled or l.units_unclear then 'a line of the day came back in parts'
                when l.billed_procedure_code <> l.procedure_code then 'the payer changed a code of the day'
                when l.date_problem is not null then 'a line has no certain date of service'
                when l.asked_units % 1 <> 0 then 'units of a line are no whole number' end as problem
    from core.comparable_line l
    join core.claim c on c.file_hash = l.file_hash and c.claim = l.claim
    join encounter_patient p on p.patient_account = c.patient_account
    join day d on d.patient = p.patient and d.service_date = l.service_date
    left join core.expected_line e on e.line_id = l.line_id
    where l.state in ('SURVIVING', 'PENDING', 'IN_DOUBT') and coalesce(l.lane not in ('REVERSED', 'SUPERSEDED', 'SECONDARY', 'PREDETERMINATION'), true)
)
select patient, service_date, procedure_code, sum(units)::bigint as billed_units, count(*) as line_count, min(line_id) as line_id,
       string_agg(distinct patient_account, ', ' order by patient_account) as patient_accounts,
       list_sort(list_distinct(flatten(list(string_split(modifiers, ':'))))) as modifier_list,
       bool_or(lane is not distinct from 'DENIED' or lane is not distinct from 'BUNDLED') as refused, min(problem) as problem,
       min(contract) as contract, max(contract) as other_contract, min(contract_file) as contract_file, min(contract_effective) as contract_effective,
       min(payer) as payer, min(filing_indicator_code) as filing_indicator_code, min(remittance_date) as remittance_date
from line
group by patient, service_date, procedure_code
order by patient, service_date, procedure_code
