-- grain: one row a day by which something must be sent: the next level of each open dispute, what mends a
-- denial, and each step that a payer's letter started.
-- key: about_id, due. inputs: out.dispute, out.denial, life.letter_window, terms.envelope. First to expire first, then dollars; what has passed stays until it is answered.
with listed as (
    select 'dispute' as about, dispute_id as about_id, dispute_level as due, payer, patient_account, payer_claim_number, service_date,
           shortfall_amount as amount, dispute_by as deadline_date, anchor_date, concat('send the ', dispute_level, case when submit_to is not null then concat(' to ', submit_to) end) as what_to_do,
           window_source, dispute_level as for_what, null as contents
    from out.dispute where is_open and status <> 'sent' and dispute_by is not null
    union all
    select 'denial', denial_id, deadline_level, payer, patient_account, payer_claim_number, service_date, recoverable_amount, deadline_date, null::date,
           concat(replace(strategy, '_', ' '), case when submit_to is not null then concat(', to ', submit_to) end, ': ', argument), deadline_source, deadline_level, contains
    from out.denial where status = 'open' and deadline_date is not null
    union all
    select 'letter', letter_id, due, payer, patient_account, payer_claim_number, null, amount, dispute_by, anchor_date, what_to_do, window_source, kind, null
    from life.letter_window
)
select d.deadline_date, date_diff('day', $as_of, d.deadline_date)::integer as days_left, d.about, d.about_id, d.due, d.payer, d.patient_account,
       d.payer_claim_number, d.service_date, d.amount, d.what_to_do, coalesce(d.contents, e.contents, o.contents) as envelope, d.anchor_date, d.window_source
from listed d
left join terms.envelope e on e.for_what = d.for_what
left join terms.envelope o on o.for_what = '*'
order by d.deadline_date, d.amount desc nulls last, d.about_id, d.due
