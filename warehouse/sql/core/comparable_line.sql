-- grain: one row a service line (a claim without lines: its line 0). key: line_id; file_hash, claim, line.
-- inputs: core.line, core.claim, core.adjudication, core.line_reversal, core.adjustment, core.crowded_day, macro asked_units
-- The allowed amount three ways (RFI 888, 507, 2601) and the lane a line stands in. Two ways that agree give the amount; a line whose
-- amounts do not add up, or whose adjustments are not all understood, has none. Adjustments of the claim: a patient's share and what is
-- taken from the payment leave the lines' allowed amounts alone; a price cut is spread over the lines in proportion to what they were
-- allowed without it, and such a claim is judged on its total; anything else cannot be placed.
with summed as (
    select file_hash, claim, line,
           coalesce(sum(adjustment_amount), 0) as adjustment_amount,
           coalesce(sum(adjustment_amount) filter (where class = 'patient_share'), 0) as patient_share_amount,
           coalesce(sum(adjustment_amount) filter (where class = 'payment_reduction'), 0) as payment_reduction_amount,
           coalesce(sum(adjustment_amount) filter (where class = 'prior_payer'), 0) as prior_payer_amount,
           coalesce(sum(adjustment_amount) filter (where class = 'price'), 0) as price_adjustment_amount,
           coalesce(sum(adjustment_amount) filter (where class in ('denial', 'bundling', 'capitation', 'non_covered')), 0) as refused_amount,
           coalesce(bool_or(class in ('denial', 'non_covered') and adjustment_amount <> 0), false) as denial,
           coalesce(bool_or(class = 'bundling' and adjustment_amount <> 0), false) as bundling,
           coalesce(bool_or(class = 'capitation' and adjustment_amount <> 0), false) as capitation,
           string_agg(distinct code, ', ' order by code) filter (where class in ('denial', 'bundling', 'non_covered') and adjustment_amount <> 0) as refusal_codes,
           string_agg(distinct code, ', ' order by code) filter (where class = 'unknown' and adjustment_amount is distinct from 0) as unknown_codes,
           string_agg(distinct code, ', ' order by code) filter (where class = 'information' and adjustment_amount <> 0) as information_codes,
           string_agg(distinct code, ', ' order by code) filter (where adjustment_amount is null) as blank_codes,
           string_agg(distinct concat(code, ' ', adjustment_amount), ', ' order by concat(code, ' ', adjustment_amount))
               filter (where class not in ('patient_share', 'payment_reduction', 'prior_payer', 'price') and adjustment_amount <> 0) as unplaced
    from core.adjustment group by all
),
on_claim as (select * from summed where line is null),
totalled as (
    select l.file_hash, l.claim,
           c.charge_amount - coalesce(sum(s.adjustment_amount), 0) - coalesce(any_value(o.adjustment_amount), 0) - c.paid_amount as claim_gap_amount,
           case when c.line_count > 0 then sum(coalesce(l.paid_amount, 0)) - coalesce(any_value(o.adjustment_amount), 0) - c.paid_amount else 0 end as paid_gap_amount,
           coalesce(bool_or(l.charge_amount < 0 or l.paid_amount < 0), false) as has_negative
    from core.line l
    join core.claim c on c.file_hash = l.file_hash and c.claim = l.claim
    left join summed s on s.file_hash = l.file_hash and s.claim = l.claim and s.line = l.line
    left join on_claim o on o.file_hash = l.file_hash and o.claim = l.claim
    group by l.file_hash, l.claim, c.charge_amount, c.paid_amount, c.line_count
),
alone as (
    -- lines that a reversal takes back although the rest of the decision stands
    select r.file_hash, r.claim, r.line,
           bool_or(l.line is not null) as corrected
    from core.line_reversal r
    join core.line own on own.file_hash = r.file_hash and own.claim = r.claim and own.line = r.line
    join core.adjudication j on j.file_hash = r.file_hash and j.claim = r.claim
    left join core.adjudication y on y.thread = j.thread and y.state = 'SURVIVING' and (y.file_hash, y.claim) <> (r.file_hash, r.claim)
    left join core.line l on l.file_hash = y.file_hash and l.claim = y.claim
                         and case when l.numbered_by_practice and own.numbered_by_practice then l.line_control_number = own.line_control_number
                                  else coalesce(l.billed_procedure_code, l.procedure_code) = coalesce(own.billed_procedure_code, own.procedure_code)
                                       and l.service_date = own.service_date end
    group by all
),
ways as (
    select l.*, j.thread, j.state, j.state_reason, r.crowd_reason, a.line is not null as line_taken_back, coalesce(a.corrected, false) as line_corrected,
           c.claim_status_code, c.paid_amount as claim_paid_amount, c.prior_payer, c.currency_code, c.line_count, c.patient_key, c.payer_key, c.payee_key,
           coalesce(s.patient_share_amount, 0) as patient_share_amount,
           coalesce(s.payment_reduction_amount, 0) as payment_reduction_amount,
           coalesce(s.prior_payer_amount, 0) as prior_payer_amount,
           coalesce(s.price_adjustment_amount, 0) as price_adjustment_amount,
           coalesce(s.refused_amount, 0) as refused_amount,
           l.charge_amount - coalesce(s.adjustment_amount, 0) - l.paid_amount as line_gap_amount,
           t.claim_gap_amount, t.paid_gap_amount, t.has_negative,
           s.refusal_codes, s.unknown_codes, s.information_codes, s.blank_codes,
           coalesce(s.denial, false) as denial, coalesce(s.bundling, false) or l.bundling_remark_codes is not null as bundling,
           coalesce(s.capitation, false) or coalesce(o.capitation and l.line > 0, false) as capitation,
           o.denial and l.line > 0 as claim_denial, o.bundling and l.line > 0 as claim_bundling,
           case when l.line > 0 then coalesce(o.price_adjustment_amount, 0) else 0 end as claim_price_amount,
           case when l.line > 0 then coalesce(o.refused_amount, 0) else 0 end as claim_refused_amount,
           case when l.line > 0 then coalesce(o.unplaced, case when o.blank_codes is not null then concat(o.blank_codes, ' without an amount') end) end as claim_unplaced,
           l.paid_amount + coalesce(s.patient_share_amount, 0) + coalesce(s.payment_reduction_amount, 0) as own_payment_amount,
           l.charge_amount - coalesce(s.price_adjustment_amount, 0) - coalesce(s.refused_amount, 0) as own_adjustment_amount
    from core.line l
    join core.claim c on c.file_hash = l.file_hash and c.claim = l.claim
    join core.adjudication j on j.file_hash = l.file_hash and j.claim = l.claim
    join totalled t on t.file_hash = l.file_hash and t.claim = l.claim
    left join summed s on s.file_hash = l.file_hash and s.claim = l.claim and s.line = l.line
    left join on_claim o on o.file_hash = l.file_hash and o.claim = l.claim
    left join alone a on a.file_hash = l.file_hash and a.claim = l.claim and a.line = l.line
    left join core.crowded_day r on r.file_hash = l.file_hash and r.claim = l.claim and r.service_date = l.service_date
),
weighed as (
    select file_hash, claim, line, claim_price_amount * 100 as cut, greatest(own_adjustment_amount, 0) * 100 as weight,
           sum(greatest(own_adjustment_amount, 0) * 100) over (partition by file_hash, claim) as whole,
           sum(greatest(own_adjustment_amount, 0) * 100) over (partition by file_hash, claim order by line rows unbounded preceding) as running
    from ways where claim_price_amount <> 0
),
spread as (
    -- running totals in whole cents, rounded half up, so that the shares add up to the claim's cut
    select file_hash, claim, line,
           (sign(cut) * ((2 * abs(cut)::hugeint * running::hugeint + whole::hugeint) // (2 * whole::hugeint)
                         - (2 * abs(cut)::hugeint * (running - weight)::hugeint + whole::hugeint) // (2 * whole::hugeint)))::bigint
           * 0.01::decimal(3,2) as spread_amount
    from weighed where whole > 0
),
derived as (
    select w.*, coalesce(s.spread_amount, 0)::decimal(18,2) as spread_amount,
           own_payment_amount - coalesce(s.spread_amount, 0) as allowed_by_payment_amount,
           own_adjustment_amount - coalesce(s.spread_amount, 0) as allowed_by_adjustment_amount,
           claim_price_amount <> 0 and line_count > 1 as judged_on_claim
    from ways w
    left join spread s on s.file_hash = w.file_hash and s.claim = w.claim and s.line = w.line
),
part as (
    -- parts of one billed line (RFI 958, 2283): one line number, one date
    select file_hash, claim, line_control_number, service_date,
           concat_ws('|', file_hash, claim, line_control_number, service_date) as billed_line,
           bool_or(charge_amount = 0) as has_free_part, count(distinct procedure_code) as part_codes,
           bool_and(billed_procedure_code is not null) and count(distinct billed_procedure_code) = 1 as parts_tell_one,
           bool_or(billed_units <> coalesce(units, 1)) as parts_tell_units,
           count(*) filter (where charge_amount > 0) as charged_parts,
           min(coalesce(units, 1)) filter (where charge_amount > 0) as least_units,
           max(coalesce(units, 1)) filter (where charge_amount > 0) as most_units,
           string_agg(distinct coalesce(billed_procedure_code, procedure_code), ', ') as part_names
    from derived
    where numbered_by_practice and line > 0
    group by all
    having count(*) > 1
),
split as (
    select d.*, p.billed_line, p.part_names,
           coalesce(p.part_codes = 1, false) as split,
           coalesce(p.part_codes > 1 and (p.has_free_part or p.parts_tell_one), false) as unbundled,
           coalesce(p.part_codes = 1 and p.charged_parts > 1 and p.least_units = p.most_units and p.least_units > 1 and not coalesce(p.parts_tell_units, false), false)
               as units_unclear,
           p.billed_line is null and d.line > 0 and d.charge_amount = 0 and d.allowed_by_payment_amount <> 0 as loose_part
    from derived d
    left join part p on d.numbered_by_practice and d.line > 0 and p.file_hash = d.file_hash and p.claim = d.claim
                    and p.line_control_number = d.line_control_number and p.service_date is not distinct from d.service_date
),
loose as (select distinct file_hash, claim from split where loose_part),
counted as (
    select *, paid_amount = 0 and own_payment_amount = 0 and (denial or bundling or coalesce(claim_denial or claim_bundling, false)) as refused_whole,
           refusal_codes is not null or units_remark_codes is not null as refused_units
    from split
),
told as (
    select *,
           case when state <> 'SURVIVING' and state <> 'APART' then state_reason
                when line_taken_back and line_corrected then 'this line was taken back by a reversal of its own and decided again'
                when line_taken_back then 'this line was taken back by a reversal of its own; the correction has not come'
                when state = 'APART' then state_reason
                when claim_status_code in ('2', '3', '20', '21') or prior_payer then 'another payer paid first'
                when capitation then 'paid by the head (CO-24)'
                when paid_amount = 0 and own_payment_amount = 0 and bundling then 'counted as part of another service'
                when (claim_status_code = '4' and claim_paid_amount = 0) or (paid_amount = 0 and own_payment_amount = 0 and denial) then 'denied'
                when claim_paid_amount = 0 and claim_bundling and line > 0 then 'counted as part of another service'
                when claim_paid_amount = 0 and claim_denial then 'denied' end as settled_reason,
           case when date_problem is not null then date_problem
                when crowd_reason is not null then crowd_reason
                when coalesce(currency_code, 'USD') <> 'USD' then concat('amounts in ', currency_code, ', rates in USD')
                when paid_amount is null or charge_amount is null then 'the line has no charge or no payment'
                when has_negative then 'negative amounts in a decision that is not a reversal'
                when claim_status_code = '4' then concat('denied by status, yet ', claim_paid_amount, ' is paid')
                when unknown_codes is not null then concat('adjustment ', unknown_codes, ' is not classified')
                when blank_codes is not null then concat('adjustment ', blank_codes, ' has no amount')
                when line_gap_amount <> 0 then concat('the line does not balance: charge ', charge_amount, ' less adjustments is not ', paid_amount,
                                                      ' (off by ', line_gap_amount, ')')
                when claim_unplaced is not null then concat('adjustments of the claim that cannot be placed on its lines: ', claim_unplaced)
                when claim_gap_amount <> 0 or paid_gap_amount <> 0 then concat('the claim does not balance: off by ', claim_gap_amount,
                                                      ' on the charge, by ', paid_gap_amount, ' on the payment of its lines')
                when information_codes is not null then concat('adjustment ', information_codes, ' moves money that is neither price nor share')
                when exists (from loose o where o.file_hash = l.file_hash and o.claim = l.claim) then 'a line of the claim has no charge but is paid: which line it is part of is not said'
                when unbundled then concat('one billed line (', part_names, ') came back as several codes: compare by hand')
                when line > 0 and charge_amount = 0 and not split then 'a charge of 0: nothing to compare'
                when coalesce(units, 1) <= 0 then concat('units of ', units, ' on a line that is paid')
                when refusal_codes is not null and not asked_units > coalesce(units, 1)
                    then concat('part of the line is refused (', refusal_codes, ', ', refused_amount, '): for what the rest was allowed is not said') end as problem
    from counted l
    join asked_units('counted') k using (file_hash, claim, line)
)
select * exclude (own_payment_amount, own_adjustment_amount, claim_price_amount, line_count, crowd_reason, claim_denial, claim_bundling, claim_unplaced,
                  claim_refused_amount, settled_reason, problem, part_names, loose_part, has_negative, claim_paid_amount, currency_code, refused_whole, refused_units),
       -- what is refused is the charge of the missing units, or their part of what was allowed; anything else is refused of the rest too
       coalesce(refusal_codes is not null and asked_units > coalesce(units, 1)
                and abs(refused_amount * asked_units - charge_amount * (asked_units - coalesce(units, 1))) >= asked_units * 0.01::decimal(3,2)
                and abs((refused_amount + allowed_by_payment_amount) * (asked_units - coalesce(units, 1)) - refused_amount * asked_units)
                    >= asked_units * 0.01::decimal(3,2), false) as refusal_unclear,
       case when state in ('RESENT', 'SUPERSEDED') then case when line_taken_back and state = 'SUPERSEDED' then 'REVERSED' else 'SUPERSEDED' end
            when state in ('REVERSAL', 'REVERSED') or (line_taken_back and line_corrected) then 'REVERSED'
            when state = 'PENDING' or line_taken_back then 'PENDING'
            when state = 'IN_DOUBT' or (state = 'APART' and claim_status_code = '23') then 'NOT_COMPARABLE'
            when state = 'APART' then 'PREDETERMINATION'
            when settled_reason = 'another payer paid first' then 'SECONDARY'
            when settled_reason like 'paid by the head%' then 'CAPITATED'
            when settled_reason like 'counted as%' then 'BUNDLED'
            when settled_reason = 'denied' then 'DENIED'
            when problem is not null then 'NOT_COMPARABLE' end as lane,
       coalesce(settled_reason, problem) as lane_reason,
       case when problem is null and state = 'SURVIVING' then
           case when allowed_by_payment_amount = allowed_by_adjustment_amount then allowed_by_payment_amount
                when allowed_by_payment_amount = stated_allowed_amount then allowed_by_payment_amount
                when allowed_by_adjustment_amount = stated_allowed_amount then allowed_by_adjustment_amount end end as allowed_amount,
       concat_ws(' and ',
           case when allowed_by_payment_amount in (allowed_by_adjustment_amount, stated_allowed_amount) then 'payment' end,
           case when allowed_by_adjustment_amount in (allowed_by_payment_amount, stated_allowed_amount) then 'adjustments' end,
           case when stated_allowed_amount in (allowed_by_payment_amount, allowed_by_adjustment_amount) then 'stated' end) as agreement
from told
