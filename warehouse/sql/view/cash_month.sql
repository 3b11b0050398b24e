-- grain: one row a payer as the remittance names it, and month of the payment. key: payer_name, payment_month_date. inputs: out.cash
-- Claims paid, less what the provider adjustments took, is what was sent; payments that came twice count once.
select payer_name, date_trunc('month', remittance_date)::date as payment_month_date, count(*) as payment_count,
       sum(claims_paid_amount)::decimal(18,2) as claims_paid_amount, sum(interest_amount)::decimal(18,2) as interest_amount,
       sum(takeback_amount)::decimal(18,2) as takeback_amount, sum(forwarded_amount)::decimal(18,2) as forwarded_amount,
       sum(refund_amount)::decimal(18,2) as refund_amount, sum(withhold_amount)::decimal(18,2) as withhold_amount, sum(levy_amount)::decimal(18,2) as levy_amount,
       sum(other_adjustment_amount)::decimal(18,2) as other_adjustment_amount, sum(payment_amount)::decimal(18,2) as payment_amount,
       sum(difference_amount)::decimal(18,2) as difference_amount, count(*) filter (where difference_amount <> 0) as unbalanced_count,
       sum(untied_takeback_amount)::decimal(18,2) as untied_takeback_amount
from out.cash
where not resent
group by payer_name, payment_month_date
