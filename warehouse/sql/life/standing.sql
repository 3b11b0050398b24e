-- grain: one row a dispute that is short tonight, or was published by an earlier night. key: dispute_id. inputs: work.dispute_told, work.dispute_said
-- What the remittances say of it now, what has been recovered, and what people said last.
select t.*, s.* exclude (dispute_id)
from dispute_told t
join dispute_said s on s.dispute_id = t.dispute_id
order by t.dispute_id
