-- grain: one row an entry of the journal's book `published` that the clean run is given. key: id. inputs: a published database
-- Of disputes whose status rests on what an earlier night published: short again after they were paid, paid and taken back, or sent and then
-- paid in part.
select p.id
from life.published p
left join life.line l on l.file_hash = p.file_hash and l.claim = p.claim and l.line = p.line
join out.life d on d.dispute_id = coalesce(l.dispute_id, p.dispute_id)
where d.standing = 'taken back' or (d.standing = 'short' and (d.reopened_date is not null or (d.recovered_amount > 0 and d.last_event is not null)))
order by p.number
