-- grain: one row a service line. key: file_hash, claim, line (line_id). inputs: core.comparable_line, core.claim, core.expected_line, era.file_seen
-- A line is judged with what it is capped with (a visit, a claim) or was split from (one line control number): the sum is compared,
-- and the shortfall stands on the lead line.
with line as (
    select l.*, c.patient_account as account, c.payer_claim_number as claim_number, e.* exclude (line_id, reason, expected_cents),
           e.reason as price_reason, e.expected_cents as group_share_cents,
           case when l.lane is not null then l.lane
                when e.outcome in ('NO_CONTRACT', 'AMBIGUOUS_CONTRACT', 'NO_RATE', 'CAPITATED') then e.outcome
                when l.allowed_amount is null then 'NOT_COMPARABLE' end as early,
           case when l.lane is not null then l.lane_reason
                when e.outcome in ('NO_CONTRACT', 'AMBIGUOUS_CONTRACT', 'NO_RATE', 'CAPITATED') then e.reason
                when l.allowed_amount is null and l.unspread_amount <> 0 then concat('adjustments of ', l.unspread_amount, ' stand on the claim, not on its lines')
                when l.allowed_amount is null and l.unknown_codes is not null then concat('adjustment ', l.unknown_codes, ' is not classified')
                when l.allowed_amount is null then concat('no two ways to the allowed amount agree: by payment ',
                    coalesce(l.allowed_by_payment_amount::varchar, '-'), ', by adjustments ', coalesce(l.allowed_by_adjustment_amount::varchar, '-'),
                    ', stated ', coalesce(l.stated_allowed_amount::varchar, '-')) end as early_reason,
           coalesce(e.group_id, case when l.numbered_by_practice then concat_ws('|', 'split', l.file_hash, l.claim, l.line_control_number, l.service_date, l.procedure_code) end,
                    concat('line:', l.line_id)) as judged_group
    from core.comparable_line l
    join core.claim c on c.file_hash = l.file_hash and c.claim = l.claim
    left join core.expected_line e on e.line_id = l.line_id
),
summed as (
    select *,
           count(*) over g as group_lines,
           bool_or(early is not null) over g as group_abstains,
           bool_or(outcome = 'AMBIGUOUS_LOCALITY') over g as group_ambiguous,
           bool_or(coalesce(lesser_of_applied, false)) over g as group_charge_low,
           sum((allowed_amount * 100)::bigint) over g as allowed_cents,
           case when group_id is not null then max(group_expected_cents) over g else sum(expected_low_cents) over g end as low_cents,
           case when group_id is not null then max(group_expected_cents) over g else sum(expected_high_cents) over g end as high_cents,
           sum(tolerance_cents) over g as slack_cents,
           row_number() over (partition by judged_group, early is null order by coalesce(group_lead, false) desc, expected_high_cents desc, line_id) = 1 as lead
    from line
    window g as (partition by judged_group, early is null)
),
judged as (
    select *,
           case when early is not null then early
                when low_cents is null then 'AMBIGUOUS_LOCALITY'
                when allowed_cents < low_cents - slack_cents then case when lead then 'UNDERPAID' else 'PAID_AS_EXPECTED' end
                when group_ambiguous then 'AMBIGUOUS_LOCALITY'
                when allowed_cents > high_cents + slack_cents then case when lead then 'OVERPAID' else 'PAID_AS_EXPECTED' end
                when lesser_of_applied then 'CHARGE_BELOW_RATE'
                else 'PAID_AS_EXPECTED' end as verdict
    from summed
)
select f.name as source_file, j.account as patient_account, j.claim_number as payer_claim_number, j.line_control_number, j.service_date, j.procedure_code,
       j.verdict,
       case when early is not null then early_reason
            when verdict = 'AMBIGUOUS_LOCALITY' then price_reason
            when group_lines > 1 then concat('judged on ', case when group_id is null then 'a split line' when judged_on = 'claim' then 'the claim' else 'the visit' end,
                ' of ', group_lines, ' lines: allowed ', (allowed_cents / 100)::decimal(18,2), ', expected ', (low_cents / 100)::decimal(18,2))
            else price_reason end as reason,
       j.allowed_amount,
       case when early is null and verdict <> 'AMBIGUOUS_LOCALITY' then
           (case when group_id is not null then group_share_cents
                 else greatest(expected_low_cents, least(expected_high_cents, (allowed_amount * 100)::bigint)) end * 0.01::decimal(3,2))::decimal(18,2) end as expected_amount,
       case when verdict = 'UNDERPAID' then ((low_cents - allowed_cents) * 0.01::decimal(3,2))::decimal(18,2)
            when early is null and verdict <> 'AMBIGUOUS_LOCALITY' then 0::decimal(18,2) end as shortfall_amount,
       case when verdict = 'UNDERPAID' then 'unexplained' end as cause,
       j.charge_amount, j.paid_amount, j.modifiers, j.priced_units as units, j.contract, j.contract_file, j.contract_effective, j.payer, j.plan,
       j.rate_basis, j.rate_row, j.site, j.setting, j.locality, j.locality_source,
       case when group_lines > 1 then judged_group end as judged_group, j.agreement,
       j.thread, j.file_hash, j.claim, j.line, j.line_id, j.segment as source_segment
from judged j
join era.file_seen f on f.file_hash = j.file_hash and f.outcome = 'loaded'
order by j.line_id
