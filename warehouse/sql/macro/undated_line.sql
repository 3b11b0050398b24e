-- A table macro, one row a line of a decision that counts, or may, and whose date of service does not hold: the days that it may be of.
-- key: line_id. inputs: core.line, core.claim, core.adjudication, era.date
-- They are its own, those of the statement, those of the claim's other lines, or those of the year before the payment.
create or replace temp macro undated_line() as table (
    with line_date as (
        select file_hash, claim, line, min(date) as first_date, max(date) as last_date
        from era.date where line is not null and date_qualifier in ('472', '150', '151') group by all
    )
    select l.line_id, c.patient_key, c.patient_account,
           case when l.date_problem like '%outside%' then least(d.first_date, c.statement_from_date)
                else coalesce(d.first_date, c.statement_from_date, c.dates[1], c.remittance_date - 366) end as first_date,
           case when l.date_problem like '%outside%' then greatest(d.last_date, c.statement_from_date, c.statement_through_date)
                else coalesce(d.last_date, c.statement_through_date, c.statement_from_date, c.dates[-1], c.remittance_date) end as last_date
    from core.line l
    join core.claim c on c.file_hash = l.file_hash and c.claim = l.claim
    join core.adjudication j on j.file_hash = l.file_hash and j.claim = l.claim and j.state in ('SURVIVING', 'PENDING', 'IN_DOUBT')
    left join line_date d on d.file_hash = l.file_hash and d.claim = l.claim and d.line = l.line
    where l.date_problem is not null
);
