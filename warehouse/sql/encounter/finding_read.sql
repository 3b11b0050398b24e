-- grain: one row a finding of reading a file. inputs: finding, file, row, standing
-- Findings on rows that a later file replaced are left out; a row that was not taken counts as long as its file has rows that stand, or none.
select n.file_hash, f.name as source_file, n.row_number, n.finding_code
from finding n
join file f on f.file_hash = n.file_hash
where exists (from standing s where s.file_hash = n.file_hash and s.row_number = n.row_number)
   or (not exists (from row r where r.file_hash = n.file_hash and r.row_number = n.row_number)
       and (exists (from standing s where s.file_hash = n.file_hash) or not exists (from row r where r.file_hash = n.file_hash)))
order by n.file_hash, n.row_number, n.finding_code
