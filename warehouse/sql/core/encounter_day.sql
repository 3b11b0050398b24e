-- grain: one row a patient-day with an encounter: under which contract, and why its units cannot be counted. key: patient, service_date.
-- inputs: core.encounter, core.billed_unit, terms.timed_code, terms.contract, terms.filing_limit
with told as (
    select patient, service_date, min(patient_account) as patient_account, min(struct_pack(f := file_hash, r := row_number)) as place,
           arg_min(source_file, (file_hash, row_number)) as source_file, bool_or(account_known) as account_known,
           bool_or(timed) as timed, bool_or(conflicting) as conflicting, bool_or(repeated) as repeated, bool_or(overlapping) as overlapping,
           bool_or(procedure_code is null) as code_unread,
           min(procedure_code) filter (where not timing_known and coalesce(minutes, 1) > 0) as untold_code,
           min(procedure_code) filter (where timed and minutes is null) as without_minutes,
           list_distinct(flatten(list(string_split(coalesce(modifiers, ''), ', ')))) as stated_modifiers
    from core.encounter group by patient, service_date
),
billed as (
    select b.patient, b.service_date, min(b.problem) as problem, min(b.contract) as contract, max(b.other_contract) as other_contract,
           min(b.contract_file) as contract_file, min(b.contract_effective) as contract_effective, min(b.payer) as payer,
           min(b.remittance_date) as remittance_date, list_distinct(flatten(list(b.modifier_list))) as modifiers,
           min(b.procedure_code) filter (where t.unit_minutes is not null and e.patient is null) as not_in_encounter,
           min(b.procedure_code) filter (where t.procedure_code is null) as untold_code
    from core.billed_unit b
    left join terms.timed_code t on t.procedure_code = b.procedure_code
                                and b.service_date between coalesce(t.effective, b.service_date) and coalesce(t.until, b.service_date)
    left join (select distinct patient, service_date, procedure_code from core.encounter) e
           on e.patient = b.patient and e.service_date = b.service_date and e.procedure_code = b.procedure_code
    group by b.patient, b.service_date
)
select t.patient, t.service_date, t.patient_account, t.source_file, t.place.f as file_hash, t.place.r as row_number, t.account_known,
       b.patient is not null as decided, b.payer, b.contract, b.contract_file, b.contract_effective, k.units_rule,
       f.days as filing_days, f.unit as filing_unit, case f.counted_from when 'remittance' then b.remittance_date else t.service_date end as filing_anchor_date,
       case when t.conflicting then 'two encounter files of one stamp say different things of the day'
            when t.code_unread then 'a code of the day could not be read'
            when t.overlapping then 'minutes of the day overlap'
            when t.repeated then 'a row of the day stands twice without times'
            when coalesce(t.untold_code, b.untold_code) is not null then concat('whether ', coalesce(t.untold_code, b.untold_code), ' counts minutes is not in our table')
            when t.without_minutes is not null then concat('the minutes of ', t.without_minutes, ' are missing')
            when b.patient is null then 'no remittance shows the account on that day'
            when b.problem is not null then b.problem
            when b.not_in_encounter is not null then concat(b.not_in_encounter, ' was billed and is not in the encounters of the day')
            when b.contract <> b.other_contract then 'the day was billed under several contracts'
            when len(list_intersect(['GP', 'GO', 'GN'], list_concat(b.modifiers, t.stated_modifiers))) > 1
                then 'the day has several disciplines (GP, GO, GN): whose minutes are added up is not sourced' end as day_problem
from told t
left join billed b on b.patient = t.patient and b.service_date = t.service_date
left join terms.contract k on k.contract = b.contract and k.contract_effective = b.contract_effective and k.source_file = b.contract_file
left join terms.filing_limit f on f.contract = b.contract and f.contract_effective = b.contract_effective and f.source_file = b.contract_file
where t.timed or b.not_in_encounter is not null
order by t.patient, t.service_date
