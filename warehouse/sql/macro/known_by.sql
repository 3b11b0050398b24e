-- A table macro, one row a claim's day of service and a number or name that its patient goes by, where another patient of the day goes by it too.
-- key: service_date, known_by, file_hash, claim. inputs: core.day_patient, core.claim, era.party
-- tells: a full name is enough only beside one that has no number; with the beginning of a number, of six characters or more, only beside one
-- whose whole number that is (the payer's suffix behind it). patient_count: how many go by it that day.
create or replace temp macro known_by() as table (
    with full_name as (
        select file_hash, claim, min(upper(name || '|' || first_name)) as full_name
        from era.party where claim is not null and line is null and entity_code = 'QC' and length(first_name) > 1 group by all
    ),
    known as (
        select d.*, c.patient_account as account, q.full_name, numbers[1] as number, numbers,
               list_transform(list_filter(c.patient_aliases, lambda x: starts_with(x, 'N')), lambda x: split_part(x, '|', 1)) as names
        from core.day_patient d
        join core.claim c on c.file_hash = d.file_hash and c.claim = d.claim
        left join full_name q on q.file_hash = d.file_hash and q.claim = d.claim,
        lateral (select list_transform(list_filter(c.patient_aliases, lambda x: starts_with(x, 'I')), lambda x: split_part(x, '|', 1)) as numbers)
    ),
    named as (
        select distinct service_date, day_patient_key, file_hash, claim, true as tells,
               unnest(list_filter(flatten([[number || '|' || name for name in names] for number in numbers])
                                  || [account || '|' || x for x in numbers || names], lambda x: x is not null)) as known_by
        from known
        union all
        select service_date, day_patient_key, file_hash, claim, number is null, 'named ' || full_name from known where full_name is not null
        union all
        select service_date, day_patient_key, file_hash, claim, length = length(number), concat('begins ', left(number, length), '|', full_name)
        from (from known where full_name is not null and length(number) > 6
              qualify count(distinct day_patient_key) over (partition by service_date, full_name, left(number, 7)) > 1),
        lateral (select unnest(range(7, least(length(number), 80) + 1)) as length)
    )
    select *, count(distinct day_patient_key) over alike as patient_count
    from named
    window alike as (partition by service_date, known_by)
    qualify patient_count > 1 and bool_or(tells) over alike
);
