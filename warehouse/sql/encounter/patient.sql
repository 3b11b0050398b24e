-- grain: one row an account on a remittance: who it belongs to. key: patient_account. inputs: core.claim
-- An account that is known under several member numbers is one patient: the first in order, of primary decisions where there are any.
select patient_account, coalesce(min(patient_key) filter (where payer_rank = 1), min(patient_key)) as patient
from core.claim where patient_account is not null
group by patient_account
order by patient_account
