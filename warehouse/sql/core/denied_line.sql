-- grain: one row a line of a claim that was refused in whole or in part by some decision: the denial it belongs to. key: file_hash, claim, line.
-- inputs: core.comparable_line, core.claim, core.adjustment, terms.remark_class
-- refused: whole (nothing allowed, and a code or the status refuses it), units (fewer than billed, and a code says why) or part. Other payers'
-- turns, estimates, copies and reversals refuse nothing. A denial is named by the claim's thread and the line as it was billed, as disputes
-- are (life.line), so that a later decision, a re-run or another order of files gives the same name.
with on_claim as (
    select file_hash, claim, string_agg(distinct code, ', ' order by code) as codes
    from core.adjustment
    where line is null and class in ('denial', 'bundling', 'non_covered') and adjustment_amount <> 0
    group by all
),
decided as (
    select l.*, c.payer_claim_number, o.codes as claim_codes,
           l.state = 'SURVIVING' and l.lane is distinct from 'REVERSED' and l.lane is distinct from 'PENDING' as stands,
           l.state not in ('REVERSAL', 'RESENT', 'APART') and l.charge_amount >= 0 and not l.prior_payer and not l.capitation
               and coalesce(l.claim_status_code, '') not in ('2', '3', '20', '21', '23', '25') as primary_decision,
           l.paid_amount = 0 and coalesce(l.allowed_by_payment_amount, 0) <= 0
               and (l.denial or l.bundling or l.claim_status_code = '4' or o.codes is not null) as nothing_allowed
    from core.comparable_line l
    join core.claim c on c.file_hash = l.file_hash and c.claim = l.claim
    left join on_claim o on o.file_hash = l.file_hash and o.claim = l.claim
),
judged as (
    select *,
           case when not primary_decision then null
                when lane in ('DENIED', 'BUNDLED') or (nothing_allowed and lane in ('SUPERSEDED', 'REVERSED', 'PENDING')) then 'whole'
                when billed_units > coalesce(units, 1) and (refusal_codes is not null or units_remark_codes is not null) then 'units'
                when refusal_codes is not null and allowed_by_payment_amount > 0 then 'part' end as refused
    from decided
),
billed as (
    select *, coalesce(case when numbered_by_practice then line_control_number end, '') as number,
           coalesce(billed_procedure_code, procedure_code, '') as code
    from judged
    where thread in (select thread from judged where refused is not null) and state not in ('REVERSAL', 'RESENT', 'APART')
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
    select *, concat('N-', upper(substr(sha256(concat_ws('|', thread, number, coalesce(service_date::varchar, ''), code, place, turn)), 1, 10))) as own_id
    from named
),
standing as (from identified where stands),
like_it as (
    -- decided again under other line numbers: the only line of that code and day
    select i.file_hash, i.claim, i.line, any_value(s.own_id) as own_id
    from identified i
    join standing s on s.thread = i.thread and s.service_date = i.service_date and s.code = i.code
    where i.alike = 1 and not exists (from standing x where x.own_id = i.own_id)
    group by i.file_hash, i.claim, i.line
    having count(*) = 1
)
select coalesce(k.own_id, i.own_id) as denial_id, i.file_hash, i.claim, i.line, i.line_id, i.thread, i.stands, i.refused,
       case when i.refused is not null then coalesce(i.refusal_codes, i.claim_codes, case when i.refused = 'units' then i.units_remark_codes end) end as refusal_codes
from identified i
left join like_it k on k.file_hash = i.file_hash and k.claim = i.claim and k.line = i.line
order by i.file_hash, i.claim, i.line
