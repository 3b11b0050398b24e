-- grain: one row a file that was read. key: file_hash. inputs: era.file, era.conformance, era.conformance_fault
-- Files in want of an opinion have an empty one; first_fault: where it was noticed, and what it means.
select f.name as source_file, c.conformance, c.fault_count,
       'segment ' || coalesce(t.segment::varchar, '?') || ' ' || coalesce(t.element, t.segment_tag, '') || ': ' || t.message as first_fault,
       c.not_checked_code, c.not_checked_reason, f.segment_count, c.pyx12_segment_count, c.pyx12_version, f.file_hash
from era.file f
left join era.conformance c on c.file_hash = f.file_hash
left join era.conformance_fault t on t.file_hash = f.file_hash and t.fault = 1
order by f.name, f.file_hash
