-- grain: one row a procedure: what the practice usually charges a unit, in cents. key: procedure_code. inputs: core.comparable_line
-- The charge that stands most often, the smaller where two do.
with charged as (
    select upper(trim(procedure_code)) as procedure_code, (charge_amount * 100)::bigint // coalesce(units, 1)::bigint as usual_cents, count(*) as lines
    from core.comparable_line
    where charge_amount > 0 and coalesce(units, 1) >= 1 and coalesce(units, 1) % 1 = 0 and (charge_amount * 100)::bigint % coalesce(units, 1)::bigint = 0
    group by 1, 2
)
select procedure_code, usual_cents from charged
qualify row_number() over (partition by procedure_code order by lines desc, usual_cents) = 1
order by procedure_code
