"""What an attempt changes while its lines go through the stages of pricing."""

from __future__ import annotations

import polars as pl

from .medicare import EXACT_SCALE
from .money import PERCENT_SCALE, dollars, half_up, percent_of, percent_text

_CLAUSES = (
    "multiple_procedure",
    "multiple_procedure_percent",
    "assistant_percent",
    "visit_maximum_cents",
    "rounding",
)


def assumed_terms(rows: pl.DataFrame, facts: pl.DataFrame) -> pl.DataFrame:
    """Join the facts of the contract that is tried; its clauses, or the line's own, with what the hypothesis sets.

    Whether the charge holds the amount down stays the line's own contract's affair: another's lesser-of would
    reproduce every charge.

    Wants contract_ix (tried), own_contract_ix and the set columns.
    """
    own = facts.select(
        pl.col("contract_ix").alias("own_contract_ix"),
        pl.col("lesser_of").alias("own_lesser_of"),
        *(pl.col(name).alias(f"_{name}") for name in _CLAUSES),
    )
    joined = rows.join(facts, on="contract_ix", how="left", validate="m:1").join(
        own, on="own_contract_ix", how="left", validate="m:1"
    )
    ours = pl.col("set_terms") == "ours"
    held = joined.with_columns(
        pl.when(ours).then(f"_{name}").otherwise(name).alias(name) for name in _CLAUSES
    ).drop(f"_{name}" for name in _CLAUSES)
    toggled = pl.when(pl.col("rounding") == "unit").then(pl.lit("line")).otherwise(pl.lit("unit"))
    return held.with_columns(
        pl.coalesce("set_multiple_procedure", "multiple_procedure").alias("multiple_procedure"),
        pl.coalesce("set_multiple_procedure_percent", "multiple_procedure_percent").alias(
            "multiple_procedure_percent"
        ),
        pl.coalesce("set_lesser_of", "own_lesser_of").alias("lesser_of"),
        pl.when(pl.col("set_rounding") == "other").then(toggled).otherwise("rounding").alias("rounding"),
        assumed=pl.lit(None, pl.String),
    )


def alter(stage: str, lines: pl.DataFrame) -> pl.DataFrame:
    """Change the rows of a stage as their hypothesis says: an `Alter` of the repricer.

    What the price's own steps do not tell stands in `assumed`.
    """
    change = {"placed": _placed, "rated": _rated, "ranked": _ranked, "cut": _cut, "capped": _capped}[stage]
    return change(lines)


def _placed(lines: pl.DataFrame) -> pl.DataFrame:
    """One candidate place a line, the one of the attempt; another setting, another locality."""
    number = pl.int_range(pl.len()).over("line_id")
    chosen = lines.filter(number == pl.min_horizontal("place", pl.col("place_count") - 1))
    flipped = (
        pl.when(pl.col("setting") == "facility").then(pl.lit("nonfacility")).otherwise(pl.lit("facility"))
    )
    elsewhere = pl.col("as_mac").is_not_null()
    return chosen.with_columns(
        pl.lit(1, pl.Int32).alias("place_count"),
        pl.when(pl.col("set_setting") == "other").then(flipped).otherwise("setting").alias("setting"),
        pl.coalesce("as_mac", "mac").alias("mac"),
        pl.coalesce("as_locality", "locality").alias("locality"),
        pl.when(~elsewhere).then("place_problem").alias("place_problem"),
    )


_UNRATED = ("rate_row", "reduced_detail", "cap_detail", "rate_problem")
_UNPRICED = (
    "uncapped",
    "reduced_low",
    "reduced_high",
    "exact_low",
    "exact_high",
    "half_exact_low",
    "half_exact_high",
)


def _rated(lines: pl.DataFrame) -> pl.DataFrame:
    """A percentage of the charge in place of the rate."""
    share = pl.col("set_charge_share").is_not_null()
    charge = pl.col("charge_cents")
    instead = {
        "rate_basis": pl.lit("percent_of_charge"),
        "rate_detail": pl.format("charge {}", dollars(charge)),
        "percent": pl.col("set_charge_share"),
        "base_low": charge,
        "base_high": charge,
        **{name: pl.lit(None, lines.schema[name]) for name in (*_UNRATED, *_UNPRICED)},
    }
    return lines.with_columns(
        pl.when(share).then(new).otherwise(name).alias(name) for name, new in instead.items()
    )


def _ranked(lines: pl.DataFrame) -> pl.DataFrame:
    """No unit in full."""
    none = (pl.col("set_rank") == "no_first") & pl.col("takes_part")
    zero = pl.lit(0, pl.Int64)
    return lines.with_columns(
        pl.when(none).then(zero).otherwise(name).alias(name) for name in ("full_units_low", "full_units_high")
    )


