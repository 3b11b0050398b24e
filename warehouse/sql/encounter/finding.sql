-- grain: one row a finding on a row of an encounter file.
create table if not exists finding (file_hash varchar, row_number integer, finding_code varchar, message varchar)
