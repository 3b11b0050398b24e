-- A table macro, one row a service line: how many units were billed on it, how many are priced, and for what charge. key: file_hash, claim, line.
-- lines: as in core.comparable_line, with refused_whole and refused_units (a code or a remark says why units are missing).
-- SVC07 is the count of the billed line (RFI 2283, 958), which every part of it repeats: it counts once for all parts, the refused ones too. Parts share
-- the practice's line number, day and billed code; without a number, lines of one code, modifiers and count that come to no more than this count.
-- A refused part holds its units, and where it states fewer its share of the charge; what of the count no part accounts for was cut in
-- silence and is priced with the first. asked_units: as billed; priced_units: asked, less those that the payer says why it refused.
create or replace temp macro asked_units(lines) as table (
    with line as (
        select file_hash, claim, line, numbered_by_practice, service_date, coalesce(billed_procedure_code, procedure_code) as billed_code,
               case when numbered_by_practice then line_control_number
                    else concat_ws('|', coalesce(nullif(billed_modifiers, ''), modifiers, ''), billed_units) end as number,
               coalesce(billed_procedure_code = procedure_code, true) as same_code, charge_amount, coalesce(units, 1) as units,
               case when billed_units > 0 then billed_units end as told_units, refused_whole, refused_units, units_remark_codes is not null as remarked
        from query_table(lines)
    ),
    grouped as (
        select *, max(told_units) over g as whole_units, sum(charge_amount) over g as whole_charge_amount, bool_or(remarked) over g as any_remarked,
               coalesce(count(*) over g > 1 and line > 0 and bool_and(same_code) over g and bool_or(told_units <> units) over g
                        and (numbered_by_practice or sum(units) over g <= max(told_units) over g), false) as part,
               refused_whole or refused_units as refused
        from line
        window g as (partition by file_hash, claim, numbered_by_practice, number, service_date, billed_code)
    ),
    held as (
        select *, not refused and charge_amount > 0 as open,
               case when refused and part and charge_amount > 0 then greatest(units, ((charge_amount * 100)::hugeint * whole_units::hugeint + (whole_charge_amount * 100)::hugeint - 1) // (whole_charge_amount * 100)::hugeint) else units end as held_units
        from grouped
    ),
    rest as (
        select *, coalesce(sum(units) filter (where open) over g, 0) as open_units,
               coalesce(sum(units) filter (where open) over (g order by line rows between unbounded preceding and 1 preceding), 0) as before_units,
               row_number() over (partition by file_hash, claim, numbered_by_practice, number, service_date, billed_code, open order by line) = 1 as first_of_them,
               greatest(whole_units - coalesce(sum(units) filter (where refused) over g, 0), 0) as most_units,
               whole_units - coalesce(sum(held_units) filter (where refused) over g, 0) as least_units
        from held
        window g as (partition by file_hash, claim, numbered_by_practice, number, service_date, billed_code)
    ),
    owed as (
        select *, case when any_remarked then least(open_units, most_units) else greatest(least_units, least(open_units, most_units)) end as owed_units
        from rest
    ),
    counted as (
        select *,
               case when part and open then least(units, greatest(owed_units - before_units, 0))
                                            + case when first_of_them then greatest(owed_units - open_units, 0) else 0 end
                    when part or refused_units or not same_code then units
                    else coalesce(told_units, units) end as priced_units
        from owed
    )
    select file_hash, claim, line, priced_units::decimal(18,3) as priced_units,
           case when not part then coalesce(told_units, units) when open then priced_units else held_units end::decimal(18,3) as asked_units,
           -- the charge of the units that are left; half a cent goes to the payer
           case when refused_units and same_code and charge_amount > 0 and asked_units > priced_units
                then ((charge_amount * 100)::hugeint * (priced_units * 1000)::hugeint // (asked_units * 1000)::hugeint)::bigint * 0.01::decimal(3,2)
                else charge_amount end::decimal(18,2) as priced_charge_amount
    from counted
);
