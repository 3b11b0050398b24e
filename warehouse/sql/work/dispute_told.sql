-- grain: one row a dispute that is short tonight, or was published by an earlier night. key: dispute_id. Temporary.
-- inputs: work.dispute_history, life.line, core.verdict, core.claim, core.line, core.comparable_line, core.adjustment, core.line_reversal,
-- core.thread, core.adjudication, core.provider_adjustment, era.file_seen
-- What the remittances say of it now, and what has been recovered: what later decisions brought on what was short, like held against like.
-- What joins the visit later (another claim of the day) brings an allowed amount of its own, which recovers nothing, and no more is recovered
-- than was ever short: what is paid for a unit more is no recovery.
with judged_sum as (
    select judged_group, sum(allowed_amount)::decimal(18,2) as allowed_amount from core.verdict where judged_group is not null group by judged_group
),
subject as (
    select l.dispute_id, l.thread, v.line_id, v.file_hash, v.claim, v.line, v.verdict, v.reason, v.service_date, v.payer, v.plan, v.contract,
           v.contract_file, v.contract_effective, v.cause, v.allowed_amount, v.judged_group, g.allowed_amount as judged_allowed_amount, v.expected_amount,
           v.shortfall_amount, c.remittance_date, j.sequence, j.first_remittance_date as told_date
    from life.line l
    join core.verdict v on v.line_id = l.line_id
    join core.claim c on c.file_hash = v.file_hash and c.claim = v.claim
    join core.adjudication j on j.file_hash = v.file_hash and j.claim = v.claim
    left join judged_sum g on g.judged_group = v.judged_group
    where l.subject
),
decided as (
    -- what each decision on what is short says of it, in whatever order; copies, reversals and a claim refused as a duplicate decide nothing
    select s.dispute_id, j.sequence, any_value(j.first_remittance_date) as told_date,
           sum(hash(k.procedure_code, k.charge_amount, k.paid_amount, coalesce(k.units, 1), k.allowed_by_payment_amount, a.cuts))::hugeint as says
    from subject s
    join life.line l on l.dispute_id = s.dispute_id and l.thread = s.thread
    join core.adjudication j on j.file_hash = l.file_hash and j.claim = l.claim and j.sequence <= s.sequence
                            and j.state not in ('RESENT', 'APART', 'REVERSAL')
    join core.claim c on c.file_hash = l.file_hash and c.claim = l.claim and not c.points_back
    join core.comparable_line k on k.line_id = l.line_id
    left join (
        select b.file_hash, b.claim, b.line, sum(hash(b.code, b.adjustment_amount))::hugeint as cuts
        from core.adjustment b
        semi join life.line m on m.file_hash = b.file_hash and m.claim = b.claim and m.line = b.line
        where b.adjustment_amount is distinct from 0
        group by all
    ) a on a.file_hash = l.file_hash and a.claim = l.claim and a.line = l.line
    group by s.dispute_id, j.sequence
),
told as (
    -- since when they say the same of it as the one that stands: what the payer changed on other lines of the claim tells nothing of this one
    select dispute_id, min(told_date) as told_date
    from (select *, count(*) filter (where changed) over (partition by dispute_id order by sequence desc rows between unbounded preceding and 1 preceding) as changes
          from (select *, says is distinct from lag(says) over (partition by dispute_id order by sequence) as changed from decided))
    where changes = 0
    group by dispute_id
),
dispute as (
    select dispute_id from dispute_history
    union
    select dispute_id from subject where verdict = 'UNDERPAID'
),
seen as (select dispute_id, min(when_date) as first_seen_date from dispute_history group by dispute_id),
first as (
    -- one state, not the first of each amount: a night that is run again must find the same
    select dispute_id, file_hash, claim, line, allowed_amount, judged_allowed_amount, shortfall_amount, last_arrival
    from dispute_history where standing = 'short'
    qualify row_number() over (partition by dispute_id order by number) = 1
),
own_line as (
    -- the line that was short then, today: itself while its decision stands, else the only one like it that does, or the parts it was split into
    select f.dispute_id, sum(v.allowed_amount)::decimal(18,2) as allowed_amount
    from first f
    join core.verdict o on o.file_hash = f.file_hash and o.claim = f.claim and o.line = f.line
    join core.verdict v on v.thread = o.thread and v.service_date is not distinct from o.service_date
                       and v.procedure_code is not distinct from o.procedure_code and v.line_control_number is not distinct from o.line_control_number
    where v.verdict not in ('REVERSED', 'SUPERSEDED')
    group by f.dispute_id
    having count(*) = 1 or (count(distinct (v.file_hash, v.claim)) = 1 and sum(v.charge_amount) = any_value(o.charge_amount))
),
most as (select dispute_id, max(shortfall_amount) as shortfall_amount from dispute_history where standing = 'short' group by dispute_id),
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
    select * from dispute_history qualify row_number() over (partition by dispute_id order by when_date desc, number desc) = 1
),
compared as (
    select d.dispute_id, s.* exclude (dispute_id, payer, plan, contract, cause, judged_group, sequence) replace (least(s.told_date, t.told_date) as told_date),
           coalesce(s.payer, p.payer) as payer, coalesce(s.plan, p.plan) as plan, coalesce(s.contract, p.contract) as contract,
           coalesce(s.cause, p.cause) as cause,
           coalesce(n.first_seen_date, $as_of) as first_seen_date, coalesce(f.shortfall_amount, s.shortfall_amount) as first_shortfall_amount,
           coalesce(s.file_hash, p.file_hash) as known_file_hash, coalesce(s.claim, p.claim) as known_claim, coalesce(s.line, p.line) as known_line,
           least(coalesce(case when s.judged_allowed_amount is null then s.allowed_amount - f.allowed_amount
                               when f.judged_allowed_amount is null then o.allowed_amount - f.allowed_amount
                               else k.allowed_amount - f.judged_allowed_amount end, 0),
                 greatest(m.shortfall_amount, s.shortfall_amount, 0))::decimal(18,2) as gained_amount
    from dispute d
    left join subject s on s.dispute_id = d.dispute_id
    left join told t on t.dispute_id = d.dispute_id
    left join seen n on n.dispute_id = d.dispute_id
    left join first f on f.dispute_id = d.dispute_id
    left join most m on m.dispute_id = d.dispute_id
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
)
select * exclude (gained_amount, raised_amount), (raised_amount - takeback_amount)::decimal(18,2) as recovered_amount,
       case when line_id is null then 'gone'
            when verdict = 'UNDERPAID' then 'short'
            when verdict in ('PAID_AS_EXPECTED', 'OVERPAID', 'CHARGE_BELOW_RATE') then
                case when raised_amount = 0 then 'corrected' when takeback_amount > 0 then 'taken back' else 'paid' end
            when verdict = 'PENDING' then 'reversed'
            when verdict in ('DENIED', 'BUNDLED', 'CAPITATED', 'SECONDARY', 'PREDETERMINATION') then 'denied'
            else 'unjudged' end as standing
from netted
