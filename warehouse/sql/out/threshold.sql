-- grain: one row a Medicare patient, year and threshold (PT with SLP, OT). key: patient_key, service_year, discipline; named threshold_id.
-- inputs: core.therapy_line, terms.therapy_threshold
-- What this practice's remittances show; other practices' services count too and are not seen: the true total is this or more. Amounts are the
-- allowed ones, the patient's share among them [OWN]. What is taken back or replaced is not in it. Lines without an allowed amount are counted.
with counted as (
    select *, coalesce(allowed_amount, 0) as amount, verdict not in ('DENIED', 'BUNDLED', 'CAPITATED', 'SECONDARY') and allowed_amount is not null as counts
    from core.therapy_line where medicare and discipline is not null
),
running as (
    select c.*, t.amount as threshold_amount, t.review_amount, t.near_percent, t.source as threshold_source,
           sum(case when counts then c.amount else 0 end) over (partition by c.patient_key, c.service_year, c.discipline
               order by c.service_date, c.file_hash, c.claim, c.line) as running_amount
    from counted c
    join terms.therapy_threshold t on t.discipline = c.discipline and c.service_date between t.effective and t.until
),
summed as (
    select patient_key, service_year, discipline, arg_max(patient_account, (service_date, file_hash, claim, line)) as patient_account,
           coalesce(sum(amount) filter (where counts), 0)::decimal(18,2) as counted_amount,
           any_value(threshold_amount) as threshold_amount, any_value(review_amount) as review_amount, any_value(near_percent) as near_percent,
           min(service_date) filter (where running_amount > threshold_amount) as reached_date, max(service_date) as last_service_date,
           count(*) filter (where counts) as line_count,
           count(*) filter (where not counts and verdict not in ('DENIED', 'BUNDLED')) as uncounted_count,
           count(*) filter (where counts and running_amount > threshold_amount and not kx) as without_kx_count,
           coalesce(sum(amount) filter (where counts and running_amount > threshold_amount and not kx), 0)::decimal(18,2) as without_kx_amount,
           count(*) filter (where over_threshold and not counts) as denied_count,
           coalesce(sum(charge_amount) filter (where over_threshold and not counts), 0)::decimal(18,2) as denied_charge_amount,
           any_value(threshold_source) as threshold_source
    from running group by patient_key, service_year, discipline
)
select concat('T-', upper(substr(sha256(concat_ws('|', patient_key, service_year, discipline)), 1, 10))) as threshold_id,
       patient_account, service_year, discipline, counted_amount, threshold_amount,
       greatest(threshold_amount - counted_amount, 0)::decimal(18,2) as left_amount, review_amount,
       greatest(review_amount - counted_amount, 0)::decimal(18,2) as left_to_review_amount,
       case when denied_count > 0 then 'denied for want of KX' when without_kx_count > 0 then 'above without KX'
            when counted_amount > review_amount then 'above the review threshold'
            when counted_amount * 100 >= review_amount * near_percent then 'near the review threshold'
            when counted_amount > threshold_amount then 'above, KX billed'
            when counted_amount * 100 >= threshold_amount * near_percent then 'near' else 'below' end as threshold_status,
       case when denied_count > 0 then 'PR-119: services above the threshold are denied without KX, none is paid at a lower rate; if the record shows they were needed, ask for a reopening with KX'
            when without_kx_count > 0 then 'paid above the threshold without KX: the payer may take it back; see that the record supports KX'
            when counted_amount * 100 >= review_amount * near_percent then 'records may be asked for: see that they are complete'
            when counted_amount > threshold_amount then 'bill KX while services are needed and the record says so'
            when counted_amount * 100 >= threshold_amount * near_percent then 'the next services may pass the threshold: bill KX on those that do, if they are needed' end as what_to_do,
       reached_date, last_service_date, line_count, uncounted_count, without_kx_count, without_kx_amount, denied_count, denied_charge_amount, threshold_source, patient_key
from summed
order by service_year desc, counted_amount desc, patient_key, discipline
