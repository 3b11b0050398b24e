-- grain: one row a loaded file without an opinion of this pyx12, those last found too large but within the limit now
-- among them. key: file_hash. inputs: era.file, era.file_seen, era.conformance. In the order they arrived.
with first_seen as (select file_hash, min(arrival) as arrival from era.file_seen group by all)
select f.file_hash, f.byte_count, f.segment_count, f.interchange_count
from era.file f
join first_seen s on s.file_hash = f.file_hash
left join era.conformance c on c.file_hash = f.file_hash and c.pyx12_version = $pyx12_version
where c.file_hash is null or (c.not_checked_code = 'TOO_LARGE' and f.byte_count <= $most_bytes)
order by s.arrival
