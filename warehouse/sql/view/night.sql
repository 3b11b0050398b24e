-- grain: one row a night on which files came or disputes changed. key: night_date. inputs: era.file_seen, core.verdict, view.change
with first_seen as (select file_hash, min(seen_date) as night_date from era.file_seen where outcome = 'loaded' group by file_hash),
arrived as (
    select seen_date as night_date, count(*) filter (where outcome = 'loaded') as file_count, count(*) filter (where outcome <> 'loaded') as not_loaded_count
    from era.file_seen group by seen_date
),
read as (
    select f.night_date, count(*) as line_count, sum(v.paid_amount)::decimal(18,2) as paid_amount
    from core.verdict v
    join first_seen f on f.file_hash = v.file_hash
    group by f.night_date
),
changed as (
    select night_date, count(*) filter (where change = 'found') as found_count,
           coalesce(sum(shortfall_amount) filter (where change = 'found'), 0)::decimal(18,2) as found_amount,
           count(*) filter (where newly_recovered_amount > 0) as recovered_count, sum(newly_recovered_amount)::decimal(18,2) as newly_recovered_amount,
           count(*) filter (where status = 'expired' and before_status is distinct from 'expired') as expired_count,
           count(*) filter (where change <> 'found') as changed_count
    from view.change group by night_date
)
select night_date, coalesce(a.file_count, 0) as file_count, coalesce(a.not_loaded_count, 0) as not_loaded_count, coalesce(r.line_count, 0) as line_count,
       coalesce(r.paid_amount, 0)::decimal(18,2) as paid_amount, coalesce(c.found_count, 0) as found_count, coalesce(c.found_amount, 0)::decimal(18,2) as found_amount,
       coalesce(c.changed_count, 0) as changed_count, coalesce(c.recovered_count, 0) as recovered_count,
       coalesce(c.newly_recovered_amount, 0)::decimal(18,2) as newly_recovered_amount, coalesce(c.expired_count, 0) as expired_count
from arrived a
full join read r using (night_date)
full join changed c using (night_date)
