-- grain: one row a therapy line of the patient's day with the payer of a line. inputs: core.therapy_line
select o.source_file, o.source_segment, o.verdict, o.file_hash, o.claim, o.line, o.procedure_code as code, array_to_string(o.modifiers, ':') as modifiers
from core.therapy_line l
join core.therapy_line o on o.patient_key = l.patient_key and o.payer_key = l.payer_key and o.service_date = l.service_date
where l.line_id = $line_id and (o.line_id = l.line_id or $whole_day)
order by o.file_hash, o.claim, o.line
