-- grain: one row a claim and a key that it shares with other decisions on the same services. key: ledger_key, file_hash, claim.
-- inputs: core.claim, core.line
-- A payer's claim number (or the one that REF*F8 names) with the account or the patient, and a date of service: payer and payee are written
-- in too many ways to be asked for beside it. Without the number: payee, payer, account, patient, first date and charge; this joins where one
-- side has no number or is a reversal, or where all lines are the same (number, code, date, charge) under two numbers. A claim without any
-- date takes the dates of its like.
with own as (
    select file_hash, claim, payer_claim_number as number, patient_account, patient_name_key, dates, charge_amount from core.claim
    union all
    select file_hash, claim, original_claim_number, patient_account, patient_name_key, dates, charge_amount
    from core.claim where original_claim_number is not null
),
dated as (
    select o.file_hash, o.claim, o.number, o.patient_account, o.patient_name_key, unnest(o.dates) as date
    from own o where o.number is not null and len(o.dates) > 0
),
borrowed as (
    select distinct o.file_hash, o.claim, o.number, o.patient_account, o.patient_name_key, d.date
    from own o
    join dated d on d.number = o.number and (d.patient_account = o.patient_account or d.patient_name_key = o.patient_name_key)
    where o.number is not null and len(o.dates) = 0
),
undated as (
    -- no like with a date: the number alone must do
    select o.file_hash, o.claim, o.number, o.patient_account, o.patient_name_key, null::date as date
    from own o
    where o.number is not null and len(o.dates) = 0
      and not exists (from borrowed b where b.file_hash = o.file_hash and b.claim = o.claim and b.number = o.number)
),
numbered as (from dated union all from borrowed union all from undated),
placed as (
    select c.*, coalesce(c.claim_service_date, l.claim_service_date) as first_date
    from core.claim c
    left join (
        select payee_key, payer_key, patient_account, patient_name_key, abs(charge_amount) as charge, min(claim_service_date) as claim_service_date
        from core.claim where claim_service_date is not null group by all
        having count(distinct claim_service_date) = 1
    ) l on c.claim_service_date is null and l.payee_key = c.payee_key and l.payer_key = c.payer_key and l.patient_account = c.patient_account
       and l.patient_name_key = c.patient_name_key and l.charge = abs(c.charge_amount)
),
billed as (
    select file_hash, claim, hash(payee_key, payer_key, patient_account, patient_name_key, first_date, abs(charge_amount)) as claim_hash, services,
           bool_or(payer_claim_number is null or is_reversal) over (
               partition by payee_key, payer_key, patient_account, patient_name_key, first_date, abs(charge_amount)) as loose
    from placed
)
select hash('account', number, patient_account, date) as ledger_key, file_hash, claim from numbered where patient_account is not null
union
select hash('patient', number, patient_name_key, date), file_hash, claim from numbered where patient_name_key <> ''
union
select hash('billed', claim_hash), file_hash, claim from billed where loose
union
select hash('lines', claim_hash, services), file_hash, claim from billed where services is not null
