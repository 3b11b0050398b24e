-- grain: one row a payment. key: file_hash, payment. inputs: core.payment, era.claim, era.provider_adjustment
-- What was sent (BPR02) against the claims less the provider adjustments (PLB); the difference must be 0.
with claims as (select file_hash, payment, sum(paid_amount)::decimal(18,2) as claims_paid_amount from era.claim group by all),
adjusted as (
    select file_hash, payment, sum(adjustment_amount)::decimal(18,2) as provider_adjustment_amount,
           coalesce(sum(adjustment_amount) filter (where reason_code = 'L6'), 0)::decimal(18,2) as interest_amount
    from era.provider_adjustment group by all
)
select p.file_hash, p.payment, p.remittance_date, p.trace_number, p.payer_name, p.payment_amount,
       coalesce(c.claims_paid_amount, 0) as claims_paid_amount, coalesce(a.provider_adjustment_amount, 0) as provider_adjustment_amount,
       coalesce(a.interest_amount, 0) as interest_amount,
       (p.payment_amount - coalesce(c.claims_paid_amount, 0) + coalesce(a.provider_adjustment_amount, 0))::decimal(18,2) as difference_amount, p.resent
from core.payment p
left join claims c on c.file_hash = p.file_hash and c.payment = p.payment
left join adjusted a on a.file_hash = p.file_hash and a.payment = p.payment
order by p.remittance_date, p.trace_number, p.file_hash, p.payment
