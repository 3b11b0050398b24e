-- grain: one row a decision on a claim. key: file_hash, claim. inputs: core.claim
-- The ledger. Decisions of one payer, payee, patient control number and payer claim number form a thread; a claim that names
-- an earlier number (REF*F8), or that follows a reversal with the same account, date and charge, joins that thread.
-- A reversal takes back the decision whose charge and payment it negates (RFI 2442); of what is left the latest survives.
with recursive
number as (
    select distinct payer_key, payee_key, patient_account, coalesce(payer_claim_number, '') as number
    from core.claim
),
named as (
    select distinct c.payer_key, c.payee_key, c.patient_account, coalesce(c.payer_claim_number, '') as number, n.number as parent
    from core.claim c
    join number n on n.payer_key = c.payer_key and n.payee_key = c.payee_key and n.patient_account = c.patient_account
                 and n.number = c.original_claim_number and n.number <> coalesce(c.payer_claim_number, '')
),
followed as (
    select distinct c.payer_key, c.payee_key, c.patient_account, coalesce(c.payer_claim_number, '') as number,
           coalesce(r.payer_claim_number, '') as parent
    from core.claim c
    join core.claim r on r.is_reversal and r.payer_key = c.payer_key and r.payee_key = c.payee_key
                     and r.patient_account = c.patient_account and r.claim_service_date = c.claim_service_date
                     and r.charge_amount = -c.charge_amount and c.remittance_date >= r.remittance_date
                     and coalesce(r.payer_claim_number, '') <> coalesce(c.payer_claim_number, '')
    where not c.is_reversal and c.original_claim_number is null
),
link as (
    select payer_key, payee_key, patient_account, number, min(parent) as parent
    from (from named union all from followed) group by all
),
climb as (
    select payer_key, payee_key, patient_account, number, number as root, 0 as height from number
    union
    select c.payer_key, c.payee_key, c.patient_account, c.number, l.parent, c.height + 1
    from climb c
    join link l on l.payer_key = c.payer_key and l.payee_key = c.payee_key and l.patient_account = c.patient_account and l.number = c.root
    where c.height < 20
),
root as (
    select payer_key, payee_key, patient_account, number, arg_max(root, height) as root from climb group by all
),
threaded as (
    select c.*, sha256(concat_ws('|', c.payer_key, c.payee_key, c.patient_account, r.root)) as thread
    from core.claim c
    join root r on r.payer_key = c.payer_key and r.payee_key = c.payee_key and r.patient_account = c.patient_account
               and r.number = coalesce(c.payer_claim_number, '')
),
numbered as (
    select *, row_number() over (
        partition by thread, is_reversal, abs(charge_amount), abs(paid_amount)
        order by remittance_date, interchange_date, interchange_time, file_hash, claim) as turn
    from threaded where not resent
),
matched as (
    select d.file_hash, d.claim
    from numbered d
    join numbered r on r.thread = d.thread and r.is_reversal and not d.is_reversal and r.turn = d.turn
                   and r.charge_amount = -d.charge_amount and r.paid_amount = -d.paid_amount
                   and r.remittance_date >= d.remittance_date
),
stray as (
    select r.thread, max(r.remittance_date) as reversed_date
    from numbered r
    where r.is_reversal and not exists (
        from numbered d where d.thread = r.thread and not d.is_reversal and d.turn = r.turn
        and r.charge_amount = -d.charge_amount and r.paid_amount = -d.paid_amount and r.remittance_date >= d.remittance_date)
    group by all
),
standing as (
    select n.*, m.file_hash is not null as taken_back,
           case when not n.is_reversal and m.file_hash is null then rank() over (
               partition by n.thread, n.is_reversal, m.file_hash is null
               order by n.remittance_date desc, n.interchange_date desc, n.interchange_time desc, n.file_hash desc, n.payment desc) end as place,
           row_number() over (partition by n.thread, n.is_reversal
                              order by n.remittance_date desc, n.interchange_date desc, n.interchange_time desc, n.file_hash desc, n.claim desc) as latest,
           bool_or(not n.is_reversal and m.file_hash is null) over (partition by n.thread) as decided
    from numbered n
    left join matched m on m.file_hash = n.file_hash and m.claim = n.claim
)
select t.file_hash, t.claim, t.thread, t.is_reversal,
       case when t.resent then 'RESENT'
            when s.is_reversal then 'REVERSAL'
            when s.taken_back and not s.decided and s.latest = 1 then 'PENDING'
            when s.taken_back then 'REVERSED'
            when s.place > 1 then 'SUPERSEDED'
            when y.reversed_date >= s.remittance_date then 'PENDING'
            else 'SURVIVING' end as state,
       case when t.resent then 'the same payment came before in another file'
            when s.is_reversal then 'reversal of an earlier decision'
            when s.taken_back and not s.decided and s.latest = 1 then 'reversed; the correction has not come'
            when s.taken_back then 'taken back by a reversal'
            when s.place > 1 then 'a later decision replaced it without a reversal'
            when y.reversed_date >= s.remittance_date then 'a later reversal matches no decision; ask the payer what it takes back'
            else 'latest decision that stands' end as state_reason
from threaded t
left join standing s on s.file_hash = t.file_hash and s.claim = t.claim
left join stray y on y.thread = t.thread
