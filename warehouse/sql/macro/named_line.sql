-- A table macro: lines as they were billed, each with the name that what it is about keeps through re-runs, re-loads and later decisions.
-- billed: file_hash, claim, line, thread, stands, service_date, number (the practice's own, '' without), code, payer_claim_number, and what else
-- the caller wants to keep. letter: what names begin with. own_id: by thread and line as billed; kept_id: that of the decision that stands,
-- where this one came under another line number.
create or replace temp macro named_line(billed, letter) as table (
    with placed as (
        select *, row_number() over (partition by file_hash, claim, number, service_date, code order by line) as place,
               count(*) over (partition by file_hash, claim, service_date, code) as alike
        from query_table(billed)
    ),
    named as (
        -- two decisions that both stand on lines of one name are two visits under one number
        select *, case when stands then row_number() over (partition by thread, number, service_date, code, place, stands
                                                           order by coalesce(payer_claim_number, ''), file_hash, claim) else 1 end as turn
        from placed
    ),
    identified as (
        select *, concat(letter, '-', upper(substr(sha256(
                   concat_ws('|', thread, number, coalesce(service_date::varchar, ''), code, place, turn)), 1, 10))) as own_id
        from named
    ),
    standing as (from identified where stands),
    like_it as (
        -- decided again under other line numbers: the only line of that code and day
        select i.file_hash, i.claim, i.line, any_value(s.own_id) as own_id
        from identified i
        join standing s on s.thread = i.thread and s.service_date = i.service_date and s.code = i.code
        where i.alike = 1 and not exists (from standing x where x.own_id = i.own_id)
        group by i.file_hash, i.claim, i.line
        having count(*) = 1
    )
    select i.* exclude (place, alike, turn), coalesce(k.own_id, i.own_id) as kept_id
    from identified i
    left join like_it k on k.file_hash = i.file_hash and k.claim = i.claim and k.line = i.line
);
