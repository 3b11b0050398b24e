-- grain: one row a claim's day of service that is not judged, since too many lines may be of the same patient that day. key: file_hash, claim, service_date.
-- inputs: macros known_by and undated_line, core.claim, core.day_patient, core.line, core.adjudication
-- Whoever may be one person is held against each other (core.doubtful_line): up to 20 patients who go by one number or name that day, and up to
-- 20 lines that may be of the day; and so are up to 200 lines of one patient, of those who may be one, or under one account, whether they still
-- stand or not. Beyond, the whole day of that patient is left alone.
with asked as (
    select d.service_date, d.day_patient_key, unnest(['patient ' || c.patient_key, 'account ' || c.patient_account]) as whose
    from core.day_patient d
    join core.claim c on c.file_hash = d.file_hash and c.claim = d.claim
),
held as (
    select unnest(['patient ' || patient_key, 'account ' || patient_account]) as whose, first_date, last_date
    from undated_line() where first_date <= last_date
),
turn as (
    select whose, first_date as date, null as day_patient_key, 1 as begun from held
    union all
    select whose, last_date + 1, null, -1 from held
    union all
    select distinct whose, service_date, day_patient_key, 0 from asked semi join held using (whose)
),
counted as (
    -- how many have begun and not ended: on a day, after those that begin or end with it
    select *, sum(begun) over (partition by whose order by date, day_patient_key is not null rows unbounded preceding) as line_count from turn
),
sent as (
    select d.file_hash, d.claim, d.service_date, d.day_patient_key, c.patient_account, count(*) as line_count
    from core.day_patient d
    join core.claim c on c.file_hash = d.file_hash and c.claim = d.claim
    join core.adjudication j on j.file_hash = d.file_hash and j.claim = d.claim and j.state not in ('RESENT', 'APART', 'REVERSAL')
    join core.line l on l.file_hash = d.file_hash and l.claim = d.claim and l.service_date = d.service_date
    group by all
),
numerous as (
    select day_patient_key, service_date
    from sent
    qualify sum(line_count) over (partition by day_patient_key, service_date) > 200
         or (patient_account is not null and sum(line_count) over (partition by patient_account, service_date) > 200)
    union
    select k.day_patient_key, k.service_date
    from known_by() k
    join sent s on s.file_hash = k.file_hash and s.claim = k.claim and s.service_date = k.service_date
    qualify sum(s.line_count) over (partition by k.service_date, k.known_by) > 200
),
crowded as (
    select day_patient_key, service_date, 'more than 20 patients go by one number or name on this day: whose line it is, is not said' as crowd_reason
    from known_by() where patient_count > 20
    union all
    select day_patient_key, date, 'more than 20 lines without a date that holds may be of this day: which are, is not said'
    from counted where day_patient_key is not null and whose is not null and line_count > 20
    union all
    select day_patient_key, service_date, 'more than 200 lines come for this patient, or under this account, on one day: they are not held against each other'
    from numerous
)
select d.file_hash, d.claim, d.service_date, min(c.crowd_reason) as crowd_reason
from core.day_patient d
join crowded c on c.day_patient_key = d.day_patient_key and c.service_date = d.service_date
group by all
