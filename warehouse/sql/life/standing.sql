-- grain: one row a dispute that is short tonight, or was published by an earlier night. key: dispute_id.
-- inputs: life.line, life.published, life.event, core.verdict, core.claim, core.line, core.line_reversal, core.thread, core.adjudication,
-- core.provider_adjustment, era.file_seen
-- What the remittances say of it now, what has been recovered, and what people said last. Order is by date, then as written in the journal.
-- Recovered is what later decisions brought on what was short: like is held against like. What joins the visit later (another claim of the day)
-- brings an allowed amount of its own, which recovers nothing.
with history as (
    select coalesce(l.dispute_id, p.dispute_id) as dispute_id, p.* exclude (dispute_id)
    from life.published p
    left join life.line l on l.file_hash = p.file_hash and l.claim = p.claim and l.line = p.line
    where p.when_date <= $as_of
),
judged_sum as (
    select judged_group, sum(allowed_amount)::decimal(18,2) as allowed_amount from core.verdict where judged_group is not null group by judged_group
),
subject as (
    select l.dispute_id, l.thread, v.line_id, v.file_hash, v.claim, v.line, v.verdict, v.reason, v.service_date, v.payer, v.plan, v.contract,
           v.contract_file, v.contract_effective, v.cause, v.allowed_amount, v.judged_group, g.allowed_amount as judged_allowed_amount, v.expected_amount,
           v.shortfall_amount, c.remittance_date, j.first_remittance_date as told_date
    from life.line l
    join core.verdict v on v.line_id = l.line_id
    join core.claim c on c.file_hash = v.file_hash and c.claim = v.claim
    join core.adjudication j on j.file_hash = v.file_hash and j.claim = v.claim
    left join judged_sum g on g.judged_group = v.judged_group
    where l.subject
),
dispute as (
    select dispute_id from history
    union
    select dispute_id from subject where verdict = 'UNDERPAID'
),
seen as (select dispute_id, min(when_date) as first_seen_date from history group by dispute_id),
first as (
    -- one state, not the first of each amount: a night that is run again must find the same
    select dispute_id, file_hash, claim, line, allowed_amount, judged_allowed_amount, shortfall_amount, last_arrival
    from history where standing = 'short'
    qualify row_number() over (partition by dispute_id order by number) = 1
),
own_line as (
    -- the line that was short then, today: itself while its decision stands, else the only one like it that does
    select f.dispute_id, any_value(v.allowed_amount) as allowed_amount
    from first f
    join core.verdict o on o.file_hash = f.file_hash and o.claim = f.claim and o.line = f.line
    join core.verdict v on v.thread = o.thread and v.service_date is not distinct from o.service_date
                       and v.procedure_code is not distinct from o.procedure_code and v.line_control_number is not distinct from o.line_control_number
    where v.verdict not in ('REVERSED', 'SUPERSEDED')
    group by f.dispute_id
    having count(*) = 1
),
arrived as (
    select t.thread, min(a.arrival) as arrival
    from core.thread t
    join (select file_hash, min(arrival) as arrival from era.file_seen group by file_hash) a on a.file_hash = t.file_hash
    group by t.thread
),
known_sum as (
    -- of what is judged together today, the claims that were there then
    select f.dispute_id, sum(v.allowed_amount)::decimal(18,2) as allowed_amount
    from first f
    join subject s on s.dispute_id = f.dispute_id
    join core.verdict v on v.judged_group = s.judged_group
    join arrived a on a.thread = v.thread and a.arrival <= coalesce(f.last_arrival, a.arrival)
    where f.judged_allowed_amount is not null
    group by f.dispute_id
),
last as (
    select * from history qualify row_number() over (partition by dispute_id order by when_date desc, number desc) = 1
),
compared as (
    select d.dispute_id, s.* exclude (dispute_id, payer, plan, contract, cause, judged_group), coalesce(s.payer, p.payer) as payer, coalesce(s.plan, p.plan) as plan,
           coalesce(s.contract, p.contract) as contract, coalesce(s.cause, p.cause) as cause,
           coalesce(n.first_seen_date, $as_of) as first_seen_date, coalesce(f.shortfall_amount, s.shortfall_amount) as first_shortfall_amount,
           coalesce(s.file_hash, p.file_hash) as known_file_hash, coalesce(s.claim, p.claim) as known_claim, coalesce(s.line, p.line) as known_line,
           coalesce(case when s.judged_allowed_amount is null then s.allowed_amount - f.allowed_amount
                         when f.judged_allowed_amount is null then o.allowed_amount - f.allowed_amount
                         else k.allowed_amount - f.judged_allowed_amount end, 0)::decimal(18,2) as gained_amount
    from dispute d
    left join subject s on s.dispute_id = d.dispute_id
    left join seen n on n.dispute_id = d.dispute_id
    left join first f on f.dispute_id = d.dispute_id
    left join own_line o on o.dispute_id = d.dispute_id
    left join known_sum k on k.dispute_id = d.dispute_id
    left join last p on p.dispute_id = d.dispute_id
),
gained as (select distinct thread from compared where gained_amount > 0),
line_reversed as (
    select r.file_hash, r.claim, sum(l.paid_amount) as paid_amount
    from core.line_reversal r
    join core.line l on l.file_hash = r.file_hash and l.claim = r.claim and l.line = r.line
    group by all
),
paid_twice as (
    -- by decisions that were replaced and that no reversal took back: a recovery of that is none of what was won
    select j.thread, sum(greatest(c.paid_amount - coalesce(r.paid_amount, 0), 0)) as amount
    from core.adjudication j
    semi join gained g on g.thread = j.thread
    join core.claim c on c.file_hash = j.file_hash and c.claim = j.claim
    left join line_reversed r on r.file_hash = j.file_hash and r.claim = j.claim
    where j.state = 'SUPERSEDED'
    group by j.thread
),
recovery as (
    select thread, sum(adjustment_amount) as amount
    from core.provider_adjustment
    where adjustment_class in ('takeback', 'forwarded') and not resent and thread in (select thread from gained)
    group by thread
),
taken as (
    -- after the decision that paid; what was put off (as a recovery or as a balance carried) and then taken nets to nothing beyond the reversal
    -- it belongs to
    select c.dispute_id, greatest(0, least(any_value(t.amount) - coalesce(any_value(p.amount), 0), sum(a.adjustment_amount)))::decimal(18,2) as amount,
           max(a.remittance_date) as last_takeback_date
    from compared c
    join core.provider_adjustment a on a.thread = c.thread and a.adjustment_class = 'takeback' and not a.resent and a.remittance_date > c.remittance_date
    join recovery t on t.thread = c.thread
    left join paid_twice p on p.thread = c.thread
    where c.gained_amount > 0
    group by c.dispute_id
),
netted as (
    -- of several disputes on one claim the first by name bears it first
    select c.*, greatest(c.gained_amount, 0) as raised_amount, t.last_takeback_date,
           greatest(0, least(greatest(c.gained_amount, 0), coalesce(t.amount, 0) - coalesce(sum(greatest(c.gained_amount, 0)) over earlier, 0)))::decimal(18,2)
               as takeback_amount
    from compared c
    left join taken t on t.dispute_id = c.dispute_id
    window earlier as (partition by c.thread order by c.dispute_id rows between unbounded preceding and 1 preceding)
),
stated as (
    select * exclude (gained_amount, raised_amount), (raised_amount - takeback_amount)::decimal(18,2) as recovered_amount,
           case when line_id is null then 'gone'
                when verdict = 'UNDERPAID' then 'short'
                when verdict in ('PAID_AS_EXPECTED', 'OVERPAID', 'CHARGE_BELOW_RATE') then
                    case when raised_amount = 0 then 'corrected' when takeback_amount > 0 then 'taken back' else 'paid' end
                when verdict = 'PENDING' then 'reversed'
                when verdict in ('DENIED', 'BUNDLED', 'CAPITATED', 'SECONDARY', 'PREDETERMINATION') then 'denied'
                else 'unjudged' end as standing
    from netted
),
turn as (
    select dispute_id, number, when_date, standing, lag(standing) over (partition by dispute_id order by when_date, number) as before
    from (select dispute_id, number, when_date, standing from history
          union all
          select dispute_id, 2147483647, $as_of, standing from stated)
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
           coalesce((select arg_max(h.recovered_amount, h.number) from history h where h.dispute_id = k.dispute_id and h.number <= k."after"), 0) as before_amount
    from kept k where k.status = 'sent'
),
part_paid as (
    -- a remittance that pays a part after it was sent is the payer's answer: as a night has published it, or this one will
    select r.dispute_id, r.sending, min(j.first_remittance_date) as part_paid_date
    from resting r
    join stated s on s.dispute_id = r.dispute_id
    join sent t on t.dispute_id = r.dispute_id
    join life.line l on l.dispute_id = s.dispute_id and l.thread = s.thread
    join core.adjudication j on j.file_hash = l.file_hash and j.claim = l.claim and j.first_remittance_date > r.sent_date
    where exists (from history p where p.dispute_id = r.dispute_id and p.status = 'partly won' and p.standing = 'short' and p.recovered_amount > r.before_amount
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
select s.*, e.assignee, e.note, e.last_event, t.said_status, t.said_by, t.sent_date, coalesce(a.lost_levels, 0) as lost_levels, a.lost_date,
       k.decision_date, case when r.number is not null then r.reopened_date end as reopened_date, a.answer_date, coalesce(a.answer_entered, false) as answer_entered
from stated s
left join said e on e.dispute_id = s.dispute_id
left join sent t on t.dispute_id = s.dispute_id
left join told k on k.dispute_id = s.dispute_id and k.sending = t.sending
left join answered a on a.dispute_id = s.dispute_id
left join reopened r on r.dispute_id = s.dispute_id
order by s.dispute_id
