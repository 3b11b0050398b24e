-- grain: one row a decision on a claim (CLP), re-sent ones included. key: file_hash, claim.
-- inputs: era.claim, era.party, era.reference, era.date, era.adjustment, core.payment
with party as (
    select file_hash, claim, entity_code, name, first_name, id
    from era.party
    where claim is not null and line is null and entity_code in ('QC', 'IL', '82')
    qualify row_number() over (partition by file_hash, claim, entity_code order by segment) = 1
),
reference as (
    select file_hash, claim,
           min(reference_value) filter (where reference_qualifier = 'CE') as class_of_contract,
           min(reference_value) filter (where reference_qualifier = '1L') as group_number,
           min(reference_value) filter (where reference_qualifier = 'LU') as location_number,
           min(reference_value) filter (where reference_qualifier = 'F8') as original_claim_number
    from era.reference where claim is not null and line is null group by all
),
stated as (
    select file_hash, claim,
           min(date) filter (where date_qualifier = '232') as statement_from_date
    from era.date where claim is not null and line is null group by all
),
adjusted as (
    select file_hash, claim,
           bool_or(group_code = 'OA' and reason_code = '23') as prior_payer
    from era.adjustment where claim is not null and line is null group by all
),
first_service as (
    select file_hash, claim, min(date) as first_service_date
    from era.date where line is not null and date_qualifier in ('472', '150') group by all
)
select c.file_hash, c.claim, c.payment, c.segment, c.byte_offset,
       p.remittance_date, p.interchange_date, p.interchange_time, p.trace_number, p.payer_name, p.payer_ids, p.payer_key,
       p.payee_npi, p.payee_tin, p.payee_key, p.payee_zip, p.resent,
       c.patient_control_number as patient_account, nullif(c.payer_claim_number, '') as payer_claim_number,
       r.original_claim_number, c.claim_status_code, c.charge_amount, c.paid_amount, c.filing_indicator_code, c.facility_code,
       r.class_of_contract, r.group_number, r.location_number, n.id as rendering_npi,
       coalesce(s.statement_from_date, f.first_service_date) as claim_service_date,
       upper(concat_ws('|', coalesce(q.id, i.id, c.patient_control_number), q.name, q.first_name)) as patient_key,
       coalesce(a.prior_payer, false) as prior_payer,
       c.claim_status_code = '22' and (c.charge_amount < 0 or c.paid_amount < 0) as is_reversal
from era.claim c
join core.payment p on p.file_hash = c.file_hash and p.payment = c.payment
left join party q on q.file_hash = c.file_hash and q.claim = c.claim and q.entity_code = 'QC'
left join party i on i.file_hash = c.file_hash and i.claim = c.claim and i.entity_code = 'IL'
left join party n on n.file_hash = c.file_hash and n.claim = c.claim and n.entity_code = '82'
left join reference r on r.file_hash = c.file_hash and r.claim = c.claim
left join stated s on s.file_hash = c.file_hash and s.claim = c.claim
left join adjusted a on a.file_hash = c.file_hash and a.claim = c.claim
left join first_service f on f.file_hash = c.file_hash and f.claim = c.claim
