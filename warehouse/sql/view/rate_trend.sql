-- grain: one row a payer, contract, day its rates changed, and month before or after it. key: payer, contract, change_date, month_number.
-- inputs: view.judgement, terms.contract, terms.fee_schedule_row, terms.rate_entry, terms.conversion_factor
-- Changes are what our terms say: a later file of the contract, a row of its schedule that begins later, a Medicare factor where the rate
-- follows Medicare by date of service. Three months before and six after. Where two changes are near, a service stands under both.
with amended as (
    select contract, contract_effective as change_date, null::varchar as procedure_code
    from terms.contract
    qualify row_number() over (partition by contract order by contract_effective) > 1
),
escalated as (
    select distinct s.contract, s.effective as change_date, s.procedure_code
    from terms.fee_schedule_row s
    where s.effective > s.contract_effective
),
followed as (
    -- of all entries of the contract that follow Medicare, the codes; none named: every code
    select distinct r.contract, f.effective as change_date,
           case when r.codes = '' then null else unnest(str_split(r.codes, ', ')) end as procedure_code
    from terms.rate_entry r
    join terms.contract k on k.contract = r.contract and k.contract_effective = r.contract_effective
    join terms.conversion_factor f on f.effective > k.contract_effective and f.effective <= coalesce(k.until, f.effective)
    where r.basis in ('medicare', 'percent_of_medicare') and r.year is null
      and f.effective > (select min(effective) from terms.conversion_factor)
),
change as (
    from amended union all from escalated union all from followed
),
gathered as (
    select contract, change_date, bool_or(procedure_code is null) as every_code, list(procedure_code) as codes
    from change group by contract, change_date
),
placed as (
    select j.*, g.change_date,
           case when j.service_date >= g.change_date then date_sub('month', g.change_date, j.service_date)
                else -1 - date_sub('month', j.service_date, g.change_date - 1) end as month_number
    from view.judgement j
    join gathered g on g.contract = j.contract and (g.every_code or list_contains(g.codes, j.procedure_code))
    where j.place_settled and j.service_date >= g.change_date - interval 3 month and j.service_date < g.change_date + interval 6 month
)
select payer, contract, change_date, month_number, count(*) as judged_count, count(*) filter (where verdict = 'UNDERPAID') as short_count,
       (count(*) filter (where verdict = 'UNDERPAID') / count(*))::decimal(9,4) as short_share,
       count(*) filter (where cause in ('before_amendment', 'earlier_rate', 'previous_schedule', 'previous_factor')) as old_rate_count,
       sum(expected_amount)::decimal(18,2) as expected_amount, sum(shortfall_amount)::decimal(18,2) as shortfall_amount
from placed
group by payer, contract, change_date, month_number
