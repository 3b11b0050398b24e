-- grain: one row a dispute ever published. key: dispute_id. inputs: out.life, life.published, life.line, core.claim, out.edition
-- Days from the first remittance that was short to the payment that brought more. What has brought nothing yet has an age instead: leave it out of
-- the denominator and every payer looks quick.
with first_told as (
    select coalesce(l.dispute_id, p.dispute_id) as dispute_id, min(c.remittance_date) as short_remittance_date
    from life.published p
    cross join out.edition e
    left join life.line l on l.file_hash = p.file_hash and l.claim = p.claim and l.line = p.line
    join core.claim c on c.file_hash = p.file_hash and c.claim = p.claim
    where p.standing = 'short' and p.when_date <= e.as_of_date
    group by 1
)
select d.dispute_id, d.payer, d.contract, d.procedure_code, d.cause, d.status, d.is_open, d.service_date, f.short_remittance_date, d.first_seen_date, d.sent_date,
       d.recovered_date, d.first_shortfall_amount, d.recovered_amount, d.shortfall_amount,
       date_diff('day', f.short_remittance_date, d.recovered_date) as recovery_days,
       date_diff('day', d.sent_date, d.recovered_date) as sent_recovery_days,
       case when d.recovered_date is null and d.is_open then date_diff('day', f.short_remittance_date, e.as_of_date) end as waiting_days,
       date_diff('day', f.short_remittance_date, e.as_of_date) as known_days
from out.life d
cross join out.edition e
left join first_told f on f.dispute_id = d.dispute_id
