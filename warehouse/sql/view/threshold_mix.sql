-- grain: one row a year, Medicare threshold and how patients stand to it. key: service_year, discipline, threshold_status. inputs: out.threshold
select service_year, discipline, threshold_status, count(*) as patient_count, sum(counted_amount)::decimal(18,2) as counted_amount,
       min(left_amount) as least_left_amount, any_value(threshold_amount) as threshold_amount, sum(without_kx_count)::bigint as without_kx_count,
       sum(without_kx_amount)::decimal(18,2) as without_kx_amount, sum(denied_count)::bigint as denied_count,
       sum(denied_charge_amount)::decimal(18,2) as denied_charge_amount
from out.threshold
group by service_year, discipline, threshold_status
