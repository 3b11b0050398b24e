-- grain: one row of a returned workbook that was not taken, the latest first. key: id. inputs: life.refused_edit
-- Those of the last thirty days; life.refused_edit keeps all.
select when_date, source_file, sheet, row_number, dispute_id, edit_code, message, status, assignee, note, decision, version, file_hash, id
from life.refused_edit
where when_date <= $as_of and when_date > $as_of - 30
order by when_date desc, source_file, sheet, row_number, id
