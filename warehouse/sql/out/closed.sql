-- grain: one row a dispute that is neither open nor expired: settled by people or by a remittance, or waiting for one. key: dispute_id. inputs: out.life
select dispute_id, status, payer, plan, contract, patient_account, payer_claim_number, service_date, procedure_code,
       case standing when 'paid' then 'a later decision pays it' when 'corrected' then 'the same amount, and no longer short: what we knew was wrong or incomplete'
            when 'reversed' then 'taken back by a reversal; the correction has not come' when 'denied' then 'a later decision refuses the line'
            when 'unjudged' then 'can no longer be judged: see Abstained' when 'gone' then 'no decision on the line stands'
            when 'taken back' then 'paid, and taken back again' else 'still short' end as standing,
       first_shortfall_amount, shortfall_amount, recovered_amount, takeback_amount, cause, first_seen_date, sent_date, status_date, status_by,
       recovered_date, assignee, note, decision_date, version
from out.life
where not is_open and status <> 'expired'
order by status_date desc, payer, dispute_id
