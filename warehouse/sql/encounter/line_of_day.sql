-- grain: one row a line of a patient-day whose units differ. key: line_id. inputs: core.encounter_unit, core.line, core.claim, encounter_patient
select distinct l.line_id, u.patient
from core.encounter_unit u
join core.line l on l.service_date = u.service_date
join core.claim c on c.file_hash = l.file_hash and c.claim = l.claim
join encounter_patient p on p.patient_account = c.patient_account and p.patient = u.patient
where u.standing in ('UNDER_BILLED', 'NOT_ON_REMITTANCE', 'OVER_BILLED')
