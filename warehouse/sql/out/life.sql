-- grain: one row a dispute ever published: how it stands, and what became of it. key: dispute_id.
-- inputs: life.standing, life.window, work.dispute_history, core.verdict
-- What the remittances prove goes before what people said: a line paid is won, one that corrected contract data no longer finds short was never
-- owed. A dispute that was sent does not expire.
with level as (
    select * from life.window where not fallback
    qualify row_number() over (partition by dispute_id order by dispute_by, position) = 1
),
rest as (
    select * from life.window where fallback and dispute_by >= $as_of
    qualify row_number() over (partition by dispute_id order by dispute_by, position) = 1
),
windowed as (
    select s.*, coalesce(s.said_status, case when s.reopened_date is not null then 'reviewing' else 'new' end) as base,
           case when r.dispute_id is not null and coalesce(w.dispute_by < $as_of, true) then r else w end as used
    from life.standing s
    left join level w on w.dispute_id = s.dispute_id
    left join rest r on r.dispute_id = s.dispute_id
),
ruled as (
    select *, used.dispute_level as dispute_level, used.dispute_by as dispute_by, used.window_source as window_source, used.submit_to as submit_to,
           used.anchor_date as anchor_date, coalesce(used.window_reopened, false) as window_reopened,
           case when standing = 'paid' then case when base = 'invalid' then 'invalid' else 'won' end
                when standing = 'corrected' then case when base in ('won', 'partly won') then base else 'invalid' end
                when standing = 'short' and base = 'sent' and recovered_amount > 0 and remittance_date > sent_date then 'partly won'
                when standing in ('short', 'taken back') and base in ('new', 'reviewing') and used.dispute_by < $as_of then 'expired'
                else base end as status
    from windowed
),
opened as (
    select *, standing in ('short', 'taken back')
              and (status in ('new', 'reviewing', 'sent') or (status in ('lost', 'partly won') and coalesce(dispute_by >= $as_of, false))) as is_open,
           case when standing = 'taken back' then takeback_amount when standing = 'short' then shortfall_amount else 0 end::decimal(18,2) as disputed_amount
    from ruled
),
versioned as (
    select *, substr(sha256(concat_ws('|', dispute_id, standing, status, coalesce(assignee, ''), coalesce(note, ''), coalesce(decision_date::varchar, ''),
                                      coalesce(last_event, ''), coalesce(file_hash, ''), coalesce(claim, 0), coalesce(line, 0),
                                      coalesce(allowed_amount::varchar, ''), coalesce(expected_amount::varchar, ''), disputed_amount)), 1, 10) as version
    from opened
),
changed as (
    select dispute_id, max(number) as number
    from dispute_history p where exists (from versioned v where v.dispute_id = p.dispute_id and v.status <> p.status)
    group by dispute_id
),
since as (
    select p.dispute_id, min(p.when_date) as status_date
    from dispute_history p left join changed c on c.dispute_id = p.dispute_id
    where p.number > coalesce(c.number, 0)
    group by p.dispute_id
)
select v.dispute_id, v.status, v.standing, v.is_open, v.assignee, v.note, v.decision_date, v.payer, v.plan, v.contract, k.patient_account,
       k.payer_claim_number, k.service_date, k.procedure_code, v.remittance_date, v.cause, v.first_seen_date, v.first_shortfall_amount,
       v.disputed_amount as shortfall_amount, v.recovered_amount, v.takeback_amount,
       case when v.recovered_amount > 0 then v.remittance_date end as recovered_date,
       coalesce(s.status_date, $as_of) as status_date, case when v.status = v.said_status then v.said_by else 'shortpay' end as status_by,
       v.sent_date, v.reopened_date, v.dispute_level, v.dispute_by,
       case when v.status not in ('sent', 'won', 'invalid', 'written off') then date_diff('day', $as_of, v.dispute_by)::integer end as days_left,
       case when v.is_open and v.status <> 'sent' and v.dispute_by between $as_of and $next_night - 1
            then concat('the window closes before the night of ', $next_night) end as alarm,
       v.anchor_date, v.window_reopened, v.window_source, v.submit_to, v.allowed_amount, v.judged_allowed_amount, v.expected_amount, v.last_event, v.version,
       k.file_hash, k.claim, k.line, v.line_id
from versioned v
left join core.verdict k on k.file_hash = v.known_file_hash and k.claim = v.known_claim and k.line = v.known_line
left join since s on s.dispute_id = v.dispute_id
order by v.dispute_id
