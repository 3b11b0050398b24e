-- grain: one row a line and something that its modifiers say wrong, or that the payer did to them. key: line_id, finding_code; named modifier_id.
-- inputs: core.therapy_line, core.line_finding, core.verdict, core.claim, terms.therapy_modifier
-- Compliance and rework, never an underpayment. A day with PT and OT is nothing wrong: said so that it can be looked at.
with line as (
    select *, list_filter(modifiers, lambda x: list_contains(['XE', 'XP', 'XS', 'XU'], x)) as distinct_in from core.therapy_line
),
day as (
    select patient_key, payer_key, service_date, count(distinct discipline) as discipline_count, string_agg(distinct d, ', ' order by d) as told
    from (select *, unnest(disciplines) as d from line) group by all
),
assistant as (
    select l.line_id, m.modifier, m.goes_with
    from (select line_id, modifiers, unnest(modifiers) as modifier from line) l
    join terms.therapy_modifier m on m.modifier = l.modifier and m.kind = 'assistant'
    where not list_contains(l.modifiers, m.goes_with)
),
found as (
    select line_id, 'NO_DISCIPLINE' as finding_code, concat(procedure_code, ' under Medicare without GP, GO or GN') as detail,
           'CMS Pub. 100-04 ch. 5 s. 20.1: Medicare returns or denies it; correct and resubmit' as rule
    from line where medicare and len(disciplines) = 0
    union all
    select line_id, 'SEVERAL_DISCIPLINES', concat(array_to_string(disciplines, ', '), ' on one line'), 'CMS Pub. 100-04 ch. 5 s. 20.1: one plan of care a line'
    from line where len(disciplines) > 1
    union all
    select l.line_id, 'MIXED_DAY', concat(d.told, ' on one day'), '[OWN] allowed; the minutes of each must be apart in the record'
    from line l join day d on d.patient_key = l.patient_key and d.payer_key = l.payer_key and d.service_date = l.service_date
    where d.discipline_count > 1 and len(l.disciplines) = 1
    union all
    select a.line_id, 'ASSISTANT_WITHOUT_DISCIPLINE', concat(a.modifier, ' without ', a.goes_with), 's.1834(v): CQ goes with GP, CO with GO'
    from assistant a
    union all
    select line_id, 'DISTINCT_TWICE', concat('59 beside ', array_to_string(distinct_in, ', ')), 'NCCI policy: the X modifier says more than 59; one of them'
    from line where list_contains(modifiers, '59') and len(distinct_in) > 0
    union all
    select f.line_id, f.finding_code, f.detail, 'SVC01 against SVC06: ask the payer why' from core.line_finding f where f.finding_code in ('MODIFIER_DROPPED', 'MODIFIER_ADDED')
)
select concat('M-', upper(substr(sha256(concat_ws('|', f.line_id, f.finding_code)), 1, 10))) as modifier_id,
       f.finding_code, f.detail, f.rule, coalesce(v.payer, c.payer_name) as payer, v.patient_account, v.payer_claim_number, v.service_date, v.procedure_code,
       v.modifiers, v.verdict, v.charge_amount, v.paid_amount, v.source_file, v.source_segment, f.line_id
from found f
join core.verdict v on v.line_id = f.line_id
join core.claim c on c.file_hash = v.file_hash and c.claim = v.claim
order by v.service_date desc, v.source_file, v.source_segment, f.finding_code
