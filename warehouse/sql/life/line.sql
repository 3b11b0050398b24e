-- grain: one row a line of a claim that has, or had, a dispute: the dispute it belongs to today. key: file_hash, claim, line.
-- inputs: core.verdict, core.line, core.claim, life.published, life.event
-- A dispute is named by the claim's thread and the line as it was billed, so that a re-run, a re-load or a later decision gives the same
-- name. Where a visit is judged as one, the dispute follows the line that carries the shortfall. `subject`: the line to look at today.
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
    select v.thread, v.file_hash, v.claim, v.line, v.line_id, v.verdict, v.judged_group, v.service_date, c.payer_claim_number,
           v.verdict not in ('REVERSED', 'SUPERSEDED') as stands,
           coalesce(case when l.numbered_by_practice then l.line_control_number end, '') as number,
           coalesce(l.billed_procedure_code, l.procedure_code, '') as code
    from core.verdict v
    semi join concerned n on n.thread = v.thread
    join core.line l on l.file_hash = v.file_hash and l.claim = v.claim and l.line = v.line
    join core.claim c on c.file_hash = v.file_hash and c.claim = v.claim
),
placed as (
    select *, row_number() over (partition by file_hash, claim, number, service_date, code order by line) as place,
           count(*) over (partition by file_hash, claim, service_date, code) as alike
    from billed
),
named as (
    -- two decisions that both stand on lines of one name are two visits under one number
    select *, case when stands then row_number() over (partition by thread, number, service_date, code, place, stands
                                                       order by coalesce(payer_claim_number, ''), file_hash, claim) else 1 end as turn
    from placed
),
identified as (
    select *, concat('D-', upper(substr(sha256(concat_ws('|', thread, number, coalesce(service_date::varchar, ''), code, place, turn)), 1, 10))) as own_id
    from named
),
standing as (from identified where stands),
-- decided again under other line numbers: the only line of that code and day
like_it as (
    select i.file_hash, i.claim, i.line, any_value(s.own_id) as own_id
    from identified i
    join standing s on s.thread = i.thread and s.service_date = i.service_date and s.code = i.code
    where i.alike = 1 and not exists (from standing x where x.own_id = i.own_id)
    group by i.file_hash, i.claim, i.line
    having count(*) = 1
),
lead as (
    select judged_group, min(own_id) as own_id from standing where verdict = 'UNDERPAID' and judged_group is not null group by judged_group
),
today as (
    select i.*, coalesce(d.own_id, s.own_id, i.own_id) as dispute_id
    from identified i
    left join like_it k on k.file_hash = i.file_hash and k.claim = i.claim and k.line = i.line
    left join standing s on s.own_id = coalesce(k.own_id, i.own_id)
    left join lead d on d.judged_group = s.judged_group and s.verdict <> 'UNDERPAID'
)
select dispute_id, file_hash, claim, line, line_id, thread, stands, stands and own_id = dispute_id as subject
from today
order by dispute_id, file_hash, claim, line
