-- Takes an accusation back where the remittances hold a reason for what is missing that is no underpayment, and do not say which it is: the sum
-- that is short, with every line of it, is NOT_COMPARABLE.
-- inputs: core.verdict, core.comparable_line, terms.timed_code
update core.verdict as v
set verdict = 'NOT_COMPARABLE', expected_amount = null, shortfall_amount = null, cause = null, cause_evidence = null, rivals = null,
    reason = w.reason
from (
    with short as (
        -- every line of the sums that are short
        select line_id, coalesce(judged_group, line_id::varchar) as summed, allowed_amount, expected_amount, shortfall_amount, units, procedure_code, service_date, rate_basis
        from core.verdict
        where verdict in ('UNDERPAID', 'PAID_AS_EXPECTED')
        qualify max(shortfall_amount) over (partition by coalesce(judged_group, line_id::varchar)) > 0
    ),
    remarked as (
        -- the payer says that units were cut, and neither the units nor a refusal tells how many
        select s.summed, s.line_id, 1 as rank,
               concat('units were cut (', l.units_remark_codes, '), and the line does not show how many: for how many ', s.allowed_amount, ' was allowed is not said') as reason
        from short s
        join core.comparable_line l on l.line_id = s.line_id
        where l.units_remark_codes is not null and l.units > 1 and not coalesce(l.billed_units > l.units, false)
    ),
    daily as (
        -- what Medicare takes once a day: what is missing may be the units beyond the first (up to a cent of rounding a line)
        select s.*, (expected_amount * 100)::bigint * ((units - 1) * 1000)::bigint // (units * 1000)::bigint + 1 as beyond_cents
        from short s
        where units >= 2 and rate_basis is distinct from 'per_visit'
          and exists (from terms.timed_code t where t.procedure_code = s.procedure_code and t.unit_minutes is null and t.proof = 'cms'
                      and s.service_date between coalesce(t.effective, s.service_date) and coalesce(t.until, s.service_date))
    ),
    beyond as (
        select d.summed, d.line_id, 2 as rank,
               concat(rtrim(rtrim(d.units::varchar, '0'), '.'), ' units of ', d.procedure_code, ', which Medicare takes once a day: whether more than one was allowed is not said') as reason
        from daily d
        join (select summed, max(shortfall_amount) as shortfall_amount from short group by summed) s on s.summed = d.summed
        qualify sum(d.beyond_cents) over (partition by d.summed) >= (s.shortfall_amount * 100)::bigint
    ),
    found as (from remarked union all from beyond)
    select s.line_id,
           coalesce(min_by(f.reason, f.rank) filter (where f.line_id = s.line_id),
                    concat('of a line that it is judged with: ', min_by(f.reason, (f.rank, f.line_id)))) as reason
    from short s
    join found f on f.summed = s.summed
    group by s.line_id
) w
where w.line_id = v.line_id
