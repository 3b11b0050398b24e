-- grain: one row a payment (ST*835). key: file_hash, payment.
-- inputs: era.payment, era.interchange, era.party, era.reference, era.date, era.claim, core.claim_content
-- resent: the same payment (trace, payer, amount, date, claims) counts in another transaction. Where copies differ in their details, the
-- latest interchange is the payer's last word; of copies that say the same the first counts. Nothing here looks at the night of loading.
with party as (
    select file_hash, payment, entity_code, name, id_qualifier, id, postal_code
    from era.party
    where claim is null and entity_code in ('PR', 'PE')
    qualify row_number() over (partition by file_hash, payment, entity_code order by segment) = 1
),
payer_number as (
    select file_hash, payment, list(distinct reference_value order by reference_value) as numbers
    from era.reference
    where claim is null and reference_qualifier = '2U' and reference_value is not null
    group by all
),
payee_tax as (
    select file_hash, payment, min(reference_value) as tin
    from era.reference where claim is null and reference_qualifier = 'TJ' group by all
),
production as (
    select file_hash, payment, min(date) as production_date
    from era.date where claim is null and date_qualifier = '405' group by all
),
claims as (
    select c.file_hash, c.payment,
           sha256(string_agg(concat_ws('|', c.patient_control_number, coalesce(c.payer_claim_number, ''), c.claim_status_code,
                                       c.charge_amount, c.paid_amount), ';' order by c.claim)) as claims_fingerprint,
           sum(hash(k.content, c.claim_status_code, c.charge_amount, c.paid_amount, c.patient_responsibility_amount))::hugeint as details
    from era.claim c
    join core.claim_content k on k.file_hash = c.file_hash and k.claim = c.claim
    group by all
),
described as (
    select p.file_hash, p.payment, p.segment,
           coalesce(p.payment_date, d.production_date, i.interchange_date) as remittance_date,
           i.interchange_date, coalesce(i.interchange_time, '') as interchange_time,
           p.payment_amount, p.payment_method_code, p.trace_number, p.payer_identifier,
           r.name as payer_name,
           list_distinct(list_filter([r.id], lambda x: x is not null) || coalesce(n.numbers, [])) as payer_ids,
           coalesce(p.payer_identifier, r.id, upper(r.name), '') as payer_key,
           list_distinct(list_filter([p.payer_identifier, r.id, upper(regexp_replace(r.name, '[^A-Za-z0-9]', '', 'g'))] || coalesce(n.numbers, []),
                                     lambda x: x <> '')) as payer_aliases,
           p.currency_code,
           case when e.id_qualifier = 'XX' then e.id end as payee_npi,
           coalesce(case when e.id_qualifier = 'FI' then e.id end, t.tin) as payee_tin,
           coalesce(e.id, upper(e.name), '') as payee_key,
           e.name as payee_name, e.postal_code as payee_zip,
           coalesce(c.claims_fingerprint, '') as claims_fingerprint, c.details
    from era.payment p
    left join era.interchange i on i.file_hash = p.file_hash and i.interchange = p.interchange
    left join party r on r.file_hash = p.file_hash and r.payment = p.payment and r.entity_code = 'PR'
    left join party e on e.file_hash = p.file_hash and e.payment = p.payment and e.entity_code = 'PE'
    left join payer_number n on n.file_hash = p.file_hash and n.payment = p.payment
    left join payee_tax t on t.file_hash = p.file_hash and t.payment = p.payment
    left join production d on d.file_hash = p.file_hash and d.payment = p.payment
    left join claims c on c.file_hash = p.file_hash and c.payment = p.payment
),
copies as (
    select *,
           last_value(details) over (sent order by interchange_date, interchange_time, file_hash, payment
                                     rows between unbounded preceding and unbounded following) as last_details,
           count(distinct details) over (partition by trace_number, payer_key, payee_key, payment_amount, remittance_date, claims_fingerprint,
                                         interchange_date, interchange_time) as told
    from described
    window sent as (partition by trace_number, payer_key, payee_key, payment_amount, remittance_date, claims_fingerprint)
)
select * exclude (details, last_details, told),
       trace_number is not null and claims_fingerprint <> '' and told = 1 and row_number() over (
           partition by trace_number, payer_key, payee_key, payment_amount, remittance_date, claims_fingerprint
           order by details = last_details desc, interchange_date, interchange_time, file_hash, payment) > 1 as resent
from copies
