-- grain: one row a service line. key: file_hash, claim, line (line_id).
-- inputs: core.comparable_line, core.claim, core.expected_line, core.judged_amount, core.cause, era.file_seen
-- A line is judged with what it is capped with (a visit, a claim), was split from (one line control number), shares a cut with (an
-- adjustment of the claim) or is ranked with where the payer took another for the first: the sum is compared, and the shortfall stands on
-- the lead line. A group with a member that is open is not judged; one for which nothing was allowed, outside visits and caps, is judged by itself.
with part as (
    select l.*, c.patient_account as account, c.payer_claim_number as claim_number,
           case when l.split and l.lane is null then concat_ws('|', l.billed_line, l.procedure_code, l.modifiers) else l.line_id::varchar end as priced_as
    from core.comparable_line l
    join core.claim c on c.file_hash = l.file_hash and c.claim = l.claim
),
whole as (
    -- the parts of a split line share one price, which stands on the first
    select priced_as, arg_min(line_id, line) as priced_line_id, count(*) as priced_parts,
           sum(case when charge_amount > 0 then priced_units else 0 end) as whole_units
    from part where split and lane is null group by priced_as
),
priced as (
    select p.*, coalesce(w.priced_line_id, p.line_id) as priced_line_id, coalesce(w.priced_line_id = p.line_id, true) as bears_price,
           coalesce(w.priced_parts, 1) as priced_parts, w.whole_units
    from part p
    left join whole w on w.priced_as = p.priced_as
),
line as (
    select l.*, e.* exclude (line_id, reason, expected_cents, group_id, group_expected_cents, judged_on),
           coalesce(m.reranked, false) as reranked, case when reranked then m.judged_group else e.group_id end as group_id,
           case when not reranked then e.group_expected_cents end as group_expected_cents, case when reranked then 'visit' else e.judged_on end as judged_on,
           e.reason as price_reason,
           -- by units; what does not divide stands on the first part
           case when l.priced_parts = 1 then e.expected_cents
                when l.bears_price then e.expected_cents - (e.expected_cents * 1000 * (whole_units - case when charge_amount > 0 then priced_units else 0 end)
                                                            // (1000 * greatest(whole_units, 1)))::bigint
                else (e.expected_cents * 1000 * case when charge_amount > 0 then priced_units else 0 end // (1000 * greatest(whole_units, 1)))::bigint end as share_cents,
           case when l.lane is not null then l.lane
                when e.outcome in ('NO_CONTRACT', 'AMBIGUOUS_CONTRACT', 'NO_RATE', 'CAPITATED', 'NOT_COMPARABLE') then e.outcome
                when l.allowed_amount is null then 'NOT_COMPARABLE' end as early,
           case when l.lane is not null then l.lane_reason
                when e.outcome = 'NO_RATE' and l.line = 0 then concat('no service lines, the claim is all there is: ', e.reason)
                when e.outcome in ('NO_CONTRACT', 'AMBIGUOUS_CONTRACT', 'NO_RATE', 'CAPITATED', 'NOT_COMPARABLE') then e.reason
                when l.allowed_amount is null then concat('no two ways to the allowed amount agree: by payment ',
                    coalesce(l.allowed_by_payment_amount::varchar, '-'), ', by adjustments ', coalesce(l.allowed_by_adjustment_amount::varchar, '-'),
                    ', stated ', coalesce(l.stated_allowed_amount::varchar, '-')) end as early_reason,
           coalesce(case when reranked then m.judged_group else e.group_id end, case when l.judged_on_claim then concat_ws('|', 'claim', l.file_hash, l.claim)
                                     when l.split then concat_ws('|', 'split', l.billed_line, l.procedure_code) end,
                    concat('line:', l.line_id)) as judged_group
    from priced l
    left join core.expected_line e on e.line_id = l.priced_line_id
    left join core.judged_amount m on m.line_id = l.priced_line_id
),
asked as (
    select * replace (case when nothing then 'NOT_COMPARABLE' else early end as early,
                      case when nothing then 'nothing was allowed, and no adjustment refuses the line: ask the payer why' else early_reason end as early_reason)
    from (select *, early is null and group_id is null and sum(allowed_amount) over (partition by priced_line_id, early) = 0
                    and expected_low_cents > tolerance_cents as nothing
          from line)
),
placed as (
    -- what a claim's cut is spread over must be judged together
    select *, judged_on_claim and min(judged_group) filter (where early is null) over c <> max(judged_group) filter (where early is null) over c as torn
    from asked
    window c as (partition by file_hash, claim)
),
summed as (
    select * replace (case when torn and early is null then 'NOT_COMPARABLE' else early end as early,
                      case when torn and early is null then 'an adjustment of the claim is spread over lines that are judged on different visits' else early_reason end as early_reason),
           count(*) filter (where early is null) over g as group_lines,
           -- refused, bundled and replaced lines are settled; anything else that is not judged leaves the group open
           bool_or(early in ('NOT_COMPARABLE', 'PENDING', 'NO_CONTRACT', 'AMBIGUOUS_CONTRACT', 'NO_RATE', 'SECONDARY') and not nothing) over g as group_open,
           bool_or(early is null and outcome = 'AMBIGUOUS_LOCALITY') over g as group_ambiguous,
           bool_or(early is null and (units_unclear or refusal_unclear)) over g as group_unclear,
           sum((allowed_amount * 100)::bigint) filter (where early is null) over g as allowed_cents,
           -- a group without one total (a cap that may bite or not) is judged on the sums of its lines
           coalesce(max(group_expected_cents) over g, sum(expected_low_cents) filter (where early is null and bears_price) over g) as low_cents,
           coalesce(max(group_expected_cents) over g, sum(expected_high_cents) filter (where early is null and bears_price) over g) as high_cents,
           sum(tolerance_cents) filter (where early is null and bears_price) over g as slack_cents,
           row_number() over (partition by judged_group, early is null
                              order by coalesce(group_lead, false) and bears_price desc, expected_high_cents desc, bears_price desc, file_hash, claim, line) = 1 as lead
    from placed
    window g as (partition by judged_group)
),
judged as (
    select *,
           case when early is not null then early
                when group_open then 'NOT_COMPARABLE'
                when low_cents is null then 'AMBIGUOUS_LOCALITY'
                when allowed_cents = 0 and low_cents > slack_cents then 'NOT_COMPARABLE'
                when group_unclear and allowed_cents < low_cents - slack_cents then 'NOT_COMPARABLE'
                when allowed_cents < low_cents - slack_cents then case when lead then 'UNDERPAID' else 'PAID_AS_EXPECTED' end
                when group_ambiguous then 'AMBIGUOUS_LOCALITY'
                when allowed_cents > high_cents + slack_cents then case when lead then 'OVERPAID' else 'PAID_AS_EXPECTED' end
                when lesser_of_applied then 'CHARGE_BELOW_RATE'
                else 'PAID_AS_EXPECTED' end as verdict
    from summed
),
caused as (
    -- the first of those that need no other line to bear them out; the rest are its rivals
    select line_id, arg_min(cause, cause_rank) as cause, arg_min(cause_evidence, cause_rank) as cause_evidence,
           array_to_string(list(concat(cause, ' (' || nullif(label, '') || ')') order by cause_rank)[2:], '; ') as rivals
    from core.cause where borne_out group by line_id
)
select f.name as source_file, j.account as patient_account, j.claim_number as payer_claim_number, j.line_control_number, j.service_date, j.procedure_code,
       j.verdict,
       case when early is not null then early_reason
            when group_open then concat('another line of the ',
                case when group_id is null and judged_on_claim then 'claim' when group_id is null then 'split line' when judged_on = 'claim' then 'claim' else 'patient-day' end,
                ' cannot be judged, and they are judged on their sum')
            when verdict = 'NOT_COMPARABLE' and allowed_cents > 0 and units_unclear
                then 'each part of the split line states the same units: whether they are to be added is not said'
            when verdict = 'NOT_COMPARABLE' and allowed_cents > 0 and refusal_unclear
                then concat('what is refused (', j.refusal_codes, ', ', j.refused_amount, ') is not what the missing units come to: for what the rest was allowed is not said')
            when verdict = 'NOT_COMPARABLE' and allowed_cents > 0
                then 'what is refused of another line that it is judged with is not what its missing units come to'
            when verdict = 'NOT_COMPARABLE' then 'nothing was allowed, and no adjustment refuses the line: ask the payer why'
            when verdict = 'AMBIGUOUS_LOCALITY' then price_reason
            when group_lines > 1 then concat('judged on ',
                case when group_id is null and judged_on_claim then 'the claim, whose adjustments are spread,'
                     when group_id is null then 'a split line' when judged_on = 'claim' then 'the claim'
                     when reranked then 'the day, of which another line was paid as the first,' else 'the visit' end,
                ' of ', group_lines, ' lines: allowed ', (allowed_cents * 0.01::decimal(3,2))::decimal(18,2), ', expected ', (low_cents * 0.01::decimal(3,2))::decimal(18,2))
            else price_reason end as reason,
       j.allowed_amount,
       case when early is null and verdict not in ('AMBIGUOUS_LOCALITY', 'NOT_COMPARABLE') then
           (case when group_id is not null or priced_parts > 1 then share_cents
                 else greatest(expected_low_cents, least(expected_high_cents, (allowed_amount * 100)::bigint)) end * 0.01::decimal(3,2))::decimal(18,2) end as expected_amount,
       case when verdict = 'UNDERPAID' then ((low_cents - allowed_cents) * 0.01::decimal(3,2))::decimal(18,2)
            when early is null and verdict not in ('AMBIGUOUS_LOCALITY', 'NOT_COMPARABLE') then 0::decimal(18,2) end as shortfall_amount,
       case when verdict = 'UNDERPAID' then coalesce(y.cause, 'unexplained') end as cause,
       case when verdict = 'UNDERPAID' then y.cause_evidence end as cause_evidence,
       case when verdict = 'UNDERPAID' then nullif(y.rivals, '') end as rivals,
       j.charge_amount, j.paid_amount, j.modifiers, j.priced_units as units, j.contract, j.contract_file, j.contract_effective, j.payer, j.plan,
       j.rate_basis, j.rate_row, j.site, j.setting, j.locality, j.locality_source,
       case when group_lines > 1 then judged_group end as judged_group, j.agreement,
       j.thread, j.file_hash, j.claim, j.line, j.line_id, j.segment as source_segment
from judged j
left join caused y on y.line_id = j.line_id
-- of several names that the same bytes came under, the first by name: the order of arrival decides nothing here
join (select file_hash, min(name) as name from era.file_seen where outcome in ('loaded', 'duplicate') group by file_hash) f on f.file_hash = j.file_hash
order by j.file_hash, j.claim, j.line
