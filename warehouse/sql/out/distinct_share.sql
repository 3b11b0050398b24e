-- grain: one row a clinician, pair of codes of one patient's day, and quarter. key: rendering_npi, procedure_code, other_code, quarter_date;
-- named share_id. inputs: core.therapy_line
-- How often a pair is billed as distinct (59 or an X modifier on either line), beside the practice's own earlier quarters. A figure of risk to
-- look at, not a verdict: no limit is set by anyone.
with marked as (
    select rendering_npi, patient_key, payer_key, service_date, procedure_code,
           bool_or(list_has_any(modifiers, ['59', 'XE', 'XP', 'XS', 'XU'])) as marked
    from core.therapy_line group by all
),
pair as (
    select a.rendering_npi, a.procedure_code, b.procedure_code as other_code, date_trunc('quarter', a.service_date)::date as quarter_date,
           a.marked or b.marked as marked
    from marked a
    join marked b on b.patient_key = a.patient_key and b.payer_key = a.payer_key and b.service_date = a.service_date
                 and b.rendering_npi is not distinct from a.rendering_npi and b.procedure_code > a.procedure_code
),
quarter as (
    select rendering_npi, procedure_code, other_code, quarter_date, count(*) as day_count, count(*) filter (where marked) as distinct_count
    from pair group by all
),
practice as (
    select procedure_code, other_code, quarter_date, sum(day_count) as day_count, sum(distinct_count) as distinct_count from quarter group by all
),
past as (
    select procedure_code, other_code, quarter_date,
           sum(day_count) over w as earlier_day_count, sum(distinct_count) over w as earlier_distinct_count
    from practice
    window w as (partition by procedure_code, other_code order by quarter_date rows between unbounded preceding and 1 preceding)
)
select concat('S-', upper(substr(sha256(concat_ws('|', coalesce(q.rendering_npi, ''), q.procedure_code, q.other_code, q.quarter_date)), 1, 10))) as share_id,
       q.rendering_npi, q.procedure_code, q.other_code, q.quarter_date, q.day_count, q.distinct_count,
       -- in ten thousandths, rounded half up, without a binary fraction between
       ((q.distinct_count * 20000 + q.day_count) // (2 * q.day_count) * 0.0001::decimal(5,4))::decimal(9,4) as distinct_share,
       coalesce(p.earlier_day_count, 0)::bigint as earlier_day_count,
       case when p.earlier_day_count > 0 then ((p.earlier_distinct_count * 20000 + p.earlier_day_count) // (2 * p.earlier_day_count) * 0.0001::decimal(5,4))::decimal(9,4) end as earlier_share
from quarter q
join past p on p.procedure_code = q.procedure_code and p.other_code = q.other_code and p.quarter_date = q.quarter_date
order by q.quarter_date desc, q.rendering_npi nulls last, q.procedure_code, q.other_code
