-- grain: one row a claim's day of service that is not judged, since too many lines may be of the same patient that day. key: file_hash, claim, service_date.
-- inputs: macro known_by, core.line, core.claim, core.day_patient
-- Whoever may be one person is held against each other (core.doubtful_line): up to 20 patients of a day, and 20 lines without a day of their own.
with undated as (
    select c.patient_key, c.patient_account
    from core.line l
    join core.claim c on c.file_hash = l.file_hash and c.claim = l.claim
    where l.date_problem is not null
),
crowded as (
    select file_hash, claim, service_date, 'more than 20 patients go by one number or name on this day: whose line it is, is not said' as crowd_reason
    from known_by() where patient_count > 20
    union all
    select d.file_hash, d.claim, d.service_date, 'more than 20 lines of this patient have no date that holds: which are of this day, is not said'
    from core.day_patient d
    join core.claim c on c.file_hash = d.file_hash and c.claim = d.claim
    where c.patient_key in (select patient_key from undated group by all having count(*) > 20)
       or c.patient_account in (select patient_account from undated group by all having count(*) > 20)
)
select file_hash, claim, service_date, min(crowd_reason) as crowd_reason from crowded group by all
