-- grain: one row a finding on a row of an encounter file. inputs: out.encounter_finding
select finding_code, message from out.encounter_finding where file_hash = $file_hash and row_number = $row_number order by finding_code
