-- Takes an accusation back where the remittances hold a reason for what is missing that is no underpayment, and do not say which it is: the sum
-- that is short, with every line of it, is NOT_COMPARABLE.
-- inputs: core.verdict, core.comparable_line, core.claim, core.day_patient, core.adjudication, terms.timed_code
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
    known as (
        select d.file_hash, d.claim, d.service_date, unnest(['account ' || c.patient_account, 'person ' || d.day_patient_key]) as known_by
        from core.day_patient d
        join core.claim c on c.file_hash = d.file_hash and c.claim = d.claim
    ),
    asked as (
        -- the days of those of whom something is short
        from known semi join (
            from known semi join (from core.verdict semi join short using (line_id)) using (file_hash, claim, service_date)) using (known_by, service_date)
    ),
    decided as (
        -- who decided a service of whom; predeterminations, reversals and copies decide nothing
        select l.line_id, l.file_hash, l.claim, l.thread, l.service_date, coalesce(l.billed_procedure_code, l.procedure_code) as code, l.charge_amount,
               l.patient_share_amount, l.allowed_by_payment_amount as amount, l.state, l.lane, j.sequence, c.remittance_date, c.payer_key,
               c.payer_claim_number, list_filter(c.patient_aliases, lambda x: starts_with(x, 'I')) as members, d.known_by
        from core.comparable_line l
        join core.claim c on c.file_hash = l.file_hash and c.claim = l.claim
        join core.adjudication j on j.file_hash = l.file_hash and j.claim = l.claim
        join asked d on d.file_hash = l.file_hash and d.claim = l.claim and d.service_date = l.service_date
        where l.line > 0 and l.state in ('SURVIVING', 'SUPERSEDED', 'REVERSED', 'PENDING', 'IN_DOUBT')
    ),
    earlier as (
        -- other decisions on the same service, of the same day or before
        select distinct s.summed, s.line_id, s.allowed_amount, o.line_id as other_line_id, o.remittance_date, o.sequence, o.patient_share_amount, o.amount,
               o.thread = x.thread and o.state = 'SUPERSEDED' and o.lane is distinct from 'REVERSED' as never_taken_back,
               o.payer_key = x.payer_key and (list_has_any(o.members, x.members) or coalesce(o.payer_claim_number = x.payer_claim_number, false)) as same_payer,
               o.state = 'REVERSED' or o.lane = 'REVERSED' as taken_back
        from short s
        join decided x on x.line_id = s.line_id
        join decided o on o.known_by = x.known_by and o.service_date = x.service_date and o.code = x.code and o.charge_amount = x.charge_amount
                      and (o.file_hash, o.claim) <> (x.file_hash, x.claim) and o.remittance_date <= x.remittance_date
    ),
    shared as (
        -- to the cent what another decision left to the patient. The same membership that decides anew about as much, or after a reversal, corrects
        select summed, line_id, 3 as rank,
               concat('the decision of ', remittance_date, ' left the patient ', patient_share_amount, ' of this service, to the cent what was allowed here: ',
                      'whether it is a second payer''s part of it or all that was decided is not said') as reason
        from earlier
        where allowed_amount > 0 and patient_share_amount = allowed_amount and not coalesce(same_payer and (coalesce(taken_back, false) or 2 * allowed_amount >= amount), false)
        qualify row_number() over (partition by line_id order by remittance_date desc, sequence desc, other_line_id) = 1
    ),
    stood as (
        select line_id, arg_max(amount, sequence) as last_amount, max(amount) as most_amount, sum(amount) as whole_amount, arg_max(remittance_date, (amount, sequence)) as most_date
        from (select distinct line_id, other_line_id, amount, sequence, remittance_date from earlier where never_taken_back)
        group by line_id
    ),
    topped as (
        -- with what was allowed before and never taken back it is all that is owed, or it is too little to stand in its place
        select s.summed, s.line_id, 4 as rank,
               concat(t.most_amount, ' was allowed on ', t.most_date, ' and never taken back: whether ', s.allowed_amount, ' is in its place or on top of it is not said') as reason
        from short s
        left join stood t on t.line_id = s.line_id
        window g as (partition by s.summed)
        qualify sum(s.allowed_amount) over g between 0.01 and sum(t.most_amount) over g - 0.01
            and (max(s.shortfall_amount) over g in (sum(t.last_amount) over g, sum(t.whole_amount) over g)
                 or 4 * sum(s.allowed_amount) over g < sum(t.most_amount) over g)
            and t.line_id is not null
    ),
    found as (from remarked union all from beyond union all from shared union all from topped)
    select s.line_id,
           coalesce(min_by(f.reason, f.rank) filter (where f.line_id = s.line_id),
                    concat('of a line that it is judged with: ', min_by(f.reason, (f.rank, f.line_id)))) as reason
    from short s
    join found f on f.summed = s.summed
    group by s.line_id
) w
where w.line_id = v.line_id
