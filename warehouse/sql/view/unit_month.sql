-- grain: one row a month of service and payer with encounters that were held against what was billed. key: service_month_date, payer.
-- inputs: out.unit, out.under_billed, out.compliance
-- Days of which nothing can be told are counted apart.
with day as (
    select date_trunc('month', service_date)::date as service_month_date, payer, patient_account, service_date, bool_or(standing <> 'CANNOT_TELL') as told
    from out.unit group by all
),
judged as (
    select service_month_date, payer, count(*) filter (where told) as judged_count, count(*) filter (where not told) as untold_count from day group by all
),
under as (
    select date_trunc('month', service_date)::date as service_month_date, payer, count(*) as under_billed_count, sum(unbilled_units)::bigint as unbilled_units,
           sum(unbilled_amount)::decimal(18,2) as unbilled_amount
    from out.under_billed group by all
),
over as (
    select date_trunc('month', service_date)::date as service_month_date, payer, count(*) as over_billed_count, sum(risk_amount)::decimal(18,2) as risk_amount
    from out.compliance where risk_code = 'OVER_BILLED_UNITS' group by all
)
select j.service_month_date, j.payer, j.judged_count, j.untold_count, coalesce(u.under_billed_count, 0) as under_billed_count,
       coalesce(u.unbilled_units, 0) as unbilled_units, coalesce(u.unbilled_amount, 0)::decimal(18,2) as unbilled_amount,
       coalesce(o.over_billed_count, 0) as over_billed_count, coalesce(o.risk_amount, 0)::decimal(18,2) as risk_amount
from judged j
left join under u on u.service_month_date = j.service_month_date and u.payer is not distinct from j.payer
left join over o on o.service_month_date = j.service_month_date and o.payer is not distinct from j.payer
