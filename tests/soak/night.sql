-- grain: one row a rule that must hold after every night, with how often it does not. inputs: a published database
with again as (
    select t.thread
    from core.thread t
    join core.claim c on c.file_hash = t.file_hash and c.claim = t.claim
    where not c.resent
    group by t.thread
    having count(*) > 1
),
recovered as (
    select l.dispute_id, v.thread, v.judged_group
    from out.life l
    join core.verdict v on v.line_id = l.line_id
    where l.recovered_amount > 0
),
bearing as (
    select dispute_id, thread from recovered
    union
    select r.dispute_id, v.thread from recovered r join core.verdict v on v.judged_group = r.judged_group
),
unfounded as (
    select dispute_id from bearing group by dispute_id having not bool_or(thread in (select thread from again))
),
judged as (
    select count(*) as line_count, count(distinct line_id) as distinct_count, count(verdict) as verdict_count, sum(charge_amount) as charge_amount,
           sum(paid_amount) as paid_amount, count(*) filter (where line > 0) as sent_count
    from core.verdict
),
counted as (select sum(line_count) as line_count, sum(charge_amount) as charge_amount, sum(paid_amount) as paid_amount from out.coverage)
select 'lines without a verdict, or with two' as what, 2 * line_count - distinct_count - verdict_count as wrong from judged
union all
select 'lines that were sent and are not judged', abs((select count(*) from era.service_line) - sent_count) from judged
union all
select 'coverage that does not add up',
       (select count(*) from judged j, counted c where (j.line_count, j.charge_amount, j.paid_amount) is distinct from (c.line_count, c.charge_amount, c.paid_amount))
union all
select 'payments that do not add up', (select count(*) from out.cash where difference_amount <> 0)
union all
select 'disputes with money recovered where nothing was decided again', (select count(*) from unfounded)
