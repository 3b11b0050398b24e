-- grain: one row a state in which a night up to the day published a dispute, under the name that the dispute has today. key: id. Temporary.
-- inputs: life.published, life.line
select coalesce(l.dispute_id, p.dispute_id) as dispute_id, p.* exclude (dispute_id)
from life.published p
left join life.line l on l.file_hash = p.file_hash and l.claim = p.claim and l.line = p.line
where p.when_date <= $as_of
