-- grain: one row of a returned workbook that was not taken, with what stood in it; only ever added to. key: id.
-- The journal's book `refused_edit`.
create table if not exists life.refused_edit (
    id varchar, number integer, when_date date, source_file varchar, file_hash varchar, sheet varchar, row_number integer, dispute_id varchar,
    version varchar, status varchar, assignee varchar, note varchar, decision varchar, edit_code varchar, message varchar
)
