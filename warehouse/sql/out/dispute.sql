-- grain: one row a line short of what is owed, or paid and then taken back. key: dispute_id. inputs: out.life, core.verdict, core.claim
with told as (
    select v.*, d.dispute_id, d.standing, c.remittance_date, c.trace_number,
           case when d.standing = 'taken back' then 'taken back' else v.cause end as told_cause,
           case when d.standing = 'taken back' then concat(d.takeback_amount, ' was taken back after the decision of ', c.remittance_date, ' had paid')
                else concat_ws('; ', coalesce(v.cause_evidence, 'no mistake that we know of reproduces what was allowed'), case when v.judged_group is null then v.reason end) end as evidence,
           case when v.judged_group is not null then v.reason end as judged_with
    from out.life d
    join core.verdict v on v.line_id = d.line_id
    join core.claim c on c.file_hash = v.file_hash and c.claim = v.claim
    where d.standing in ('short', 'taken back')
)
select d.dispute_id, d.status,
       v.payer, v.plan, v.contract, v.patient_account, v.payer_claim_number, v.service_date, v.remittance_date, v.trace_number,
       v.procedure_code, v.modifiers, v.units, v.charge_amount, v.allowed_amount, v.expected_amount, d.shortfall_amount, v.judged_with, v.paid_amount,
       v.told_cause as cause, v.evidence as cause_evidence, case when v.standing = 'short' then v.rivals end as rivals,
       d.dispute_level, d.dispute_by, d.days_left, d.window_source,
       concat('P-', upper(substr(sha256(concat_ws('|', v.payer, v.contract, v.told_cause, v.rate_row)), 1, 10))) as project,
       v.source_file, v.source_segment, d.assignee, d.note, d.decision_date, d.alarm, d.is_open, d.sent_date, d.recovered_amount, d.first_seen_date,
       d.anchor_date, d.window_reopened, d.version, d.submit_to, v.contract_file, v.rate_row, v.file_hash, v.claim, v.line, v.line_id,
       (select max(rule_set) from terms.rule_file) as rule_set
from told v
join out.life d on d.dispute_id = v.dispute_id
order by d.dispute_by nulls last, d.shortfall_amount desc, d.dispute_id
