-- grain: one row a night and a dispute that it left otherwise than the night before. key: night_date, dispute_id.
-- inputs: life.published, life.line, out.life, out.edition
-- Nights are told apart by their as-of date: how a dispute stood after the last run of that date, against how it stood after the last
-- run of an earlier one. A night that is run twice shows the same rows.
with told as (
    select coalesce(l.dispute_id, p.dispute_id) as dispute_id, p.* exclude (dispute_id)
    from life.published p
    cross join out.edition e
    left join life.line l on l.file_hash = p.file_hash and l.claim = p.claim and l.line = p.line
    where p.when_date <= e.as_of_date
),
night as (
    select * from told qualify row_number() over (partition by dispute_id, when_date order by number desc) = 1
),
compared as (
    select *, lag(status) over w as before_status, lag(standing) over w as before_standing, lag(shortfall_amount) over w as before_shortfall_amount,
           lag(recovered_amount) over w as before_recovered_amount, lag((file_hash, claim, line)) over w as before_line,
           lag(cause) over w as before_cause, lag(dispute_by) over w as before_dispute_by, lag(version) over w as before_version
    from night
    window w as (partition by dispute_id order by when_date)
)
select c.when_date as night_date, c.dispute_id,
       case when before_status is null then 'found'
            when c.recovered_amount > before_recovered_amount then 'recovered'
            when c.recovered_amount < before_recovered_amount then 'taken back'
            when c.standing <> before_standing then c.standing
            when c.status <> before_status then c.status
            when c.shortfall_amount <> before_shortfall_amount then 'amount'
            when (c.file_hash, c.claim, c.line) is distinct from before_line then 'decided again'
            when c.cause is distinct from before_cause then 'cause'
            when c.dispute_by <> before_dispute_by then 'deadline'
            else 'edited' end as change,
       c.payer, c.contract, k.patient_account, k.service_date, k.procedure_code, c.cause, c.before_status, c.status, c.before_standing, c.standing,
       c.before_shortfall_amount, c.shortfall_amount, (c.recovered_amount - coalesce(before_recovered_amount, 0))::decimal(18,2) as newly_recovered_amount,
       c.assignee, c.note
from compared c
left join out.life k on k.dispute_id = c.dispute_id
-- not where only what it rests on was written down anew
where change <> 'edited' or c.version <> before_version
