-- grain: one row what was compared with a rate as one: a service line, or lines that are judged on their sum (a visit, a claim, a split line).
-- key: line_id, the line that bears the verdict. inputs: core.verdict, core.claim, core.expected_line
-- The denominator of every rate. Only what could be compared is in it; what was reversed, replaced, refused or not judged never is.
with line as (
    select v.line_id, v.payer, v.plan, v.contract, v.contract_effective, v.rate_basis, v.site, v.setting, v.locality, v.procedure_code, v.units,
           v.service_date, c.remittance_date, v.verdict, v.cause, v.rivals, v.charge_amount, v.allowed_amount, v.expected_amount, v.shortfall_amount,
           v.paid_amount, v.judged_group, coalesce(e.outcome <> 'AMBIGUOUS_LOCALITY', true) as place_settled, v.file_hash, v.claim, v.line
    from core.verdict v
    join core.claim c on c.file_hash = v.file_hash and c.claim = v.claim
    left join core.expected_line e on e.line_id = v.line_id
    where v.verdict in ('PAID_AS_EXPECTED', 'UNDERPAID', 'OVERPAID', 'CHARGE_BELOW_RATE')
),
summed as (
    -- of lines of several codes no single one is short: they stand under no code
    select * exclude (procedure_code, units, charge_amount, allowed_amount, expected_amount, paid_amount, place_settled),
           case when min(procedure_code) over g = max(procedure_code) over g then procedure_code end as procedure_code,
           count(*) over g as line_count, sum(units) over g as units, sum(charge_amount) over g as charge_amount, sum(allowed_amount) over g as allowed_amount,
           sum(expected_amount) over g as expected_amount, sum(paid_amount) over g as paid_amount, bool_and(place_settled) over g as place_settled
    from line
    where judged_group is not null
    window g as (partition by judged_group)
    qualify row_number() over (partition by judged_group order by case verdict when 'UNDERPAID' then 1 when 'OVERPAID' then 2 else 3 end,
                                                                  line.expected_amount desc, file_hash, claim, line.line) = 1
)
select line_id, payer, plan, contract, contract_effective, rate_basis, site, setting, locality, place_settled, procedure_code, 1::bigint as line_count,
       units::decimal(18,3) as units, service_date, remittance_date, verdict, cause, rivals, charge_amount, allowed_amount::decimal(18,2) as allowed_amount,
       expected_amount, shortfall_amount, paid_amount, judged_group
from line
where judged_group is null
union all
select line_id, payer, plan, contract, contract_effective, rate_basis, site, setting, locality, place_settled, procedure_code, line_count,
       units::decimal(18,3), service_date, remittance_date, verdict, cause, rivals, charge_amount::decimal(18,2), allowed_amount::decimal(18,2),
       expected_amount::decimal(18,2), shortfall_amount, paid_amount::decimal(18,2), judged_group
from summed
