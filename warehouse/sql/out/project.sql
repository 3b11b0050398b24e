-- grain: one row a project: what one payer did under one contract, by one cause, to one rate row. key: project. inputs: out.project_line
select project, any_value(payer) as payer, any_value(contract) as contract, any_value(cause) as cause, any_value(rate_row) as rate_row,
       count(dispute_id) as dispute_count, coalesce(sum(shortfall_amount) filter (where dispute_id is not null), 0)::decimal(18,2) as shortfall_amount,
       count(*) filter (where dispute_id is null) as under_tolerance_count,
       coalesce(sum(shortfall_amount) filter (where dispute_id is null), 0)::decimal(18,2) as under_tolerance_amount,
       min(dispute_by) as first_dispute_by,
       concat(count(*), case when count(*) = 1 then ' line' else ' lines' end, ' of ', min(service_date), case when max(service_date) > min(service_date) then concat(' to ', max(service_date)) end, ', owed at ', any_value(rate_row), ', short by ',
              sum(shortfall_amount)::decimal(18,2),
              case when count(dispute_id) = 0 then ' although each is within the tolerance' end,
              case when any_value(cause) = 'unexplained' then ': no mistake that we know of reproduces them'
                   else concat(': ', replace(any_value(cause), '_', ' '), '; for example ', arg_min(cause_evidence, (service_date, source_file, source_segment))) end) as explanation
from out.project_line
group by project order by first_dispute_by nulls last, project
