-- grain: one row a line of a claim that has, or had, a dispute: the dispute it belongs to today. key: file_hash, claim, line.
-- inputs: core.verdict, core.comparable_line, core.claim, life.published, life.event
-- A dispute is named by the claim's thread and the line as it was billed (macro/named_line.sql). Where a visit is
-- judged as one, the dispute follows the line that carries the shortfall. `subject`: the line to look at today.
with known as (
    select file_hash, claim, line from life.published
    union
    select file_hash, claim, line from life.event
),
concerned as (
    select thread from core.verdict where verdict = 'UNDERPAID'
    union
    select v.thread from known k join core.verdict v on v.file_hash = k.file_hash and v.claim = k.claim and v.line = k.line
),
billed as (
    select v.thread, v.file_hash, v.claim, v.line, v.line_id, v.verdict, v.judged_group, v.service_date, c.payer_claim_number, c.points_back,
           v.verdict not in ('REVERSED', 'SUPERSEDED') as stands,
           coalesce(case when l.numbered_by_practice then l.line_control_number end, '') as number,
           coalesce(l.billed_procedure_code, l.procedure_code, '') as code, array_to_string(l.disciplines, ':') as plan,
           coalesce(nullif(l.billed_modifiers, ''), l.modifiers, '') as modifiers, l.charge_amount, l.allowed_by_payment_amount
    from core.verdict v
    semi join concerned n on n.thread = v.thread
    join core.comparable_line l on l.file_hash = v.file_hash and l.claim = v.claim and l.line = v.line
    join core.claim c on c.file_hash = v.file_hash and c.claim = v.claim
),
identified as (from named_line('billed', 'D')),
standing as (from identified where stands),
lead as (
    select judged_group, min(own_id) as own_id from standing where verdict = 'UNDERPAID' and judged_group is not null group by judged_group
),
today as (
    select i.*, coalesce(d.own_id, i.kept_id) as dispute_id
    from identified i
    left join standing s on s.own_id = i.kept_id
    left join lead d on d.judged_group = s.judged_group and s.verdict <> 'UNDERPAID'
)
select dispute_id, file_hash, claim, line, line_id, thread, stands, stands and own_id = dispute_id as subject
from today
order by dispute_id, file_hash, claim, line
