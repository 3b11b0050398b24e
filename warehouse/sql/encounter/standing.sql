-- grain: one row a row that stands: of each patient-day those of the file with the latest stamp. key: file_hash, row_number. inputs: row, file
-- A file replaces a patient-day whole. Two files of one stamp that say different things of a day are in conflict: the rows of one are shown,
-- and the day is not judged. What stands depends on what was received and on its stamps, never on the order.
create or replace table standing as
with day as (
    select r.file_hash, r.patient_account, r.service_date, any_value(f.stamp) as stamp,
           sha256(list(r.content order by r.content)::varchar) as content
    from row r join file f on f.file_hash = r.file_hash
    group by r.file_hash, r.patient_account, r.service_date
),
newest as (
    select * from day qualify rank() over (partition by patient_account, service_date order by stamp desc) = 1
),
told as (
    select *, min(content) over d <> max(content) over d as conflicting
    from newest window d as (partition by patient_account, service_date)
),
chosen as (
    select * from told qualify row_number() over (partition by patient_account, service_date order by content, file_hash) = 1
)
select r.* exclude (content), f.name as source_file, c.conflicting,
       count(*) over (partition by r.file_hash, r.patient_account, r.service_date, r.content) > 1 as repeated
from chosen c
join row r on r.file_hash = c.file_hash and r.patient_account = c.patient_account and r.service_date = c.service_date
join file f on f.file_hash = r.file_hash
order by r.file_hash, r.row_number
