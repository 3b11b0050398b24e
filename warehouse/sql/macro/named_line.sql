-- A table macro: lines as they were billed, each with the name that what it is about keeps through re-runs, re-loads and later decisions.
-- billed: file_hash, claim, line, thread, stands, service_date, number (the practice's own, '' without), code, plan (GP, GO, GN; '' without),
-- modifiers as billed, charge_amount, allowed_by_payment_amount, payer_claim_number, points_back (refused as a copy), and what else the caller
-- wants to keep. letter: what names begin with. own_id: by thread and line as billed; kept_id: that of the decision that stands, where this
-- one came under another line number.
-- Lines of one name in a decision are told apart by plan of care, by modifiers and charge where all decisions say the same of them, and then by
-- what was allowed, not by their order, which a later decision may change: what cannot be told apart wins nothing by it.
create or replace temp macro named_line(billed, letter) as table (
    with planned as (
        -- a plan of care names a line only where there are several, and each line says its own
        select *, case when min(nullif(plan, '')) over g <> max(nullif(plan, '')) over g and not bool_or(plan = '') over g then plan end as named_plan
        from query_table(billed)
        window g as (partition by thread, number, service_date, code)
    ),
    signed as (
        select *, sum(hash(modifiers, abs(charge_amount))) over (partition by file_hash, claim, number, service_date, code, named_plan) as says
        from planned
    ),
    compared as (
        select *, case when min(says) over g = max(says) over g then modifiers else '' end as told_modifiers,
               case when min(says) over g = max(says) over g then abs(charge_amount) end as told_charge
        from signed
        window g as (partition by thread, number, service_date, code, named_plan)
    ),
    placed as (
        select *, row_number() over (partition by file_hash, claim, number, service_date, code, named_plan
                                     order by told_modifiers, told_charge, abs(allowed_by_payment_amount), line) as place,
               count(*) over (partition by file_hash, claim, service_date, code) as alike,
               count(*) over (partition by file_hash, claim, service_date, code, modifiers) as modified_alike
        from compared
    ),
    named as (
        -- two decisions that both stand on lines of one name are two visits under one number; one refused as a copy takes no name from another
        select *, case when stands then row_number() over (partition by thread, number, service_date, code, named_plan, place, stands
                                                           order by points_back, coalesce(payer_claim_number, ''), file_hash, claim) else 1 end as turn
        from placed
    ),
    identified as (
        select *, concat(letter, '-', upper(substr(sha256(
                   concat_ws('|', thread, number, coalesce(service_date::varchar, ''), code, named_plan, place, turn)), 1, 10))) as own_id
        from named
    ),
    standing as (from identified where stands),
    like_it as (
        -- decided again under other line numbers, or without: the only line of that code and day, or of several the only one with those
        -- modifiers, where no other line of its claim has that name
        select i.file_hash, i.claim, i.line, any_value(s.own_id) as own_id
        from identified i
        join standing s on s.thread = i.thread and s.service_date = i.service_date and s.code = i.code and (i.alike = 1 or s.modifiers = i.modifiers)
        where (i.alike = 1 or i.modified_alike = 1) and not exists (from standing x where x.own_id = i.own_id)
          and not exists (from identified x where x.file_hash = i.file_hash and x.claim = i.claim and x.own_id = s.own_id)
        group by i.file_hash, i.claim, i.line
        having count(*) = 1
    )
    select i.* exclude (named_plan, says, told_modifiers, told_charge, place, alike, modified_alike, turn), coalesce(k.own_id, i.own_id) as kept_id
    from identified i
    left join like_it k on k.file_hash = i.file_hash and k.claim = i.claim and k.line = i.line
);
