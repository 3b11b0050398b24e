-- grain: one row a line of the days on which a clinician billed both codes of a pair in a quarter. inputs: core.therapy_line
with line as (
    select *, list_has_any(modifiers, ['59', 'XE', 'XP', 'XS', 'XU']) as marked
    from core.therapy_line
    where rendering_npi is not distinct from $rendering_npi and procedure_code in ($procedure_code, $other_code)
      and date_trunc('quarter', service_date)::date = $quarter_date
),
both_billed as (
    select patient_key, payer_key, service_date, bool_or(marked) as day_marked
    from line group by all having count(distinct procedure_code) = 2
)
select l.service_date as date, l.patient_account as account, l.procedure_code as code, array_to_string(l.modifiers, ':') as modifiers,
       d.day_marked as distinct_day, concat(l.source_file, ':', l.source_segment) as place
from line l
join both_billed d on d.patient_key = l.patient_key and d.payer_key = l.payer_key and d.service_date = l.service_date
order by l.service_date, l.file_hash, l.claim, l.line
