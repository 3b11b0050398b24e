-- grain: one row, how the dispute of a line stands. inputs: core.verdict, life.line, out.life, core.claim, era.file_seen
-- The line is the one that the dispute was published for; the amounts are those of the line that carries the dispute now. Where the line never
-- was short, it has no dispute and its own verdict is told.
with asked as (
    select v.*, l.dispute_id from core.verdict v
    left join life.line l on l.file_hash = v.file_hash and l.claim = v.claim and l.line = v.line
    where v.file_hash = $file_hash and v.claim = $claim and v.line = $line
)
select d.dispute_id, coalesce(d.standing, 'never short') as standing, coalesce(d.status, 'none') as status,
       coalesce(s.verdict, a.verdict) as verdict, coalesce(s.reason, a.reason) as reason, coalesce(d.allowed_amount, a.allowed_amount) as allowed_amount,
       coalesce(d.expected_amount, a.expected_amount) as expected_amount, coalesce(d.shortfall_amount, a.shortfall_amount, 0)::decimal(18,2) as shortfall_amount,
       case when d.dispute_id is not null then d.cause end as cause, d.dispute_level, d.dispute_by, coalesce(d.recovered_amount, 0)::decimal(18,2) as recovered_amount,
       coalesce(s.contract_file, a.contract_file) as contract_file, coalesce(s.rate_row, a.rate_row) as rate_row,
       coalesce(s.source_file, a.source_file) as source_file, c.remittance_date
from asked a
left join out.life d on d.dispute_id = a.dispute_id
left join core.verdict s on s.line_id = d.line_id
left join core.claim c on c.file_hash = coalesce(s.file_hash, a.file_hash) and c.claim = coalesce(s.claim, a.claim)
