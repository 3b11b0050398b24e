-- grain: one row a dispute that does not stand as it was last published. inputs: out.life, life.published, terms.rule_file, era.file_seen
-- With what it rests on: the rule set, and the last arrival of a file that was loaded by then.
with last as (
    select * from life.published where when_date <= $as_of
    qualify row_number() over (partition by dispute_id order by when_date desc, number desc) = 1
)
select $as_of as when_date, o.dispute_id, o.version, o.standing, o.status, o.assignee, o.note, o.decision_date, o.last_event, o.payer, o.plan,
       o.contract, o.cause, o.allowed_amount, o.judged_allowed_amount, o.expected_amount, o.shortfall_amount, o.recovered_amount, o.dispute_level,
       o.dispute_by, o.file_hash, o.claim, o.line, (select max(rule_set) from terms.rule_file) as rule_set,
       (select max(arrival) from era.file_seen) as last_arrival
from out.life o
left join last p on p.dispute_id = o.dispute_id
where o.version is distinct from p.version or o.cause is distinct from p.cause
   or (o.standing in ('short', 'taken back') and o.dispute_by is distinct from p.dispute_by)
order by o.dispute_id
