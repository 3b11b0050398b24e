-- grain: one row a service line; a claim without lines has one row, line 0. key: file_hash, claim, line; line_id is made from the key.
-- inputs: era.service_line, era.reference, era.date, era.amount, era.remark, terms.remark_class, terms.therapy_modifier, core.claim
with reference as (
    select file_hash, claim, line,
           min(reference_value) filter (where reference_qualifier = '6R') as line_control_number,
           min(reference_value) filter (where reference_qualifier = 'LU') as location_number,
           min(reference_value) filter (where reference_qualifier = 'HPI') as rendering_npi
    from era.reference where line is not null group by all
),
service as (
    select file_hash, claim, line,
           coalesce(min(date) filter (where date_qualifier = '472'), min(date) filter (where date_qualifier = '150')) as line_date,
           max(date) filter (where date_qualifier = '151') as until_date
    from era.date where line is not null group by all
),
stated as (
    select file_hash, claim, line, min(amount) as stated_allowed_amount
    from era.amount where line is not null and amount_qualifier = 'B6' group by all
),
remarked as (
    select r.file_hash, r.claim, r.line,
           string_agg(distinct r.remark_code, ', ' order by r.remark_code) filter (where k.class = 'units_limited') as units_remark_codes,
           string_agg(distinct r.remark_code, ', ' order by r.remark_code) filter (where k.class = 'bundling') as bundling_remark_codes
    from era.remark r
    join terms.remark_class k on k.remark_code = r.remark_code
    join core.claim c on c.file_hash = r.file_hash and c.claim = r.claim
    where c.remittance_date between coalesce(k.effective, c.remittance_date) and coalesce(k.until, c.remittance_date)
    group by all
),
modified as (
    -- whose plan of care the line is of, and what sets it apart from its like: as billed or as decided, payers drop either
    select l.file_hash, l.claim, l.line, list_sort(list(distinct l.modifier) filter (where m.kind = 'discipline')) as disciplines,
           coalesce(bool_or(m.kind in ('distinct', 'distinct_in', 'repeat')), false) as set_apart
    from (select file_hash, claim, line, unnest(string_split(upper(concat_ws(':', modifiers, billed_modifiers)), ':')) as modifier from era.service_line) l
    join terms.therapy_modifier m on m.modifier = l.modifier
    group by all
),
line as (
    select l.file_hash, l.claim, l.line, l.segment, l.byte_offset,
           coalesce(r.line_control_number, l.line::varchar) as line_control_number, r.line_control_number is not null as numbered_by_practice,
           s.line_date, s.until_date, upper(trim(l.procedure_code)) as procedure_code, l.modifiers, l.units,
           upper(trim(l.billed_procedure_code)) as billed_procedure_code, l.billed_modifiers, l.billed_units,
           l.charge_amount, l.paid_amount, a.stated_allowed_amount, r.location_number, r.rendering_npi,
           -- what the claim's remarks (MOA) say of units holds for its lines that lost some; where none shows it, for any of them
           coalesce(k.units_remark_codes, case when l.billed_units > coalesce(l.units, 1)
               or not coalesce(bool_or(l.billed_units > coalesce(l.units, 1)) over (partition by l.file_hash, l.claim), false) then o.units_remark_codes end) as units_remark_codes,
           k.bundling_remark_codes,
           m.disciplines, m.set_apart
    from era.service_line l
    left join reference r on r.file_hash = l.file_hash and r.claim = l.claim and r.line = l.line
    left join service s on s.file_hash = l.file_hash and s.claim = l.claim and s.line = l.line
    left join stated a on a.file_hash = l.file_hash and a.claim = l.claim and a.line = l.line
    left join remarked k on k.file_hash = l.file_hash and k.claim = l.claim and k.line = l.line
    left join remarked o on o.file_hash = l.file_hash and o.claim = l.claim and o.line is null
    left join modified m on m.file_hash = l.file_hash and m.claim = l.claim and m.line = l.line
    union all by name
    select file_hash, claim, 0 as line, segment, byte_offset, '0' as line_control_number, false as numbered_by_practice, charge_amount, paid_amount
    from core.claim where line_count = 0
)
select concat('0x', substr(sha256(concat_ws('|', l.file_hash, l.claim, l.line)), 1, 15))::bigint as line_id,
       l.* exclude (line_date, until_date, location_number, rendering_npi) replace (coalesce(disciplines, []) as disciplines, coalesce(set_apart, false) as set_apart),
       coalesce(l.line_date, c.claim_service_date) as service_date,
       case when coalesce(l.line_date, c.claim_service_date) is null then 'no date of service'
            when l.line_date is null and c.statement_from_date is null then 'no date of service on the line, and none on the claim'
            when l.line_date is null and c.statement_through_date <> c.statement_from_date
                then concat('no date of service on the line, and the claim spans ', c.statement_from_date, ' to ', c.statement_through_date)
            when l.until_date <> l.line_date then concat('the line spans ', l.line_date, ' to ', l.until_date, ': which units are of which day is not said')
            when l.line_date not between coalesce(c.statement_from_date, l.line_date) and coalesce(c.statement_through_date, c.statement_from_date, l.line_date)
                 and (c.statement_through_date is not null or l.line_date < c.statement_from_date)
                then concat('date of service ', l.line_date, ' is outside the statement period ', c.statement_from_date, ' to ', c.statement_through_date)
            when coalesce(l.line_date, c.claim_service_date) > c.remittance_date
                then concat('date of service ', coalesce(l.line_date, c.claim_service_date), ' is after the payment of ', c.remittance_date) end as date_problem,
       coalesce(l.location_number, c.location_number) as location_number,
       coalesce(l.rendering_npi, c.rendering_npi) as rendering_npi
from line l
join core.claim c on c.file_hash = l.file_hash and c.claim = l.claim
