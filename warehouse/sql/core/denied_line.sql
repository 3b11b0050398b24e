-- grain: one row a line of a claim that was refused in whole or in part by some decision: the denial it belongs to. key: file_hash, claim, line.
-- inputs: core.comparable_line, core.claim, core.adjustment, terms.remark_class
-- refused: whole (nothing allowed, and a code or the status refuses it), units (fewer than billed, and a code says why) or part. Other payers'
-- turns, estimates, copies and reversals refuse nothing. A denial is named by the claim's thread and the line as it was billed, as disputes
-- are (macro/named_line.sql).
with on_claim as (
    select file_hash, claim, string_agg(distinct code, ', ' order by code) as codes
    from core.adjustment
    where line is null and class in ('denial', 'bundling', 'non_covered') and adjustment_amount <> 0
    group by all
),
decided as (
    select l.*, c.payer_claim_number, c.points_back, o.codes as claim_codes,
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
                when asked_units > coalesce(units, 1) and (refusal_codes is not null or units_remark_codes is not null) then 'units'
                when refusal_codes is not null and allowed_by_payment_amount > 0 then 'part' end as refused
    from decided
),
billed as (
    select * replace (coalesce(nullif(billed_modifiers, ''), modifiers, '') as modifiers),
           coalesce(case when numbered_by_practice then line_control_number end, '') as number,
           coalesce(billed_procedure_code, procedure_code, '') as code, array_to_string(disciplines, ':') as plan
    from judged
    where thread in (select thread from judged where refused is not null) and state not in ('REVERSAL', 'RESENT', 'APART')
)
select i.kept_id as denial_id, i.file_hash, i.claim, i.line, i.line_id, i.thread, i.stands, i.refused,
       case when i.refused is not null then coalesce(i.refusal_codes, i.claim_codes, case when i.refused = 'units' then i.units_remark_codes end) end as refusal_codes
from named_line('billed', 'N') i
order by i.file_hash, i.claim, i.line
