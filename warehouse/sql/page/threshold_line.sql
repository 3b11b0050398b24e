-- grain: one row a therapy line of a Medicare patient's year and threshold, as out.threshold adds it up. inputs: core.therapy_line
select service_date as date, procedure_code as code, array_to_string(modifiers, ':') as modifiers, verdict, allowed_amount as allowed,
       verdict not in ('DENIED', 'BUNDLED', 'CAPITATED', 'SECONDARY') and allowed_amount is not null as counts,
       sum(case when verdict not in ('DENIED', 'BUNDLED', 'CAPITATED', 'SECONDARY') then coalesce(allowed_amount, 0) else 0 end)
           over (order by service_date, file_hash, claim, line)::decimal(18,2) as running,
       concat(source_file, ':', source_segment) as place
from core.therapy_line
where medicare and patient_key = $patient_key and service_year = $service_year and discipline = $discipline
order by service_date, file_hash, claim, line
