-- grain: one row a decision on a claim. key: file_hash, claim.
-- inputs: core.claim, core.claim_content, core.thread, core.reversal, core.line_reversal, core.line, core.adjustment
-- The ledger: which decision survives. A later decision on the same services replaces an earlier one (RFI 1741); one that was taken back
-- waits for its correction, and what had been replaced does not come back to life. Contradictions are left in doubt. Services of different
-- plans of care (GP, GO, GN) are never the same; where 59, an X modifier, 76 or 77 stands on one of two paid decisions alone, it is in doubt.
-- Decisions are held against each other; those of a crowded thread are too many for it and stay in doubt.
with decision as (
    select t.thread, t.sequence, t.crowded, c.file_hash, c.claim, c.payment, c.remittance_date, c.is_reversal, c.resent, c.claim_status_code,
           c.charge_amount, c.paid_amount, c.payer_claim_number, c.original_claim_number, c.payer_rank, c.points_back, c.content, k.amounts, c.line_count,
           coalesce(c.claim_status_code, '') in ('23', '25') as apart,
           coalesce(c.claim_status_code, '') in ('1', '2', '3', '4', '19', '20', '21', '22', '23', '25') as known_status,
           r.of_claim is not null as taken_back, r.sequence as reversed_at
    from core.claim c
    join core.claim_content k on k.file_hash = c.file_hash and k.claim = c.claim
    join core.thread t on t.file_hash = c.file_hash and t.claim = c.claim
    left join core.reversal r on r.of_file_hash = c.file_hash and r.of_claim = c.claim
),
preceded as (
    select *, bool_or(is_reversal) over (partition by thread, file_hash, payment)
              or coalesce(lag(is_reversal) over (partition by thread order by sequence), false) as follows_reversal
    from decision
    where not resent and not apart and not crowded
),
payable as (
    -- a 22 with positive amounts is a correction where something has just been taken back (RFI 288); else it may be anything
    select *, claim_status_code = '22' and not follows_reversal as unexplained_22,
           not known_status or (claim_status_code = '22' and not follows_reversal) as shaky
    from preceded
    where not is_reversal
),
refused as (
    select distinct file_hash, claim, line from core.adjustment where class in ('denial', 'bundling', 'non_covered') and adjustment_amount <> 0
),
service as (
    select distinct p.thread, p.file_hash, p.claim, l.numbered_by_practice, case when l.numbered_by_practice then l.line_control_number end as line_control_number,
           coalesce(l.billed_procedure_code, l.procedure_code) as code, l.service_date, l.disciplines, l.set_apart,
           l.paid_amount = 0 and (coalesce(p.claim_status_code = '4', false)
               or exists (from refused r where r.file_hash = l.file_hash and r.claim = l.claim and coalesce(r.line, l.line) = l.line)) as refused
    from payable p
    join core.line l on l.file_hash = p.file_hash and l.claim = p.claim
    where l.line > 0
),
shared as (
    select distinct x.file_hash, x.claim, y.file_hash as other_file_hash, y.claim as other_claim,
           bool_or(x.numbered_by_practice and y.numbered_by_practice) over two as numbered,
           -- what was refused may have been sent again with the modifier that it lacked
           bool_and(x.set_apart <> y.set_apart and not x.refused and not y.refused) over two as set_apart
    from service x
    join service y on y.thread = x.thread and (y.file_hash, y.claim) <> (x.file_hash, x.claim)
                  and case when x.numbered_by_practice and y.numbered_by_practice
                           then x.line_control_number = y.line_control_number and x.service_date is not distinct from y.service_date
                           else x.code = y.code and x.service_date = y.service_date end
                  and (len(x.disciplines) = 0 or len(y.disciplines) = 0 or list_has_any(x.disciplines, y.disciplines))
    window two as (partition by x.file_hash, x.claim, y.file_hash, y.claim)
),
partial_correction as (
    -- decides anew only the lines that were taken back: its charge is theirs
    select distinct p.file_hash, p.claim, l.file_hash as of_file_hash, l.claim as of_claim
    from core.line_reversal l
    join payable d on d.file_hash = l.file_hash and d.claim = l.claim
    join payable p on p.thread = d.thread and p.charge_amount = -l.by_charge_amount and (p.file_hash, p.claim) <> (l.file_hash, l.claim)
),
pair as (
    -- x and another decision y on the same services
    select x.file_hash, x.claim, y.file_hash as other_file_hash, y.claim as other_claim, y.remittance_date as other_date, y.shaky as other_shaky,
           y.taken_back as other_taken_back, y.claim_status_code as other_status,
           x.content = y.content and x.charge_amount = y.charge_amount and x.paid_amount = y.paid_amount and x.claim_status_code = y.claim_status_code as alike,
           -- another remark, status or reference is no other decision
           x.amounts = y.amounts and x.charge_amount = y.charge_amount and x.paid_amount = y.paid_amount as same_amounts,
           x.file_hash = y.file_hash and x.payment = y.payment as one_payment,
           -- under one number, named by it, or after a reversal it is decided again, whatever the modifiers
           coalesce(s.set_apart, false) and not x.taken_back and not y.taken_back
               and not coalesce(x.payer_claim_number in (y.payer_claim_number, y.original_claim_number), false)
               and not coalesce(x.original_claim_number = y.payer_claim_number, false) as set_apart,
           case when y.remittance_date > x.remittance_date then true
                when y.remittance_date < x.remittance_date then false
                when x.taken_back and y.taken_back then y.sequence > x.sequence
                when x.taken_back <> y.taken_back then x.taken_back end as later,
           y.sequence > x.sequence as follows
    from payable x
    join payable y on y.thread = x.thread and (y.file_hash, y.claim) <> (x.file_hash, x.claim)
                  -- as second payer under a number of its own it is another matter; under the same number it is decided again
                  and (y.payer_rank = x.payer_rank or y.payer_claim_number = x.payer_claim_number)
    left join shared s on s.file_hash = x.file_hash and s.claim = x.claim and s.other_file_hash = y.file_hash and s.other_claim = y.claim
    where not y.points_back
      -- in one payment under two claim numbers they are two visits, unless the practice's line numbers, or a reversal between them, say otherwise
      and (x.file_hash <> y.file_hash or x.payment <> y.payment or coalesce(x.payer_claim_number = y.payer_claim_number, true)
           or coalesce(s.numbered, false) or coalesce(y.sequence > x.reversed_at, false) or coalesce(x.sequence > y.reversed_at, false))
      and (s.claim is not null or x.line_count = 0 or y.line_count = 0 or y.original_claim_number = x.payer_claim_number
           or (x.payer_claim_number = y.payer_claim_number and x.charge_amount = y.charge_amount))
      and not exists (from partial_correction c where c.file_hash = y.file_hash and c.claim = y.claim and c.of_file_hash = x.file_hash and c.of_claim = x.claim)
      and not exists (from partial_correction c where c.file_hash = x.file_hash and c.claim = x.claim and c.of_file_hash = y.file_hash and c.of_claim = y.claim)
),
weighed as (
    select file_hash, claim,
           min(other_date) filter (where coalesce(later, alike and follows and not one_payment) and not other_shaky and not set_apart) as replaced_date,
           -- the later of the two stands either way; what it may or may not have replaced is in doubt
           bool_or(set_apart and coalesce(later, true)) as set_apart,
           min(other_date) filter (where (same_amounts and not other_taken_back) or set_apart) as first_alike_date,
           bool_or(later is null and alike and not follows and one_payment) as printed_twice,
           bool_or(later is null and not alike and not other_shaky) as same_day,
           max(other_status) filter (where other_shaky and coalesce(later, true)) as shaky_status
    from pair group by file_hash, claim
),
stray as (
    select t.thread, r.file_hash, c.payment, r.sequence, c.remittance_date, c.charge_amount, c.paid_amount
    from core.reversal r
    join core.thread t on t.file_hash = r.file_hash and t.claim = r.claim
    join core.claim c on c.file_hash = r.file_hash and c.claim = r.claim
    where r.of_claim is null
      and not exists (from core.line_reversal l where l.by_file_hash = r.file_hash and l.by_claim = r.claim)
),
struck as (
    -- a later reversal of nobody knows what; the correction that follows it in its own payment is not struck
    select p.file_hash, p.claim, max(s.remittance_date) as stray_date, arg_max(s.charge_amount, s.sequence) as stray_charge_amount,
           arg_max(s.paid_amount, s.sequence) as stray_paid_amount
    from payable p
    join stray s on s.thread = p.thread and s.remittance_date >= p.remittance_date
                and not (s.file_hash = p.file_hash and s.payment = p.payment and s.sequence < p.sequence)
    group by p.file_hash, p.claim
),
stated as (
    select d.file_hash, d.claim,
           case when d.resent then 'RESENT'
                when d.apart then 'APART'
                when d.is_reversal then 'REVERSAL'
                when d.crowded then 'IN_DOUBT'
                when w.printed_twice then 'RESENT'
                when d.taken_back and w.replaced_date is not null then 'REVERSED'
                when d.taken_back then 'PENDING'
                when w.replaced_date is not null then 'SUPERSEDED'
                when p.shaky or w.same_day or w.set_apart or w.shaky_status is not null then 'IN_DOUBT'
                when k.stray_date is not null then 'PENDING'
                else 'SURVIVING' end as state,
           w.replaced_date, w.first_alike_date, w.shaky_status, w.set_apart, k.stray_charge_amount, k.stray_paid_amount, k.stray_date, p.unexplained_22, p.shaky
    from decision d
    left join payable p on p.file_hash = d.file_hash and p.claim = d.claim
    left join weighed w on w.file_hash = d.file_hash and w.claim = d.claim
    left join struck k on k.file_hash = d.file_hash and k.claim = d.claim
)
select d.thread, d.sequence, d.file_hash, d.claim, d.is_reversal, s.state,
       -- sent again with the same amounts (a cheque issued anew, a remark added), a decision is as old as its first telling
       least(d.remittance_date, coalesce(s.first_alike_date, d.remittance_date)) as first_remittance_date,
       case s.state
            when 'RESENT' then 'sent twice: the same payment or claim counts elsewhere'
            when 'APART' then case d.claim_status_code when '25' then 'a predetermination, not a payment' else 'not this payer''s claim; it was forwarded' end
            when 'REVERSAL' then concat('reversal of an earlier decision', case when d.claim_status_code <> '22' then concat(', sent under status ', d.claim_status_code) end)
            when 'REVERSED' then concat('taken back by a reversal; decided again on ', s.replaced_date)
            when 'SUPERSEDED' then concat('replaced without a reversal by the decision of ', s.replaced_date)
            when 'PENDING' then case when d.taken_back then 'taken back by a reversal; the correction has not come'
                else concat('a reversal of ', s.stray_date, ' (charge ', s.stray_charge_amount, ', paid ', s.stray_paid_amount,
                            ') matches no decision; ask the payer what it takes back') end
            when 'IN_DOUBT' then case
                when d.crowded then 'more than 100 decisions, or 2,000 lines, come as one claim: ask the payer for claim numbers of their own'
                when s.unexplained_22 or s.shaky_status = '22' then 'a decision sent as reversal (22) with positive amounts, and nothing was taken back: it may be either'
                when s.shaky then concat('status ', coalesce(d.claim_status_code, '(none)'), ' is not a claim status')
                when s.shaky_status is not null then concat('a later decision has status ', s.shaky_status, ', which is not a claim status')
                when s.set_apart then 'the same service was decided under another claim number, and one of the two has a modifier that sets it apart (59, X, 76, 77): done twice or decided again? Ask the payer'
                else 'another decision of the same day differs and none is reversed: ask the payer which stands' end
            else 'latest decision that stands' end as state_reason
from decision d
join stated s on s.file_hash = d.file_hash and s.claim = d.claim
