-- grain: one row a payer, contract, day its rates changed, and month before or after it. key: payer, contract, change_date, month_number.
-- inputs: view.judgement, terms.contract, terms.fee_schedule_row, terms.rate_entry, terms.conversion_factor
-- Changes are what our terms say: a later file of the contract, a row of its schedule that begins later (for its code), a Medicare factor (for
-- what is priced from Medicare at the date of service). Three months before and six after. Where two changes are near, a service stands under both.
with amended as (
    select contract, contract_effective as change_date
    from terms.contract
    qualify row_number() over (partition by contract order by contract_effective) > 1
),
escalated as (
    select distinct contract, effective as change_date, procedure_code
    from terms.fee_schedule_row
    where effective > contract_effective
),
followed as (
    select distinct r.contract, f.effective as change_date
    from terms.rate_entry r
    join terms.contract k on k.contract = r.contract and k.contract_effective = r.contract_effective
    join terms.conversion_factor f on f.effective > k.contract_effective and f.effective <= coalesce(k.until, f.effective)
    where r.basis in ('medicare', 'percent_of_medicare') and r.year is null
      and f.effective > (select min(effective) from terms.conversion_factor)
),
fixed as (
    -- codes priced from Medicare's schedule of a fixed year, which no new factor moves
    select contract, list(distinct code) as fixed_codes
    from (select contract, unnest(str_split(codes, ', ')) as code from terms.rate_entry where year is not null)
    group by contract
),
change as (
    select contract, change_date, true as every_code, false as follows, null::varchar as procedure_code from amended
    union all
    select contract, change_date, false, false, procedure_code from escalated
    union all
    select contract, change_date, false, true, null from followed
),
gathered as (
    select c.contract, c.change_date, bool_or(c.every_code) as every_code, bool_or(c.follows) as follows, list(c.procedure_code) as codes,
           any_value(f.fixed_codes) as fixed_codes
    from change c
    left join fixed f on f.contract = c.contract
    group by c.contract, c.change_date
),
placed as (
    select j.*, g.change_date,
           case when j.service_date >= g.change_date then date_sub('month', g.change_date, j.service_date)
                else -1 - date_sub('month', j.service_date, g.change_date - 1) end as month_number
    from view.judgement j
    join gathered g on g.contract = j.contract
    where j.place_settled and j.service_date >= g.change_date - interval 3 month and j.service_date < g.change_date + interval 6 month
      and (g.every_code or coalesce(list_contains(g.codes, j.procedure_code), false)
           or (g.follows and j.rate_basis in ('medicare', 'percent_of_medicare') and not coalesce(list_contains(g.fixed_codes, j.procedure_code), false)))
)
select payer, contract, change_date, month_number, count(*) as judged_count, count(*) filter (where verdict = 'UNDERPAID') as short_count,
       (count(*) filter (where verdict = 'UNDERPAID') / count(*))::decimal(9,4) as short_share,
       count(*) filter (where cause in ('before_amendment', 'earlier_rate', 'previous_schedule', 'previous_factor')) as old_rate_count,
       sum(expected_amount)::decimal(18,2) as expected_amount, sum(shortfall_amount)::decimal(18,2) as shortfall_amount
from placed
group by payer, contract, change_date, month_number
