-- grain: one row a timed code of a patient's day. inputs: core.encounter_unit
select procedure_code as code, minutes, day_minutes, eight_minute_units as by_eight_minutes, midpoint_units as by_midpoint, billed_units as billed,
       coalesce(units_rule, 'not said: both are asked') as rule, standing, unit_difference as difference
from core.encounter_unit
where patient = $patient and service_date = $service_date
order by procedure_code
