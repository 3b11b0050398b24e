-- grain: one row a decision on a claim and a key by which what is decided of it may depend on another. key: scope_key, file_hash, claim.
-- inputs: core.claim, core.line
-- Wider than the ledger's own keys and the patient-days: claims that share none of these are decided and priced apart from one another.
-- weak: counts only where a claim of the same key has it as a strong one (a claim without a date looks for its like).
with alias as (
    select file_hash, claim, patient_account, charge_amount, payer_claim_number, original_claim_number, payer_key, payee_key, patient_key,
           list_filter(list_distinct(patient_aliases || ['A' || patient_account]), lambda x: x is not null) as names, dates, claim_service_date
    from core.claim
),
day as (select file_hash, claim, service_date as date from core.line where service_date is not null
        union select file_hash, claim, unnest(dates) from core.claim
        union select file_hash, claim, claim_service_date from core.claim where claim_service_date is not null),
undated as (select file_hash, claim from core.claim where len(dates) = 0 or claim_service_date is null)
select hash('number', payer_claim_number) as scope_key, file_hash, claim, false as weak from alias where payer_claim_number is not null
union all
select hash('number', original_claim_number), file_hash, claim, false from alias where original_claim_number is not null
union all
select hash('unnumbered', payer_key, payee_key, patient_account), file_hash, claim, false from alias where payer_claim_number is null
union all
select hash('day', unnest(a.names), d.date), a.file_hash, a.claim, false
from alias a join day d on d.file_hash = a.file_hash and d.claim = a.claim
union all
select distinct hash('patient-day', a.patient_key, l.service_date), a.file_hash, a.claim, false
from alias a join core.line l on l.file_hash = a.file_hash and l.claim = a.claim
union all
select hash('charge', unnest(a.names), abs(a.charge_amount)), a.file_hash, a.claim, u.claim is null
from alias a left join undated u on u.file_hash = a.file_hash and u.claim = a.claim
