-- grain: one row a payment. key: file_hash, payment. inputs: core.payment, era.claim, core.provider_adjustment
-- What was sent (BPR02) against the claims less the provider adjustments (PLB) by kind; the difference must be 0. Interest stands apart: it is
-- never part of an allowed amount.
with claims as (select file_hash, payment, sum(paid_amount)::decimal(18,2) as claims_paid_amount from era.claim group by all),
adjusted as (
    select file_hash, payment, sum(adjustment_amount)::decimal(18,2) as provider_adjustment_amount,
           coalesce(sum(adjustment_amount) filter (where adjustment_class = 'interest'), 0)::decimal(18,2) as interest_amount,
           coalesce(sum(adjustment_amount) filter (where adjustment_class = 'takeback'), 0)::decimal(18,2) as takeback_amount,
           coalesce(sum(adjustment_amount) filter (where adjustment_class = 'forwarded'), 0)::decimal(18,2) as forwarded_amount,
           coalesce(sum(adjustment_amount) filter (where adjustment_class = 'refund'), 0)::decimal(18,2) as refund_amount,
           coalesce(sum(adjustment_amount) filter (where adjustment_class = 'withhold'), 0)::decimal(18,2) as withhold_amount,
           coalesce(sum(adjustment_amount) filter (where adjustment_class = 'levy'), 0)::decimal(18,2) as levy_amount,
           coalesce(sum(adjustment_amount) filter (where adjustment_class not in ('interest', 'takeback', 'forwarded', 'refund', 'withhold', 'levy')), 0)::decimal(18,2)
               as other_adjustment_amount,
           coalesce(sum(adjustment_amount) filter (where adjustment_class = 'takeback' and thread is null), 0)::decimal(18,2) as untied_takeback_amount
    from core.provider_adjustment group by all
)
select p.file_hash, p.payment, p.remittance_date, p.trace_number, p.payer_name, p.payment_amount,
       coalesce(c.claims_paid_amount, 0) as claims_paid_amount, coalesce(a.provider_adjustment_amount, 0) as provider_adjustment_amount,
       coalesce(a.interest_amount, 0) as interest_amount, coalesce(a.takeback_amount, 0) as takeback_amount,
       coalesce(a.forwarded_amount, 0) as forwarded_amount, coalesce(a.refund_amount, 0) as refund_amount,
       coalesce(a.withhold_amount, 0) as withhold_amount, coalesce(a.levy_amount, 0) as levy_amount,
       coalesce(a.other_adjustment_amount, 0) as other_adjustment_amount, coalesce(a.untied_takeback_amount, 0) as untied_takeback_amount,
       (p.payment_amount - coalesce(c.claims_paid_amount, 0) + coalesce(a.provider_adjustment_amount, 0))::decimal(18,2) as difference_amount, p.resent
from core.payment p
left join claims c on c.file_hash = p.file_hash and c.payment = p.payment
left join adjusted a on a.file_hash = p.file_hash and a.payment = p.payment
order by p.remittance_date, p.trace_number, p.file_hash, p.payment
