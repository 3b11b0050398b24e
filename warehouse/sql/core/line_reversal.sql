-- grain: one row a line of a decision that a reversal takes back alone. key: file_hash, claim, line (of the decision).
-- inputs: core.reversal, core.claim, core.thread, core.line
-- A reversal that negates no whole decision, but whose every line negates one line of one decision (by REF*6R where both have it, else by
-- code, modifiers and date; charge and payment to the cent), takes back these lines. X12 wants claims reversed whole (RFI 2442).
with stray as (
    select r.file_hash, r.claim, r.thread, r.sequence, c.charge_amount, c.paid_amount, c.line_count
    from core.reversal r
    join core.claim c on c.file_hash = r.file_hash and c.claim = r.claim
    join core.thread t on t.file_hash = r.file_hash and t.claim = r.claim
    where r.of_claim is null and c.line_count > 0 and not t.crowded
),
decision as (
    select t.thread, t.sequence, c.file_hash, c.claim, c.charge_amount
    from core.claim c
    join core.thread t on t.file_hash = c.file_hash and t.claim = c.claim
    where not c.is_reversal and not c.resent and coalesce(c.claim_status_code, '') not in ('23', '25')
      and not exists (from core.reversal r where r.of_file_hash = c.file_hash and r.of_claim = c.claim)
),
matched as (
    select s.file_hash as by_file_hash, s.claim as by_claim, m.line as by_line, s.line_count, s.charge_amount as by_charge_amount,
           d.file_hash, d.claim, d.sequence, d.charge_amount, l.line,
           row_number() over (partition by s.file_hash, s.claim, d.file_hash, d.claim, m.line order by l.line) as l_turn,
           row_number() over (partition by s.file_hash, s.claim, d.file_hash, d.claim, l.line order by m.line) as m_turn
    from stray s
    join decision d on d.thread = s.thread and d.sequence < s.sequence and d.charge_amount > -s.charge_amount
    join core.line m on m.file_hash = s.file_hash and m.claim = s.claim
    join core.line l on l.file_hash = d.file_hash and l.claim = d.claim and l.charge_amount = -m.charge_amount and l.paid_amount = -m.paid_amount
                    and case when l.numbered_by_practice and m.numbered_by_practice then l.line_control_number = m.line_control_number
                             else l.procedure_code = m.procedure_code and coalesce(l.modifiers, '') = coalesce(m.modifiers, '')
                                  and l.service_date = m.service_date end
),
whole as (
    select by_file_hash, by_claim, file_hash, claim, any_value(sequence) as sequence
    from matched where l_turn = m_turn
    group by by_file_hash, by_claim, file_hash, claim
    having count(distinct by_line) = any_value(line_count) and count(distinct line) = any_value(line_count)
),
latest as (
    select * from whole qualify row_number() over (partition by by_file_hash, by_claim order by sequence desc) = 1
)
select m.file_hash, m.claim, m.line, m.by_file_hash, m.by_claim, m.by_charge_amount
from matched m
join latest w on w.by_file_hash = m.by_file_hash and w.by_claim = m.by_claim and w.file_hash = m.file_hash and w.claim = m.claim
where m.l_turn = m.m_turn
qualify row_number() over (partition by m.file_hash, m.claim, m.line order by m.by_file_hash, m.by_claim) = 1
