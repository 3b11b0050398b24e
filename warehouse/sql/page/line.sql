-- grain: one row a service line asked for, with the dispute it belongs to, if any. inputs: core.verdict, core.claim, life.line, out.life, out.dispute
-- Asked for by dispute (the line that carries it, or carried it last), or by the remittance file and the segment of the line in it.
with asked as (
    select v.line_id from core.verdict v where v.source_file = $source_file and v.source_segment = $source_segment
    union
    select v.line_id
    from out.life d
    join core.verdict v on v.file_hash = d.file_hash and v.claim = d.claim and v.line = d.line
    where d.dispute_id = $dispute_id
)
select l.dispute_id, coalesce(d.line_id = v.line_id, false) as carries, d.status, d.standing, d.first_seen_date, d.first_shortfall_amount, d.recovered_amount,
       v.verdict, v.reason, coalesce(v.payer, c.payer_name) as payer, v.plan, v.contract, v.contract_file, v.rate_row, v.patient_account, v.payer_claim_number, v.service_date,
       c.remittance_date, v.procedure_code, v.modifiers, v.charge_amount, v.paid_amount, v.allowed_amount, v.expected_amount,
       coalesce(p.shortfall_amount, v.shortfall_amount) as shortfall_amount, coalesce(p.cause, v.cause) as cause, p.judged_with, p.cause_evidence, p.rivals, p.project,
       d.dispute_level, d.dispute_by, d.days_left, d.window_source, d.submit_to, v.source_file, v.source_segment, v.thread, v.file_hash, v.claim, v.line, v.line_id
from core.verdict v
semi join asked using (line_id)
join core.claim c on c.file_hash = v.file_hash and c.claim = v.claim
left join life.line l on l.file_hash = v.file_hash and l.claim = v.claim and l.line = v.line
left join out.life d on d.dispute_id = l.dispute_id
left join out.dispute p on p.dispute_id = l.dispute_id and p.line_id = v.line_id
order by v.file_hash, v.claim, v.line
