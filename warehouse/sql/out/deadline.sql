-- grain: one row a day by which something must be sent: the next level of each open dispute, and each step that a payer's letter started.
-- key: about_id, due. inputs: out.dispute, life.letter_window, terms.envelope. First to expire first, then dollars; what has passed stays until it is answered.
with listed as (
    select 'dispute' as about, dispute_id as about_id, dispute_level as due, payer, patient_account, payer_claim_number, service_date,
           shortfall_amount as amount, dispute_by as deadline_date, anchor_date, concat('send the ', dispute_level, case when submit_to is not null then concat(' to ', submit_to) end) as what_to_do,
           window_source, dispute_level as for_what
    from out.dispute where is_open and status <> 'sent' and dispute_by is not null
    union all
    select 'letter', letter_id, due, payer, patient_account, payer_claim_number, null, amount, dispute_by, anchor_date, what_to_do, window_source, kind
    from life.letter_window
)
select d.deadline_date, date_diff('day', $as_of, d.deadline_date)::integer as days_left, d.about, d.about_id, d.due, d.payer, d.patient_account,
       d.payer_claim_number, d.service_date, d.amount, d.what_to_do, coalesce(e.contents, o.contents) as envelope, d.anchor_date, d.window_source
from listed d
left join terms.envelope e on e.for_what = d.for_what
left join terms.envelope o on o.for_what = '*'
order by d.deadline_date, d.amount desc nulls last, d.about_id, d.due
