-- grain: one row a reversal and what it takes back. key: file_hash, claim (of the reversal). inputs: core.claim, core.thread
-- A reversal takes back the decision whose charge and payment it negates (RFI 2442): first among those of its own claim number, then in
-- the thread; of several alike the earliest. A reversal that has no such decision before it takes back none (`of_claim` is empty).
with event as (
    select t.thread, t.sequence, c.file_hash, c.claim, c.is_reversal, coalesce(c.payer_claim_number, '') as number,
           abs(c.charge_amount) as charge, abs(c.paid_amount) as paid,
           -- the same claim printed twice in one payment is one
           row_number() over (partition by c.file_hash, c.payment, c.patient_account, c.payer_claim_number, c.claim_status_code,
                              c.charge_amount, c.paid_amount, c.content order by c.claim) > 1
               and not bool_or(c.is_reversal) over (partition by c.file_hash, c.payment, t.thread) as printed_twice
    from core.claim c
    join core.thread t on t.file_hash = c.file_hash and t.claim = c.claim
    where not c.resent and coalesce(c.claim_status_code, '') not in ('23', '25')
),
counted as (from event where not printed_twice),
-- pass 1, by claim number: the balance of decisions less reversals; each new low below zero is a reversal with nothing before it
balance_1 as (
    select *, sum(case when is_reversal then -1 else 1 end) over w as balance
    from counted
    window w as (partition by thread, number, charge, paid order by sequence rows unbounded preceding)
),
low_1 as (
    select *, least(0, min(balance) over (partition by thread, number, charge, paid order by sequence rows unbounded preceding)) as low from balance_1
),
stray_1 as (
    select *, is_reversal and low < lag(low, 1, 0) over (partition by thread, number, charge, paid order by sequence) as stray from low_1
),
turn_1 as (
    select *, row_number() over (partition by thread, number, charge, paid, is_reversal order by sequence) as turn from stray_1 where not stray
),
pair_1 as (
    select r.file_hash, r.claim, d.file_hash as of_file_hash, d.claim as of_claim
    from turn_1 r
    join turn_1 d on d.thread = r.thread and d.number = r.number and d.charge = r.charge and d.paid = r.paid and d.turn = r.turn
    where r.is_reversal and not d.is_reversal
),
-- pass 2, in the thread: what is left
rest as (
    select c.* from counted c
    where not exists (from pair_1 p where p.file_hash = c.file_hash and p.claim = c.claim)
      and not exists (from pair_1 p where p.of_file_hash = c.file_hash and p.of_claim = c.claim)
),
balance_2 as (
    select *, sum(case when is_reversal then -1 else 1 end) over (partition by thread, charge, paid order by sequence rows unbounded preceding) as balance
    from rest
),
low_2 as (select *, least(0, min(balance) over (partition by thread, charge, paid order by sequence rows unbounded preceding)) as low from balance_2),
stray_2 as (select *, is_reversal and low < lag(low, 1, 0) over (partition by thread, charge, paid order by sequence) as stray from low_2),
turn_2 as (select *, row_number() over (partition by thread, charge, paid, is_reversal order by sequence) as turn from stray_2 where not stray),
pair_2 as (
    select r.file_hash, r.claim, d.file_hash as of_file_hash, d.claim as of_claim
    from turn_2 r
    join turn_2 d on d.thread = r.thread and d.charge = r.charge and d.paid = r.paid and d.turn = r.turn
    where r.is_reversal and not d.is_reversal
)
select e.file_hash, e.claim, e.thread, e.sequence, p.of_file_hash, p.of_claim
from counted e
left join (from pair_1 union all from pair_2) p on p.file_hash = e.file_hash and p.claim = e.claim
where e.is_reversal
