-- grain: one row a provider adjustment (PLB pair). key: file_hash, segment, position.
-- inputs: era.provider_adjustment, core.payment, core.claim, core.thread, terms.provider_adjustment_class
-- What it is, and the claim that it names. A reference is read as payers write them (RFI 484, 2370): the payer's claim number, the account,
-- both with anything between, or the number inside a longer one. It ties where it singles out one claim, by number before account. A number or
-- account that more than 100 claims go by singles out none.
with own as (
    select a.file_hash, a.payment, a.segment, a.position, p.remittance_date, p.trace_number, p.payer_key, p.resent, a.reason_code,
           coalesce(k.class, 'other') as adjustment_class, a.reference_id, a.adjustment_amount,
           upper(regexp_replace(coalesce(a.reference_id, ''), '[^A-Za-z0-9]', '', 'g')) as reference
    from era.provider_adjustment a
    join core.payment p on p.file_hash = a.file_hash and p.payment = a.payment
    left join terms.provider_adjustment_class k on k.reason_code = a.reason_code
),
claim as (
    select distinct t.thread, c.payer_key,
           upper(regexp_replace(coalesce(c.payer_claim_number, ''), '[^A-Za-z0-9]', '', 'g')) as number,
           upper(regexp_replace(coalesce(c.patient_account, ''), '[^A-Za-z0-9]', '', 'g')) as account
    from core.claim c
    join core.thread t on t.file_hash = c.file_hash and t.claim = c.claim
),
named as (
    select *, count(*) over (partition by number) <= 100 as number_tells, count(*) over (partition by account) <= 100 as account_tells from claim
),
word as (
    select file_hash, segment, position, words, unnest(words) as word
    from (select *, list_distinct(list_append(list_transform(regexp_split_to_array(reference_id, '[^A-Za-z0-9]+'), lambda x: upper(x)), reference)) as words
          from own where reference <> '')
),
by_word as (
    select w.file_hash, w.segment, w.position, n.thread, true as by_number, n.account <> '' and list_contains(w.words, n.account) as by_account
    from word w join named n on n.number = w.word and n.number_tells where w.word <> ''
    union all
    select w.file_hash, w.segment, w.position, n.thread, n.number = w.word, true
    from word w join named n on n.account = w.word and n.account_tells where w.word <> ''
),
part as (
    -- every part of eight characters or more of a reference that names no number by itself (PLB03-2 has fifty at most)
    select file_hash, segment, position, payer_key, reference, start, unnest(range(8, length(reference) - start + 2)) as size
    from (
        select o.*, unnest(range(1, length(o.reference) - 6)) as start
        from own o
        where length(o.reference) between 8 and 60
          and not exists (from by_word b where b.file_hash = o.file_hash and b.segment = o.segment and b.position = o.position and b.by_number)
    )
),
within_longer as (
    -- only long numbers, and only of this payer: a short one is inside many references by chance
    select distinct o.file_hash, o.segment, o.position, n.thread, true as by_number, contains(o.reference, n.account) and n.account <> '' as by_account
    from part o
    join named n on n.payer_key = o.payer_key and n.number_tells and n.number = substr(o.reference, o.start::bigint, o.size::bigint)
),
candidate as (
    select file_hash, segment, position, thread, bool_or(by_number) as by_number, bool_or(by_account) as by_account
    from (from by_word union all by name from within_longer) group by all
),
best as (
    -- number and account together, else the number, else the account
    select *, case when by_number and by_account then 1 when by_number then 2 else 3 end as rank from candidate
    qualify rank = min(rank) over (partition by file_hash, segment, position)
),
crowd as (
    select distinct file_hash, segment, position
    from word semi join (select number as word from named where not number_tells union select account from named where not account_tells) using (word)
    where word <> ''
),
single as (
    select file_hash, segment, position, any_value(thread) as thread, any_value(rank) as rank, count(*) as claims
    from best group by file_hash, segment, position
)
select o.* exclude (reference, payer_key),
       case when s.claims = 1 then s.thread end as thread,
       case when s.claims = 1 then case s.rank when 1 then 'claim number and account' when 2 then 'claim number' else 'account' end
            when s.claims > 1 then concat('names ', s.claims, ' claims')
            when r.position is not null then 'names more than 100 claims' else 'names no claim' end as tie
from own o
left join single s on s.file_hash = o.file_hash and s.segment = o.segment and s.position = o.position
left join crowd r on r.file_hash = o.file_hash and r.segment = o.segment and r.position = o.position
