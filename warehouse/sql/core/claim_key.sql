-- grain: one row a claim and a key that it shares with other decisions on the same services. key: ledger_key, file_hash, claim.
-- inputs: core.claim, core.line
-- A payer's claim number (or the one that REF*F8 names) with the account or the patient, and a date of service: payer and payee are written
-- in too many ways to be asked for beside it. Without the number: payer (by any of its names), account, patient, first date and charge; this
-- joins where one side has no number or is a reversal, or where all lines are the same (line number, code, date, charge) under two numbers,
-- and not of different plans of care (GP, GO, GN): these are two services, however much alike.
-- A claim without any date takes the dates of its like.
with own as (
    select file_hash, claim, payer_claim_number as number, patient_account, patient_aliases, dates from core.claim where payer_claim_number is not null
    union all
    select file_hash, claim, original_claim_number, patient_account, patient_aliases, dates from core.claim where original_claim_number is not null
),
dated as (select * exclude (dates), unnest(dates) as date from own where len(dates) > 0),
lender as (
    -- what more than 100 accounts, patients and dates go by is no claim's number
    from (select distinct number, patient_account, patient_aliases, date from dated) qualify count(*) over (partition by number) <= 100
),
borrowed as (
    select distinct o.* exclude (dates), d.date
    from own o
    join lender d on d.number = o.number and (d.patient_account = o.patient_account or list_has_any(d.patient_aliases, o.patient_aliases))
    where len(o.dates) = 0
),
undated as (
    -- no like with a date: the number alone must do
    select o.* exclude (dates), null::date as date
    from own o
    where len(o.dates) = 0 and not exists (from borrowed b where b.file_hash = o.file_hash and b.claim = o.claim and b.number = o.number)
),
numbered as (from dated union all from borrowed union all from undated),
like_dated as (
    select payer_key, patient_account, abs(charge_amount) as charge, min(claim_service_date) as date
    from core.claim where claim_service_date is not null group by all
    having count(distinct claim_service_date) = 1
),
by_payer as (
    select c.file_hash, c.claim, c.patient_account, coalesce(c.claim_service_date, l.date) as first_date, abs(c.charge_amount) as charge,
           c.services, c.payer_claim_number is null or c.is_reversal as loose, c.patient_aliases, unnest(c.payer_aliases) as payer
    from core.claim c
    left join like_dated l on c.claim_service_date is null and l.payer_key = c.payer_key and l.patient_account = c.patient_account
                          and l.charge = abs(c.charge_amount)
),
billed as (
    select file_hash, claim, services, loose, hash(payer, patient_account, unnest(patient_aliases), first_date, charge) as billing, true as account_known
    from by_payer where patient_account is not null
    union all
    -- without an account on one side, the member's number must do; a name is not enough
    select file_hash, claim, services, patient_account is null,
           hash(payer, unnest(list_filter(patient_aliases, lambda x: starts_with(x, 'I'))), first_date, charge), false
    from by_payer
),
loosened as (select *, bool_or(loose) over (partition by billing) as joins from billed),
plan as (select file_hash, claim, list_distinct(flatten(list(disciplines))) as disciplines from core.line group by all),
lined as (
    -- a claim that says of no line whose it is may be any
    select l.file_hash, l.claim, l.billing, l.services, p.disciplines, bool_or(len(p.disciplines) = 0) over (partition by l.billing, l.services) as unsaid
    from loosened l
    join plan p on p.file_hash = l.file_hash and p.claim = l.claim
    where l.services is not null and l.account_known
)
select hash('account', number, patient_account, date) as ledger_key, file_hash, claim from numbered where patient_account is not null
union
select hash('patient', number, unnest(patient_aliases), date), file_hash, claim from numbered
union
select hash('billed', billing), file_hash, claim from loosened where joins
union
select hash('lines', billing, services), file_hash, claim from lined where unsaid
union
select hash('lines of', billing, services, unnest(disciplines)), file_hash, claim from lined
