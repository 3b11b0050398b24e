-- grain: one row a dispute of work.dispute_told. key: dispute_id. Temporary.
-- inputs: work.dispute_told, work.dispute_history, life.event, life.line, core.adjudication
-- What people said of it last, and how often and when the payer answered. Order is by date, then as written in the journal. What was said
-- before it was opened again counts no more, nor what stood before somebody set it back to `new`.
with turn as (
    select dispute_id, number, when_date, standing, lag(standing) over (partition by dispute_id order by when_date, number) as before
    from (select dispute_id, number, when_date, standing from dispute_history
          union all
          select dispute_id, 2147483647, $as_of, standing from dispute_told)
    where standing in ('short', 'paid', 'taken back')
),
reopened as (
    select dispute_id, max(number) as number, max(when_date) as reopened_date
    from turn where (standing = 'short' and before = 'paid') or (standing = 'taken back' and before <> 'taken back')
    group by dispute_id
),
event as (
    select coalesce(l.dispute_id, e.dispute_id) as dispute_id, e.* exclude (dispute_id, assignee, note),
           trim(e.assignee) as assignee, trim(e.note) as note,
           row_number() over (partition by coalesce(l.dispute_id, e.dispute_id) order by e.when_date, e.number, e.id) as place
    from life.event e
    left join life.line l on l.file_hash = e.file_hash and l.claim = e.claim and l.line = e.line
    where e.when_date <= $as_of
),
said as (
    select dispute_id, nullif(arg_max(assignee, place) filter (where assignee is not null), '') as assignee,
           nullif(arg_max(note, place) filter (where note is not null), '') as note, arg_max(id, place) as last_event
    from event group by dispute_id
),
since as (
    select e.*
    from event e
    left join reopened r on r.dispute_id = e.dispute_id
    where r.number is null or e."after" >= r.number
),
back as (select dispute_id, max(place) as place from since where status = 'new' group by dispute_id),
kept as (
    -- `new` takes back what was set before it
    select s.*, count(*) filter (where s.status = 'sent') over (partition by s.dispute_id order by s.place) as sending
    from since s
    left join back b on b.dispute_id = s.dispute_id
    where s.place >= coalesce(b.place, 0)
),
sent as (
    select dispute_id, max(sending) as sending, max(when_date) filter (where status = 'sent') as sent_date,
           arg_max(status, place) filter (where status is not null) as said_status, arg_max(who, place) filter (where status is not null) as said_by
    from kept group by dispute_id
),
told as (
    -- what was said of each time it was sent
    select dispute_id, sending, max(place) filter (where status in ('lost', 'partly won')) as lost_place,
           min(when_date) filter (where status in ('lost', 'partly won')) as lost_date, max(place) filter (where status = 'reviewing') as reviewing_place,
           arg_max_null(decision_date, place) filter (where decision_date is not null or decision_cleared) as decision_date
    from kept group by dispute_id, sending
),
resting as (
    select k.dispute_id, k.sending, k.when_date as sent_date, k."after", lead(k."after") over (partition by k.dispute_id order by k.sending) as next_after,
           coalesce((select arg_max(h.recovered_amount, h.number) from dispute_history h where h.dispute_id = k.dispute_id and h.number <= k."after"), 0) as before_amount
    from kept k where k.status = 'sent'
),
part_paid as (
    -- a remittance that pays a part after it was sent is the payer's answer: as a night has published it, or this one will
    select r.dispute_id, r.sending, min(j.first_remittance_date) as part_paid_date
    from resting r
    join dispute_told s on s.dispute_id = r.dispute_id
    join sent t on t.dispute_id = r.dispute_id
    join life.line l on l.dispute_id = s.dispute_id and l.thread = s.thread
    join core.adjudication j on j.file_hash = l.file_hash and j.claim = l.claim and j.first_remittance_date > r.sent_date
    where exists (from dispute_history p where p.dispute_id = r.dispute_id and p.status = 'partly won' and p.standing = 'short' and p.recovered_amount > r.before_amount
                  and p.number > r."after" and p.number <= coalesce(r.next_after, p.number))
       or (s.standing = 'short' and s.recovered_amount > r.before_amount and s.remittance_date > r.sent_date and r.next_after is null and t.said_status = 'sent')
    group by r.dispute_id, r.sending
),
answer as (
    select t.* exclude (decision_date), p.part_paid_date is not null as is_part_paid, coalesce(t.decision_date, p.part_paid_date) as decision_date
    from told t left join part_paid p on p.dispute_id = t.dispute_id and p.sending = t.sending
),
lost as (
    -- without a day of the answer, who reviews it again has taken `lost` back
    select *, row_number() over level as lost_levels, lag(lost_place) over level as before_place, row_number() over level = count(*) over (partition by dispute_id) as is_last
    from answer
    where is_part_paid or (lost_place is not null and (decision_date is not null or coalesce(reviewing_place < lost_place, true)))
    window level as (partition by dispute_id order by sending)
),
answered as (
    -- an answer cannot come before the dispute was sent: the next level is counted from the first day that it may have come
    select l.dispute_id, any_value(l.lost_levels)::integer as lost_levels, any_value(l.lost_date) as lost_date, bool_or(l.decision_date is not null) as answer_entered,
           coalesce(any_value(l.decision_date), min(s.when_date), any_value(l.lost_date)) as answer_date
    from lost l
    left join back b on b.dispute_id = l.dispute_id
    left join since s on s.dispute_id = l.dispute_id and s.status = 'sent' and s.place < l.lost_place
                     and (b.place is not null or s.place > coalesce(l.before_place, 0))
    where l.is_last
    group by l.dispute_id
)
select t.dispute_id, s.assignee, s.note, s.last_event, n.said_status, n.said_by, n.sent_date, coalesce(a.lost_levels, 0) as lost_levels, a.lost_date,
       o.decision_date, case when r.number is not null then r.reopened_date end as reopened_date, a.answer_date, coalesce(a.answer_entered, false) as answer_entered
from dispute_told t
left join said s on s.dispute_id = t.dispute_id
left join sent n on n.dispute_id = t.dispute_id
left join told o on o.dispute_id = t.dispute_id and o.sending = n.sending
left join answered a on a.dispute_id = t.dispute_id
left join reopened r on r.dispute_id = t.dispute_id
