-- grain: one row a finding on a surviving line. key: file_hash, claim, line, finding_code.
-- inputs: core.comparable_line, core.verdict, core.adjustment, terms.contract
-- What a payer did to a line beside its price. None of it is a verdict.
with line as (
    select *, list_sort(list_distinct(string_split(coalesce(nullif(modifiers, ''), ''), ':'))) as decided,
           list_sort(list_distinct(string_split(coalesce(nullif(billed_modifiers, ''), ''), ':'))) as billed,
           sum(coalesce(units, 1)) over (partition by billed_line) as part_units
    from core.comparable_line
    where state = 'SURVIVING' and line > 0 and lane is distinct from 'REVERSED' and lane is distinct from 'PENDING'
),
changed as (
    select *, list_filter(billed, lambda x: x <> '' and not list_contains(decided, x)) as dropped,
           list_filter(decided, lambda x: x <> '' and not list_contains(billed, x)) as added
    from line
),
sequestered as (
    -- CARC 253, on the line, or on the claim and then shown on its first line
    select file_hash, claim, coalesce(line, 1) as line, sum(adjustment_amount) as amount
    from core.adjustment where reason_code = '253' and adjustment_amount <> 0 group by all
),
found as (
    select file_hash, claim, line, 'UNITS_CUT' as finding_code,
           concat(asked_units, ' billed, ', coalesce(units, 1), ' decided; ', coalesce(refusal_codes, units_remark_codes, 'no code says why')) as detail
    from changed where billed_units > 0 and asked_units > coalesce(units, 1) and not coalesce(split and part_units >= billed_units, false)
    union all
    select file_hash, claim, line, 'UNITS_RAISED', concat(billed_units, ' billed, ', coalesce(units, 1), ' decided')
    from changed where billed_units > 0 and billed_units < coalesce(units, 1)
    union all
    select file_hash, claim, line, 'CODE_CHANGED', concat('billed ', billed_procedure_code, ', decided as ', procedure_code)
    from changed where billed_procedure_code <> procedure_code and not unbundled
    union all
    select file_hash, claim, line, 'MODIFIER_DROPPED', concat('billed with ', array_to_string(dropped, ', '), ', decided without')
    from changed where billed_procedure_code is not null and len(dropped) > 0
    union all
    select file_hash, claim, line, 'MODIFIER_ADDED', concat('decided with ', array_to_string(added, ', '), ', billed without')
    from changed where billed_procedure_code is not null and billed_modifiers <> '' and len(added) > 0
    union all
    select file_hash, claim, line, 'SPLIT', concat('one billed line (', line_control_number, ') came back as several of one code') from changed where split
    union all
    select file_hash, claim, line, 'UNBUNDLED', concat('one billed line (', line_control_number, ') came back as several codes') from changed where unbundled
    union all
    select s.file_hash, s.claim, s.line, 'SEQUESTRATION_NOT_PERMITTED',
           concat(s.amount, ' kept back as sequestration (253); ', v.contract, ' does not permit it')
    from sequestered s
    join changed l on l.file_hash = s.file_hash and l.claim = s.claim and l.line = s.line
    join core.verdict v on v.line_id = l.line_id
    join terms.contract t on t.contract = v.contract and t.contract_effective = v.contract_effective and not t.sequestration
)
select f.*, l.line_id from found f
join core.comparable_line l on l.file_hash = f.file_hash and l.claim = f.claim and l.line = f.line
order by f.file_hash, f.claim, f.line, f.finding_code