def _cut(lines: pl.DataFrame) -> pl.DataFrame:
    """Other cuts and shares; a percentage of the charge knows no clause of the contract, an assistant's neither."""
    of_charge = pl.col("set_charge_share").is_not_null()
    plain = lines.with_columns(pl.when(~of_charge).then("assistant").alias("assistant"))
    return _shared(_expense_twice(_rate_twice(_told(plain))))


def _told(lines: pl.DataFrame) -> pl.DataFrame:
    none = (pl.col("set_rank") == "no_first") & pl.col("takes_part") & pl.col("cut_low").is_not_null()
    text = pl.format(
        "every unit cut, the first too: {} becomes {}",
        dollars(pl.col("unit_low")),
        dollars(pl.col("cut_low")),
    )
    return lines.with_columns(pl.when(none).then(text).otherwise("assumed").alias("assumed"))


def _again(lines: pl.DataFrame, rank: str, after: pl.Expr, text: pl.Expr) -> pl.DataFrame:
    """Put another cut unit in place of the one there, with its arithmetic."""
    applies = (pl.col("set_rank") == rank) & pl.col("takes_part") & ~pl.col("surgical")
    changed = lines.with_columns(pl.when(applies).then(after).alias("_after"))
    known = pl.col("_after").is_not_null()
    return changed.with_columns(
        pl.when(known).then(text).otherwise("assumed").alias("assumed"),
        pl.when(known).then("_after").otherwise("cut_low").alias("cut_low"),
    ).drop("_after")


def _rate_twice(lines: pl.DataFrame) -> pl.DataFrame:
    cut, percent = pl.col("cut_low"), pl.col("multiple_procedure_percent")
    by_percent = pl.col("multiple_procedure") == "percent"
    part, whole = pl.col("medicare_reduced_low"), pl.col("medicare_full_low")
    after = pl.when(by_percent).then(percent_of(cut, percent)).otherwise(half_up(cut * part, whole))
    arithmetic = (
        pl.when(by_percent)
        .then(pl.format("{} x {} %", dollars(cut), percent_text(percent)))
        .otherwise(pl.format("{} x {} / {}", dollars(cut), dollars(part), dollars(whole)))
    )
    text = pl.format("cut to {}, and again: {} = {}", dollars(cut), arithmetic, dollars(pl.col("_after")))
    return _again(lines, "rate_twice", after, text)


def _expense_twice(lines: pl.DataFrame) -> pl.DataFrame:
    """A quarter of the practice expense: what half of it takes off, and half of that again."""
    exact, half = pl.col("exact_low").cast(pl.Int128), pl.col("half_exact_low").cast(pl.Int128)
    unit = half_up(3 * half - exact, 2 * EXACT_SCALE).cast(pl.Int64)
    after = percent_of(unit, pl.col("percent"))
    text = pl.format("a quarter of the practice expense, not half: {}", dollars(pl.col("_after")))
    return _again(lines, "expense_twice", after, text)


def _shared(lines: pl.DataFrame) -> pl.DataFrame:
    """A percentage of every unit, after an assistant's own: each rounded, or both carried to the line."""
    assisted = pl.col("modifiers").list.set_intersection(["CQ", "CO"]).list.len() > 0
    of = pl.col("set_share_of")
    applies = pl.col("set_share").is_not_null() & (
        (of == "all")
        | ((of == "assistant") & pl.col("assistant").is_not_null())
        | ((of == "no_assistant") & ~assisted)
        | ((of == "modifier") & assisted)
    )
    own = pl.when(of.is_in(["assistant", "no_assistant"])).then("assistant_percent")
    share = pl.coalesce(own, pl.col("set_share"))
    before, by_unit = pl.col("assistant"), pl.col("rounding") == "unit"
    twice = applies & before.is_not_null()
    stepwise = twice & by_unit
    unit = pl.when(pl.col("full_units_low") > 0).then("unit_low").otherwise("cut_low")
    text = pl.format("{} x {} % = {}", dollars(unit), percent_text(before), dollars(percent_of(unit, before)))
    carried = pl.when(twice & ~by_unit).then(before * share // PERCENT_SCALE).otherwise(share)
    return lines.with_columns(
        pl.when(stepwise).then(text).otherwise("assumed").alias("assumed"),
        *(
            pl.when(stepwise).then(percent_of(pl.col(name), before)).otherwise(name).alias(name)
            for name in ("unit_low", "cut_low")
        ),
        pl.when(applies).then(carried).otherwise(before).alias("assistant"),
    )


def _capped(lines: pl.DataFrame) -> pl.DataFrame:
    """A percentage of what the line comes to."""
    share = pl.col("set_line_share")
    before = pl.col("expected_low")
    after = percent_of(before, share)
    text = pl.format("{} x {} % = {}", dollars(before), percent_text(share), dollars(after))
    applies = share.is_not_null()
    return lines.with_columns(
        pl.when(applies).then(text).otherwise("assumed").alias("assumed"),
        pl.when(applies).then(after).otherwise(before).alias("expected_low"),
    )
