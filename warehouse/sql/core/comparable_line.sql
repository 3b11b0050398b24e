-- grain: one row a service line. key: file_hash, claim, line; line_id numbers them.
-- inputs: core.line, core.claim, core.adjudication, era.adjustment, terms.adjustment_class
-- The allowed amount three ways (RFI 888, 507, 2601) and the lane a line stands in. Two ways that agree give the amount.
with classed as (
    select a.file_hash, a.claim, a.line, a.group_code, a.reason_code, a.adjustment_amount,
           coalesce(k.class, 'unknown') as class
    from era.adjustment a
    join core.claim c on c.file_hash = a.file_hash and c.claim = a.claim
    left join terms.adjustment_class k
      on k.reason_code = a.reason_code and k.group_code in (a.group_code, '*')
     and (k.effective is null or k.effective <= c.remittance_date) and (k.until is null or k.until >= c.remittance_date)
    qualify row_number() over (partition by a.file_hash, a.claim, a.line, a.segment, a.position
                               order by (k.group_code = a.group_code) desc nulls last, k.class) = 1
),
summed as (
    select file_hash, claim, line,
           coalesce(sum(adjustment_amount) filter (where class = 'patient_share'), 0) as patient_share_amount,
           coalesce(sum(adjustment_amount) filter (where class in ('payment_reduction', 'prior_payer')), 0) as payment_reduction_amount,
           coalesce(sum(adjustment_amount) filter (where class = 'price'), 0) as price_adjustment_amount,
           coalesce(sum(adjustment_amount) filter (where class in ('denial', 'bundling', 'capitation', 'non_covered')), 0) as refused_amount,
           bool_or(class = 'denial' and adjustment_amount <> 0) as denial,
           bool_or(class = 'bundling' and adjustment_amount <> 0) as bundling,
           bool_or(class = 'capitation' and adjustment_amount <> 0) as capitation,
           bool_or(class = 'non_covered' and adjustment_amount <> 0) as non_covered,
           bool_or(class = 'prior_payer' and adjustment_amount <> 0) as prior_payer,
           string_agg(distinct concat(group_code, '-', reason_code), ', ' order by concat(group_code, '-', reason_code))
               filter (where class in ('unknown', 'information') and adjustment_amount <> 0) as unknown_codes
    from classed where line is not null group by all
),
on_claim as (
    -- a share or a payment reduction on the claim moves what is paid, not what its lines are allowed; any other does
    select file_hash, claim, sum(adjustment_amount) as unspread_amount
    from classed
    where line is null and class not in ('patient_share', 'payment_reduction') and adjustment_amount <> 0
    group by all
),
ways as (
    select l.*, j.thread, j.state, j.state_reason, c.claim_status_code, coalesce(o.unspread_amount, 0) as unspread_amount,
           c.patient_key, c.payer_key, c.payee_key,
           coalesce(s.patient_share_amount, 0) as patient_share_amount,
           coalesce(s.payment_reduction_amount, 0) as payment_reduction_amount,
           coalesce(s.price_adjustment_amount, 0) as price_adjustment_amount,
           coalesce(s.refused_amount, 0) as refused_amount,
           s.unknown_codes,
           coalesce(s.denial, false) as denial, coalesce(s.bundling, false) as bundling,
           coalesce(s.capitation, false) as capitation, coalesce(s.non_covered, false) as non_covered,
           coalesce(s.prior_payer, false) or c.prior_payer as prior_payer,
           case when s.unknown_codes is null then l.paid_amount + coalesce(s.patient_share_amount, 0) + coalesce(s.payment_reduction_amount, 0) end
               as allowed_by_payment_amount,
           case when s.unknown_codes is null then l.charge_amount - coalesce(s.price_adjustment_amount, 0) - coalesce(s.refused_amount, 0) end
               as allowed_by_adjustment_amount
    from core.line l
    join core.claim c on c.file_hash = l.file_hash and c.claim = l.claim
    join core.adjudication j on j.file_hash = l.file_hash and j.claim = l.claim
    left join summed s on s.file_hash = l.file_hash and s.claim = l.claim and s.line = l.line
    left join on_claim o on o.file_hash = l.file_hash and o.claim = l.claim
),
agreed as (
    select *,
           case when unspread_amount <> 0 then null
                when allowed_by_payment_amount = allowed_by_adjustment_amount then allowed_by_payment_amount
                when allowed_by_payment_amount = stated_allowed_amount then allowed_by_payment_amount
                when allowed_by_adjustment_amount = stated_allowed_amount then allowed_by_adjustment_amount end as allowed_amount,
           concat_ws(' and ',
               case when allowed_by_payment_amount in (allowed_by_adjustment_amount, stated_allowed_amount) then 'payment' end,
               case when allowed_by_adjustment_amount in (allowed_by_payment_amount, stated_allowed_amount) then 'adjustments' end,
               case when stated_allowed_amount in (allowed_by_payment_amount, allowed_by_adjustment_amount) then 'stated (B6)' end) as agreement
    from ways
)
select (row_number() over (order by file_hash, claim, line))::bigint as line_id, *,
       case when state in ('RESENT', 'SUPERSEDED') then 'SUPERSEDED'
            when state in ('REVERSAL', 'REVERSED') then 'REVERSED'
            when state = 'PENDING' then 'PENDING'
            when claim_status_code = '25' then 'PREDETERMINATION'
            when claim_status_code = '23' then 'NOT_COMPARABLE'
            when claim_status_code in ('2', '3', '20', '21') or prior_payer then 'SECONDARY'
            when capitation then 'CAPITATED'
            when paid_amount = 0 and allowed_by_payment_amount = 0 and bundling then 'BUNDLED'
            when claim_status_code = '4' or (paid_amount = 0 and allowed_by_payment_amount = 0 and (denial or non_covered)) then 'DENIED'
            when line = 0 or service_date is null or charge_amount < 0 or billed_procedure_code <> procedure_code then 'NOT_COMPARABLE' end as lane,
       case when state <> 'SURVIVING' then state_reason
            when claim_status_code = '25' then 'a predetermination, not a payment'
            when claim_status_code = '23' then 'not this payer''s claim; it was forwarded'
            when claim_status_code in ('2', '3', '20', '21') or prior_payer then 'another payer paid first'
            when capitation then 'paid by the head (CO-24)'
            when paid_amount = 0 and allowed_by_payment_amount = 0 and bundling then 'counted as part of another service'
            when claim_status_code = '4' or (paid_amount = 0 and allowed_by_payment_amount = 0 and (denial or non_covered)) then 'denied'
            when line = 0 then 'the remittance has no service lines for this claim'
            when service_date is null then 'no date of service'
            when charge_amount < 0 then 'negative charge without a reversal'
            when billed_procedure_code <> procedure_code
                then concat('billed ', billed_procedure_code, ', paid as ', procedure_code, ': compare by hand') end as lane_reason,
       case when billed_units > coalesce(units, 1) and not denial and not non_covered and not bundling then billed_units
            else coalesce(units, 1) end as priced_units
from agreed
