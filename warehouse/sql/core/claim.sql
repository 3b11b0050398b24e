-- grain: one row a decision on a claim (CLP), re-sent ones included. key: file_hash, claim.
-- inputs: era.claim, era.party, era.reference, era.date, core.payment, core.adjustment, core.claim_content
with party as (
    -- a word for "none" is no number
    select file_hash, claim, entity_code, name, first_name,
           case when not regexp_matches(upper(regexp_replace(id, '[^A-Za-z0-9]', '', 'g')), '^(0*|9{5,}|X*|NA|NONE|UNK|UNKNOWN|NULL|SELF)$') then id end as id
    from era.party
    where claim is not null and line is null and entity_code in ('QC', 'IL', '74', '82')
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
dated as (
    select file_hash, claim,
           min(date) filter (where line is null and date_qualifier = '232') as statement_from_date,
           max(date) filter (where line is null and date_qualifier = '233') as statement_through_date,
           min(date) filter (where line is not null and date_qualifier in ('472', '150')) as first_service_date,
           list(distinct date order by date) filter (where date is not null and date_qualifier in ('472', '150', '232', '233')) as dates
    from era.date where claim is not null group by all
),
adjusted as (
    select file_hash, claim,
           bool_or(class = 'prior_payer') as prior_payer,
           bool_and(refers_back) filter (where adjustment_amount <> 0) as points_back
    from core.adjustment group by all
)
select c.file_hash, c.claim, c.payment, c.segment, c.byte_offset,
       p.remittance_date, p.interchange_date, p.interchange_time, p.trace_number, p.payer_name, p.payer_ids, p.payer_key, p.payer_aliases, p.currency_code,
       p.payee_npi, p.payee_tin, p.payee_key, p.payee_zip, p.resent,
       -- a number of zeros or a word for "none" is no number
       case when not regexp_matches(upper(trim(c.patient_control_number)), '^(0*|NA|N/A|NONE|UNKNOWN|NULL)$') then c.patient_control_number end as patient_account,
       case when not regexp_matches(upper(trim(c.payer_claim_number)), '^(0*|NA|N/A|NONE|UNKNOWN|NULL)$') then trim(c.payer_claim_number) end as payer_claim_number,
       r.original_claim_number, c.claim_status_code, c.frequency_code, c.charge_amount, c.paid_amount, c.filing_indicator_code, c.facility_code,
       r.class_of_contract, r.group_number, r.location_number, n.id as rendering_npi,
       coalesce(d.statement_from_date, d.first_service_date) as claim_service_date, d.statement_from_date, d.statement_through_date,
       coalesce(d.dates, []) as dates,
       -- one person on one day: the member's number with the initial, else the name; a family may share the number
       upper(coalesce(regexp_replace(coalesce(q.id, i.id), '[^A-Za-z0-9]', '', 'g') || '|' || left(coalesce(q.first_name, ''), 1),
                      q.name || '|' || coalesce(q.first_name, ''), c.patient_control_number, '')) as patient_key,
       -- names are mended and members renumbered (NM1*74): any of them, with the initial, will do to know a patient by; the payer's own come first
       list_filter([upper('N' || regexp_replace(q.name, '[^A-Za-z]', '', 'g') || '|' || left(coalesce(q.first_name, ''), 1)),
                    upper('I' || regexp_replace(coalesce(q.id, i.id), '[^A-Za-z0-9]', '', 'g') || '|' || left(coalesce(q.first_name, ''), 1)),
                    upper('N' || nullif(regexp_replace(m.name, '[^A-Za-z]', '', 'g'), '') || '|' || left(coalesce(m.first_name, q.first_name, ''), 1)),
                    upper('I' || regexp_replace(m.id, '[^A-Za-z0-9]', '', 'g') || '|' || left(coalesce(m.first_name, q.first_name, ''), 1))],
                   lambda x: x is not null) as patient_aliases,
       coalesce(a.prior_payer, false) as prior_payer,
       case when c.claim_status_code in ('2', '20') or coalesce(a.prior_payer, false) then 2
            when c.claim_status_code in ('3', '21') then 3 else 1 end as payer_rank,
       coalesce(a.points_back, false) and c.paid_amount = 0 as points_back,
       (c.claim_status_code = '22' and (c.charge_amount < 0 or c.paid_amount < 0))
           or (c.charge_amount < 0 and c.paid_amount <= 0) as is_reversal,
       k.content, k.services, k.line_count
from era.claim c
join core.payment p on p.file_hash = c.file_hash and p.payment = c.payment
join core.claim_content k on k.file_hash = c.file_hash and k.claim = c.claim
left join party q on q.file_hash = c.file_hash and q.claim = c.claim and q.entity_code = 'QC'
left join party i on i.file_hash = c.file_hash and i.claim = c.claim and i.entity_code = 'IL'
left join party m on m.file_hash = c.file_hash and m.claim = c.claim and m.entity_code = '74'
left join party n on n.file_hash = c.file_hash and n.claim = c.claim and n.entity_code = '82'
left join reference r on r.file_hash = c.file_hash and r.claim = c.claim
left join dated d on d.file_hash = c.file_hash and d.claim = c.claim
left join adjusted a on a.file_hash = c.file_hash and a.claim = c.claim
