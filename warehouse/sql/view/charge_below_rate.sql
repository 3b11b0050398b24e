-- grain: one row a payer, contract and procedure code whose charge was below the rate. key: payer, contract, procedure_code.
-- inputs: core.verdict, core.expected_step
-- What our own charge cost: the rate before it was held to the charge, less the charge. Nothing to dispute: mend the charge master.
with held as (
    select line_id, max(before_cents) as before_cents, min(after_cents) as after_cents
    from core.expected_step where operation in ('lesser_of', 'claim_maximum') and after_cents < before_cents group by line_id
)
select v.payer, v.contract, v.procedure_code, count(*) as line_count, sum(v.units)::decimal(18,3) as units, sum(v.charge_amount)::decimal(18,2) as charge_amount,
       ((sum(h.before_cents) - sum(h.after_cents)) * 0.01::decimal(3,2))::decimal(18,2) as forgone_amount,
       min(v.service_date) as first_service_date, max(v.service_date) as last_service_date
from core.verdict v
join held h on h.line_id = v.line_id
where v.verdict in ('PAID_AS_EXPECTED', 'UNDERPAID', 'OVERPAID', 'CHARGE_BELOW_RATE')
group by v.payer, v.contract, v.procedure_code
