-- grain: one row a letter that is not answered and a step that it starts. key: letter_id, due. inputs: life.letter, terms.clock
-- Days given with the letter go before those of the table. The last day is reckoned from anchor_date (contracts.last_day).
with came as (
    select * from life.letter where kind is not null and when_date <= $as_of
    qualify row_number() over (partition by letter_id order by number) = 1
),
answered as (select letter_id, min(answered_date) as answered_date from life.letter where answered_date <= $as_of group by letter_id)
select c.letter_id, c.kind, coalesce(k.due, 'answer') as due, c.payer, c.patient_account, c.payer_claim_number, c.amount, c.note, c.letter_date as anchor_date,
       coalesce(c.days, k.days)::integer as days, coalesce(k.unit, 'calendar') as unit, case when c.days is null then coalesce(k.receipt_days, 0) else 0 end::integer as receipt_days,
       coalesce(k.what_to_do, 'answer as the letter says') as what_to_do, case when c.days is null then k.source else 'the letter' end as window_source
from came c
left join terms.clock k on k.kind = c.kind
left join answered a on a.letter_id = c.letter_id
where a.letter_id is null and coalesce(c.days, k.days) is not null
order by c.letter_id, due
