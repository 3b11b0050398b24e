-- grain: one row a decision on a claim and a key by which what is decided of it may depend on another. key: scope_key, file_hash, claim.
-- inputs: core.claim, core.line
-- Wider than the ledger's own keys (core.claim_key), than the names of threads and than patient-days: claims that share none of these are
-- decided and priced apart from one another. Payer and payee are left out, since each is known under several names.
-- weak: counts only where a claim of the same key has it as a strong one (a claim without a date looks for its like).
with claim as (
    select file_hash, claim, payer_claim_number, original_claim_number, patient_account, payer_key, payee_key, patient_key, claim_service_date as date,
           abs(charge_amount) as charge, list_filter(patient_aliases, lambda x: starts_with(x, 'I')) as members, list_filter(patient_aliases, lambda x: starts_with(x, 'N')) as names
    from core.claim
),
day as (
    -- whoever may be one person on one day (core.day_patient, core.doubtful_line)
    select distinct c.* exclude (names), l.service_date, unnest(if(len(c.names) = 0, [null], c.names)) as name, split_part(c.members[1], '|', 1) as number
    from claim c
    join core.line l on l.file_hash = c.file_hash and l.claim = c.claim
),
undated as (select distinct file_hash, claim from core.line where date_problem is not null)
select hash('number', payer_claim_number) as scope_key, file_hash, claim, false as weak from claim where payer_claim_number is not null
union
select hash('number', original_claim_number), file_hash, claim, false from claim where original_claim_number is not null
union
select hash('unnumbered', payer_key, payee_key, patient_account), file_hash, claim, false from claim where payer_claim_number is null
union
select hash('billed by account', patient_account, charge, date), file_hash, claim, false from claim where patient_account is not null
union
select hash('billed by member', unnest(members), charge, date), file_hash, claim, false from claim
union
select hash('like', patient_account, charge), file_hash, claim, date is not null from claim where patient_account is not null
union
select hash('patient-day', patient_key, service_date), file_hash, claim, false from day
union
select hash('account-day', patient_account, service_date), file_hash, claim, false from day where patient_account is not null
union
select hash('member-day', split_part(unnest(members), '|', 1), service_date), file_hash, claim, false from day
union
-- of one name, and of two numbers one begins with the other
select hash('name-day', name, left(number, 7), service_date), file_hash, claim, false from day where name is not null and length(number) > 6
union
select hash('name-day', name, service_date), file_hash, claim, number is not null from day where name is not null
union
-- a line that may be of several days looks for the patient's others
select hash('patient', c.patient_key), c.file_hash, c.claim, u.claim is null
from claim c left join undated u on u.file_hash = c.file_hash and u.claim = c.claim
union
select hash('account', c.patient_account), c.file_hash, c.claim, u.claim is null
from claim c left join undated u on u.file_hash = c.file_hash and u.claim = c.claim
where c.patient_account is not null
