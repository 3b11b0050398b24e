-- grain: one row a service line of therapy that stands, as it was billed: one with a discipline's modifier, or under Medicare one of a code
-- that is always therapy. key: line_id. inputs: core.verdict, core.line, core.claim, core.adjustment, terms.therapy_modifier, terms.therapy_code
-- medicare: original Medicare decides it first (CLP06 MB). A line with modifiers of two disciplines has none.
with billed as (
    select v.line_id, v.file_hash, v.claim, v.line, v.verdict, v.service_date, l.procedure_code, v.allowed_amount, v.charge_amount, v.patient_account,
           v.payer_claim_number, v.payer, v.source_file, v.source_segment, c.patient_key, c.payer_key, l.rendering_npi,
           coalesce(c.filing_indicator_code = 'MB', false) as medicare,
           list_sort(list_distinct(list_filter(string_split(upper(coalesce(nullif(l.billed_modifiers, ''), l.modifiers, '')), ':'), lambda x: x <> ''))) as modifiers
    from core.verdict v
    join core.line l on l.line_id = v.line_id
    join core.claim c on c.file_hash = v.file_hash and c.claim = v.claim
    where v.line > 0 and v.service_date is not null and v.verdict not in ('REVERSED', 'SUPERSEDED', 'PENDING', 'PREDETERMINATION')
),
said as (
    select b.line_id, list(m.modifier order by m.modifier) filter (where m.kind = 'discipline') as disciplines,
           count(distinct m.discipline) as discipline_count, min(m.discipline) as discipline,
           bool_or(m.kind = 'threshold') as kx
    from (select line_id, unnest(modifiers) as modifier from billed) b
    join terms.therapy_modifier m on m.modifier = b.modifier
    group by b.line_id
),
refused as (
    select file_hash, claim, line, bool_or(reason_code = '119' and group_code = 'PR') as over_threshold
    from core.adjustment where adjustment_amount <> 0 and line is not null group by all
)
select b.*, coalesce(s.disciplines, []) as disciplines, case when s.discipline_count = 1 then s.discipline end as discipline,
       coalesce(s.kx, false) as kx, coalesce(r.over_threshold, false) as over_threshold, year(b.service_date)::integer as service_year
from billed b
left join said s on s.line_id = b.line_id
left join refused r on r.file_hash = b.file_hash and r.claim = b.claim and r.line = b.line
where len(coalesce(s.disciplines, [])) > 0
   or (b.medicare and exists (from terms.therapy_code t where t.code = b.procedure_code and b.service_date between t.effective and t.until))
order by b.line_id
