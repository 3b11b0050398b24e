-- grain: one row a decision on a claim: the claim (thread) that it belongs to. key: file_hash, claim. inputs: core.claim, core.claim_key
-- A thread is what the keys hang together; it is named by its first decision on payment, so that a later one does not rename it.
-- crowded: more than 100 decisions, or 2,000 lines of them, are no claim; they are not held against each other, and stay in doubt.
with recursive
member as (select *, hash(file_hash, claim) as node from core.claim_key),
edge as (
    select ledger_key, node from member
    where ledger_key in (select ledger_key from member group by ledger_key having count(*) > 1)
),
reach(node, label) using key (node) as (
    select node, min(node) as label from edge group by node
    union
    -- by way of the key, as n decisions of one key have n * n pairs; to whom a neighbour was named by, and from name to name, as a
    -- claim may be the last of a long chain
    select n.node, min(n.label) as label
    from (
        select unnest([b.node, k.label]) as node, s.label
        from (select a.ledger_key, min(r.label) as label from reach r join edge a on a.node = r.node group by a.ledger_key) s
        join edge b on b.ledger_key = s.ledger_key
        join recurring.reach k on k.node = b.node
        union all
        select k.node, j.label from recurring.reach k join recurring.reach j on j.node = k.label
    ) n
    join recurring.reach k on k.node = n.node
    where n.label < k.label
    group by n.node
),
labelled as (
    select c.*, coalesce(r.label, hash(c.file_hash, c.claim)) as label
    from core.claim c
    left join reach r on r.node = hash(c.file_hash, c.claim)
),
sequenced as (
    select *, row_number() over (partition by label order by remittance_date, interchange_date, interchange_time, trace_number, file_hash, claim) as sequence
    from labelled
),
named as (
    select label,
           arg_min(concat_ws('|', payer_key, payee_key, patient_account, coalesce(payer_claim_number, '')),
                   (resent::integer + (is_reversal or claim_status_code in ('23', '25'))::integer * 2) * 1000000 + sequence) as first_name,
           min(claim_service_date) as first_date, min(services) as first_services
    from sequenced group by label
),
told_apart as (
    -- one number for two visits: the second and later carry what tells them apart
    select *, row_number() over (partition by first_name order by first_date, first_services, label) as place from named
)
select s.file_hash, s.claim, s.sequence,
       count(*) filter (where decides) over alike > 100 or coalesce(sum(s.line_count) filter (where decides) over alike > 2000, false) as crowded,
       case when t.place = 1 then sha256(t.first_name) else sha256(concat_ws('|', t.first_name, t.first_date, t.first_services, t.place)) end as thread
from sequenced s
join told_apart t on t.label = s.label,
lateral (select not s.resent and coalesce(s.claim_status_code, '') not in ('23', '25') as decides)
window alike as (partition by s.label)
