-- grain: one row a line that some decision refused, in whole or in part. key: denial_id.
-- inputs: core.denied_line, core.comparable_line, core.claim, core.adjudication, core.adjustment, era.remark, core.denied_price, core.denied_edit,
-- terms.denial_class, terms.denial_kind, terms.edit_ruling, terms.contract
-- What the denial is (its codes' class), what the edits of its day say of it, what it is worth, and what became of it.
with refusal as (
    select d.*, c.remittance_date, j.first_remittance_date, j.sequence, l.allowed_by_payment_amount as refused_at_amount
    from core.denied_line d
    join core.claim c on c.file_hash = d.file_hash and c.claim = d.claim
    join core.adjudication j on j.file_hash = d.file_hash and j.claim = d.claim
    join core.comparable_line l on l.line_id = d.line_id
    where d.refused is not null
),
last_refusal as (
    select *, min(first_remittance_date) over (partition by denial_id) as first_denied_date
    from refusal
    qualify row_number() over (partition by denial_id order by stands desc, remittance_date desc, sequence desc, file_hash, claim, line) = 1
),
now as (
    select d.denial_id, d.refused, l.lane, l.allowed_by_payment_amount, c.remittance_date
    from core.denied_line d
    join core.comparable_line l on l.line_id = d.line_id
    join core.claim c on c.file_hash = d.file_hash and c.claim = d.claim
    where d.stands
    qualify row_number() over (partition by d.denial_id order by d.refused is null, d.file_hash, d.claim, d.line) = 1
),
waiting as (
    select distinct d.denial_id
    from core.denied_line d join core.comparable_line l on l.line_id = d.line_id where l.lane = 'PENDING'
),
remark as (
    select r.line_id, m.remark_code
    from last_refusal r
    join era.remark m on m.file_hash = r.file_hash and m.claim = r.claim and (m.line = r.line or m.line is null)
),
remarks as (select line_id, string_agg(distinct remark_code, ', ' order by remark_code) as remark_codes from remark group by line_id),
adjusted as (
    select r.line_id, r.remittance_date, a.group_code, a.reason_code, a.code, a.class in ('denial', 'bundling', 'non_covered') as refuses
    from last_refusal r
    join core.adjustment a on a.file_hash = r.file_hash and a.claim = r.claim and (a.line = r.line or a.line is null)
    where a.adjustment_amount <> 0
),
told as (
    -- the codes that refuse; a line that has none is classed by whatever is on it
    select * from adjusted where refuses
    union all
    select * from adjusted where line_id not in (select line_id from adjusted where refuses)
    union all
    select line_id, remittance_date, '', '', '', false from last_refusal where line_id not in (select line_id from adjusted)
),
classed as (
    select t.line_id, t.code, k.kind, n.rank, k.source as class_source
    from told t
    join core.comparable_line l on l.line_id = t.line_id
    left join core.denied_price p on p.line_id = t.line_id
    join terms.denial_class k
      on k.reason_code in (t.reason_code, '*') and k.group_code in (t.group_code, '*')
     and (k.remark_code = '' or exists (from remark m where m.line_id = t.line_id and m.remark_code = k.remark_code))
     and (k.under = '' or (k.under = 'medicare' and coalesce(p.rate_basis = 'medicare', false)))
     and (k.lacks_modifier = '' or not list_contains(string_split(coalesce(l.modifiers, ''), ':'), k.lacks_modifier))
     and t.remittance_date between coalesce(k.effective, t.remittance_date) and coalesce(k.until, t.remittance_date)
    join terms.denial_kind n on n.kind = k.kind
    qualify row_number() over (partition by t.line_id, t.code
                               order by (k.reason_code <> '*')::integer * 16 + (k.remark_code <> '')::integer * 8 + (k.group_code <> '*')::integer * 4
                                        + (k.under <> '')::integer * 2 + (k.lacks_modifier <> '')::integer desc, n.rank, k.source) = 1
),
kind as (
    select c.line_id, n.*, c.class_source
    from classed c
    join terms.denial_kind n on n.kind = c.kind
    qualify row_number() over (partition by c.line_id order by n.rank, c.code) = 1
),
ruled as (
    select e.*, r.strategy, r.route, r.contains, r.source as ruling_source,
           replace(replace(replace(r.argument, '{code}', coalesce(l.billed_procedure_code, l.procedure_code, '')), '{other}', coalesce(e.other_code, '')), '{proof}', e.proof) as argument
    from core.denied_edit e
    join kind k on k.line_id = e.line_id and k.held_against = e.held_against
    join terms.edit_ruling r on r.finding = e.finding
    join core.comparable_line l on l.line_id = e.line_id
    qualify row_number() over (partition by e.line_id order by r.rank, e.other_code) = 1
),
elsewhere as (
    -- the same service on another claim of ours, paid: later, or before where the payer calls this one a copy
    select r.denial_id, min(oc.remittance_date) as paid_date, arg_min(coalesce(oc.payer_claim_number, oc.patient_account), (oc.remittance_date, o.line_id)) as paid_claim,
           arg_min(o.allowed_by_payment_amount, (oc.remittance_date, o.line_id)) as paid_allowed_amount
    from last_refusal r
    join kind k on k.line_id = r.line_id
    join core.comparable_line l on l.line_id = r.line_id
    join core.comparable_line o on o.patient_key = l.patient_key and o.service_date = l.service_date and o.line_id <> l.line_id and o.payer_key = l.payer_key
                               and coalesce(o.billed_procedure_code, o.procedure_code) = coalesce(l.billed_procedure_code, l.procedure_code)
                               and o.charge_amount = l.charge_amount and o.allowed_by_payment_amount > 0 and o.state = 'SURVIVING'
                               and (len(o.disciplines) = 0 or len(l.disciplines) = 0 or list_has_any(o.disciplines, l.disciplines))
                               and (o.file_hash, o.claim) <> (l.file_hash, l.claim)
    join core.claim oc on oc.file_hash = o.file_hash and oc.claim = o.claim
    where r.refused = 'whole' and l.patient_key <> '' and (oc.remittance_date > r.remittance_date or k.kind = 'duplicate')
    group by r.denial_id
)
select r.denial_id,
       case when n.refused is not null then case when e.denial_id is not null then 'paid elsewhere' else 'denied' end
            when n.denial_id is not null and n.lane is null and n.allowed_by_payment_amount > 0 then 'paid'
            when n.denial_id is not null and n.lane = 'NOT_COMPARABLE' and n.allowed_by_payment_amount > 0 then 'paid'
            when n.denial_id is not null then 'settled'
            when w.denial_id is not null then 'reversed'
            else 'gone' end as standing,
       r.refused, coalesce(r.refusal_codes, 'none') as refusal_codes, m.remark_codes, k.kind as denial_kind,
       coalesce(u.strategy, k.strategy) as strategy, coalesce(u.route, k.route) as route, coalesce(u.contains, k.contains) as contains,
       coalesce(u.argument, k.argument) as argument, coalesce(u.ruling_source, k.source) as rule_source, k.class_source,
       k.held_against, u.edits_of, u.finding as edit_finding, u.other_code, u.proof as edit_proof, u.edition, u.modifier_indicator,
       p.outcome, coalesce(p.reason, case when p.line_id is null then 'priced only while the denial stands' end) as price_reason, p.payer, p.plan, p.contract, p.contract_file, p.contract_effective, p.rate_row,
       (p.expected_cents * 0.01::decimal(3,2))::decimal(18,2) as expected_amount,
       case when coalesce(u.strategy, k.strategy) in ('not_recoverable', 'patient_liability') or (n.denial_id is not null and n.refused is null)
                 or e.denial_id is not null then 0
            else (p.gain_cents * 0.01::decimal(3,2)) end::decimal(18,2) as recoverable_amount,
       case when n.refused is null and n.denial_id is not null then greatest(0, n.allowed_by_payment_amount - greatest(r.refused_at_amount, 0))
            when n.refused is not null and e.denial_id is not null and k.kind <> 'duplicate' then e.paid_allowed_amount else 0 end::decimal(18,2) as recovered_amount,
       case when n.refused is null then n.remittance_date else e.paid_date end as paid_date, e.paid_claim,
       r.first_denied_date, r.remittance_date as denied_date, l.service_date, coalesce(l.billed_procedure_code, l.procedure_code) as procedure_code, l.modifiers,
       l.asked_units - case when r.refused = 'units' then coalesce(l.units, 1) else 0 end as refused_units,
       l.charge_amount, l.refused_amount, r.thread, r.file_hash, r.claim, r.line, r.line_id, l.segment as source_segment
from last_refusal r
join core.comparable_line l on l.line_id = r.line_id
join kind k on k.line_id = r.line_id
left join ruled u on u.line_id = r.line_id
left join core.denied_price p on p.line_id = r.line_id
left join remarks m on m.line_id = r.line_id
left join now n on n.denial_id = r.denial_id
left join waiting w on w.denial_id = r.denial_id
left join elsewhere e on e.denial_id = r.denial_id
order by r.denial_id
