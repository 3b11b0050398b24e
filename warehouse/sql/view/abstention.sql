-- grain: one row a kind of reason why lines are not judged, by payer as the remittance names it. key: payer_name, verdict, contract, reason_kind.
-- inputs: core.verdict, core.claim, core.comparable_line
-- The kind of a reason: its words up to the first colon, without dates and amounts; codes, rows and contracts stay, for they are what to mend.
with abstained as (
    select c.payer_name, v.verdict, v.contract, v.charge_amount, v.paid_amount, l.allowed_by_payment_amount, v.service_date,
           regexp_replace(regexp_replace(split_part(v.reason, ': ', 1), '\d{4}-\d{2}-\d{2}', 'a date', 'g'), '-?\d+\.\d{2}', 'an amount', 'g') as reason_kind
    from core.verdict v
    join core.claim c on c.file_hash = v.file_hash and c.claim = v.claim
    join core.comparable_line l on l.line_id = v.line_id
    where v.verdict in ('NOT_COMPARABLE', 'NO_CONTRACT', 'AMBIGUOUS_CONTRACT', 'NO_RATE', 'AMBIGUOUS_LOCALITY', 'PENDING')
)
select payer_name, verdict, contract, reason_kind, count(*) as line_count, sum(charge_amount)::decimal(18,2) as charge_amount,
       sum(allowed_by_payment_amount)::decimal(18,2) as allowed_by_payment_amount, sum(paid_amount)::decimal(18,2) as paid_amount,
       min(service_date) as first_service_date, max(service_date) as last_service_date
from abstained
group by payer_name, verdict, contract, reason_kind
