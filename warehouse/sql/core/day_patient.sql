-- grain: one row a decision on a claim and a day of service of it. key: file_hash, claim, service_date. inputs: core.claim, core.line
-- One person on one day, whom a payer may write in two ways: the same member number and initial (a family may share the number), or, where
-- the number was changed or left out, the same account, name and initial. A claim without a first name takes that of the only person who has
-- its number and name that day. day_patient_key: the least of the patient keys that are one person then.
with day as (
    select distinct c.file_hash, c.claim, l.service_date, c.patient_key, c.patient_account as account,
           nullif(split_part(substr(list_filter(c.patient_aliases, lambda x: starts_with(x, 'N'))[1], 2), '|', 1), '') as name,
           nullif(split_part(substr(list_filter(c.patient_aliases, lambda x: starts_with(x, 'I'))[1], 2), '|', 1), '') as member,
           nullif(split_part(c.patient_aliases[1], '|', 2), '') as initial
    from core.line l
    join core.claim c on c.file_hash = l.file_hash and c.claim = l.claim
    where l.service_date is not null
),
completed as (
    select * replace (coalesce(initial, case when min(initial) over one = max(initial) over one then min(initial) over one end) as initial)
    from day
    window one as (partition by service_date, member, name)
),
keyed as (
    select *, coalesce(member || '|' || initial, patient_key) as key,
           coalesce('account|' || account || '|' || name || '|' || initial, 'alone|' || coalesce(member || '|' || initial, patient_key)) as by_account
    from completed
),
once as (select *, min(key) over (partition by service_date, by_account) as least_key from keyed),
twice as (select * replace (min(least_key) over (partition by service_date, key) as least_key) from once),
again as (select * replace (min(least_key) over (partition by service_date, by_account) as least_key) from twice)
select file_hash, claim, service_date, min(least_key) over (partition by service_date, key) as day_patient_key
from again
