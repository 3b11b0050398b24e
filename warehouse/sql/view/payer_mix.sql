-- grain: one row a payer as the remittance names it, and month of the payment. key: payer_name, payment_month_date.
-- inputs: core.verdict, core.claim, core.comparable_line, core.adjustment
-- What payers decided as primary and what stands of it: refused, or allowed and shared out between payer and patient. A patient's share that
-- was taken from the claim and not from its lines counts once, and is taken off the lines' payments.
with decided as (
    select v.file_hash, v.claim, v.line, c.payer_name, date_trunc('month', c.remittance_date)::date as payment_month_date, v.verdict, v.charge_amount,
           l.allowed_by_payment_amount, v.paid_amount
    from core.verdict v
    join core.claim c on c.file_hash = v.file_hash and c.claim = v.claim
    join core.comparable_line l on l.line_id = v.line_id
    where v.verdict not in ('REVERSED', 'SUPERSEDED', 'PENDING', 'PREDETERMINATION', 'SECONDARY')
),
share as (
    select d.payer_name, d.payment_month_date, a.reason_code, a.adjustment_amount, false as on_claim
    from core.adjustment a
    join decided d on d.file_hash = a.file_hash and d.claim = a.claim and d.line = a.line
    where a.class = 'patient_share'
    union all
    select d.payer_name, d.payment_month_date, a.reason_code, a.adjustment_amount, true
    from core.adjustment a
    join (select distinct file_hash, claim, payer_name, payment_month_date from decided) d on d.file_hash = a.file_hash and d.claim = a.claim
    where a.class = 'patient_share' and a.line is null
),
shared as (
    select payer_name, payment_month_date, sum(adjustment_amount) as patient_share_amount,
           sum(adjustment_amount) filter (where reason_code = '1') as deductible_amount,
           sum(adjustment_amount) filter (where reason_code = '2') as coinsurance_amount,
           sum(adjustment_amount) filter (where reason_code = '3') as copayment_amount,
           sum(adjustment_amount) filter (where on_claim) as on_claim_amount
    from share group by payer_name, payment_month_date
),
summed as (
    select payer_name, payment_month_date, count(*) as line_count, count(*) filter (where verdict = 'DENIED') as denied_count,
           (count(*) filter (where verdict = 'DENIED') / count(*))::decimal(9,4) as denied_share,
           coalesce(sum(charge_amount) filter (where verdict = 'DENIED'), 0)::decimal(18,2) as denied_charge_amount,
           count(*) filter (where verdict = 'BUNDLED') as bundled_count, count(*) filter (where verdict = 'CAPITATED') as capitated_count,
           sum(allowed_by_payment_amount)::decimal(18,2) as allowed_by_payment_amount, sum(paid_amount) as paid_amount
    from decided group by payer_name, payment_month_date
)
select s.* exclude (paid_amount), (s.paid_amount - coalesce(p.on_claim_amount, 0))::decimal(18,2) as paid_amount,
       coalesce(p.patient_share_amount, 0)::decimal(18,2) as patient_share_amount, coalesce(p.deductible_amount, 0)::decimal(18,2) as deductible_amount,
       coalesce(p.coinsurance_amount, 0)::decimal(18,2) as coinsurance_amount, coalesce(p.copayment_amount, 0)::decimal(18,2) as copayment_amount
from summed s
left join shared p on p.payer_name is not distinct from s.payer_name and p.payment_month_date is not distinct from s.payment_month_date
