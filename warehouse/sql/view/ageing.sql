-- grain: one row a dispute that is open or expired. key: dispute_id. inputs: out.dispute, out.edition
-- Two ages: since the service (how long the money has been owed) and since the remittance of the decision that stands (how long it has been known).
with aged as (
    select d.dispute_id, d.status, d.is_open, d.payer, d.contract, d.procedure_code, d.cause, d.service_date, d.remittance_date, d.dispute_by, d.days_left,
           d.shortfall_amount, date_diff('day', d.service_date, e.as_of_date) as service_age_days,
           date_diff('day', d.remittance_date, e.as_of_date) as remittance_age_days
    from out.dispute d
    cross join out.edition e
    where d.is_open or d.status = 'expired'
)
select *, case when service_age_days <= 30 then '000-030' when service_age_days <= 60 then '031-060' when service_age_days <= 90 then '061-090'
               when service_age_days <= 120 then '091-120' when service_age_days <= 180 then '121-180' when service_age_days <= 365 then '181-365'
               when service_age_days > 365 then 'over 365' end as service_age_band,
       case when remittance_age_days <= 30 then '000-030' when remittance_age_days <= 60 then '031-060' when remittance_age_days <= 90 then '061-090'
            when remittance_age_days <= 120 then '091-120' when remittance_age_days <= 180 then '121-180' when remittance_age_days <= 365 then '181-365'
            when remittance_age_days > 365 then 'over 365' end as remittance_age_band
from aged
