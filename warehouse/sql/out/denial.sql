-- grain: one row a line that was refused, in whole or in part: what to do about it, by when, with what. key: denial_id.
-- inputs: core.denial, life.denial_window, core.claim, era.file_seen. Open ones first, first to expire first.
with used as (
    select * from life.denial_window
    qualify row_number() over (partition by denial_id order by dispute_by < $as_of, fallback, case when dispute_by < $as_of then -position else position end) = 1
),
named as (
    select file_hash, min(name) as name from era.file_seen where outcome in ('loaded', 'duplicate') group by file_hash
),
stated as (
    select d.*, u.deadline_level, u.dispute_by as deadline_date, u.anchor_date, u.submit_to,
           case when d.standing = 'denied' and d.route <> 'none' and u.denial_id is null then
                    case when d.contract is null then 'no contract covers the line: its windows are not known'
                         when d.service_date is null then 'the line has no date of service'
                         when d.route = 'claim' then concat('contract ', d.contract, ' does not say how long a corrected claim may be filed ([filing])')
                         else concat('contract ', d.contract, ' has no [[dispute]] window') end
                else u.deadline_source end as deadline_source,
           case when d.standing in ('paid', 'paid elsewhere') then 'paid'
                when d.standing <> 'denied' then d.standing
                when d.strategy in ('not_recoverable', 'patient_liability') then 'closed'
                when u.dispute_by < $as_of then 'expired'
                else 'open' end as status
    from core.denial d
    left join used u on u.denial_id = d.denial_id
)
select s.denial_id, s.status, s.strategy, s.payer, s.plan, s.contract, c.patient_account, c.payer_claim_number, s.service_date, s.denied_date as remittance_date,
       c.trace_number, s.procedure_code, s.modifiers, s.refused, s.refused_units, s.refusal_codes, s.remark_codes, s.denial_kind, s.charge_amount,
       s.expected_amount, s.recoverable_amount, s.recovered_amount, s.argument, s.rule_source, s.contains, s.deadline_level, s.deadline_date,
       case when s.status = 'open' then date_diff('day', $as_of, s.deadline_date)::integer end as days_left, s.deadline_source, s.submit_to,
       s.edits_of, s.edit_finding, s.other_code, s.edit_proof, s.edition, s.modifier_indicator,
       case when s.expected_amount is null then s.price_reason end as price_reason, s.rate_row, s.first_denied_date, s.paid_date, s.paid_claim,
       n.name as source_file, s.source_segment, s.contract_file, s.file_hash, s.claim, s.line, s.line_id
from stated s
join core.claim c on c.file_hash = s.file_hash and c.claim = s.claim
join named n on n.file_hash = s.file_hash
order by s.status <> 'open', s.deadline_date nulls last, s.recoverable_amount desc nulls last, s.denial_id
