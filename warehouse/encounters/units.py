"""Units that a day's minutes make, against those that were billed.

Under the rule that the contract names; where it names none both are asked, and only what both say is said. A code
that is billed once too little and another once too much is a matter of allocation and of no money: SHIFTED.
"""

from __future__ import annotations

import polars as pl

from contracts import RULES, chosen_units, day_units, last_day

STANDINGS = ("AGREES", "UNDER_BILLED", "NOT_ON_REMITTANCE", "OVER_BILLED", "SHIFTED", "CANNOT_TELL")
"""What is said of a code's units on a day.

AGREES: billed as the minutes say. UNDER_BILLED: fewer. NOT_ON_REMITTANCE: minutes for a unit, and no decided line
of the code. OVER_BILLED: more. SHIFTED: another code of the day makes up for it. CANNOT_TELL: see the reason.
"""
_BASE = ("day", "procedure_code", "minutes")


def judge_units(asked: pl.DataFrame) -> pl.DataFrame:
    """Judge rows of core.unit_asked; one row each, with units by both rules, `unit_difference` and `standing`.

    `unit_difference`: units by the minutes less units billed; of two rules the smaller where the contract names none.
    """
    good = asked.filter(pl.col("day_problem").is_null())
    counted = good.join(
        day_units(good.select(_BASE)).drop("minutes"),
        on=["day", "procedure_code"],
        how="left",
        validate="1:1",
    )
    given = counted.with_columns(pl.col("billed_units").alias("_stated"), _billed().alias("billed_units"))
    chosen = given.with_columns(chosen_units(rule).alias(f"{rule}_units") for rule in RULES)
    chosen = chosen.with_columns(pl.col("_stated").alias("billed_units")).drop("_stated")
    judged = chosen.with_columns(_standing(rule).alias(f"_{rule}") for rule in RULES)
    both = pl.concat([judged, asked.filter(pl.col("day_problem").is_not_null())], how="diagonal")
    said = both.with_columns(_said(both.columns).alias("standing"))
    return (
        said.with_columns(_difference().alias("unit_difference"), _unproven().alias("unproven"))
        .with_columns(_reason().alias("reason"))
        .sort("patient", "service_date", "procedure_code")
    )


def with_filing(units: pl.DataFrame) -> pl.DataFrame:
    """Add `file_by`, the last day for a corrected claim; null where the contract does not say."""
    key = ["filing_anchor_date", "filing_days", "filing_unit"]
    limits = units.select(key).drop_nulls().unique(maintain_order=True)
    last = [last_day(anchor, days, unit) for anchor, days, unit in limits.iter_rows()]
    reckoned = limits.with_columns(pl.Series("file_by", last, dtype=pl.Date))
    return units.join(reckoned, on=key, how="left", validate="m:1", maintain_order="left")


def _billed() -> pl.Expr:
    return pl.col("billed_units").fill_null(0)


def _off(rule: str) -> pl.Expr:
    return pl.col(f"{rule}_units") - _billed()


def _standing(rule: str) -> pl.Expr:
    off = _off(rule)
    mixed = (off > 0).any().over("day") & (off < 0).any().over("day")
    return (
        pl.when(off == 0)
        .then(pl.lit("AGREES"))
        .when(mixed)
        .then(pl.lit("SHIFTED"))
        .when(off < 0)
        .then(pl.lit("OVER_BILLED"))
        .when(pl.col("billed_units").is_null())
        .then(pl.lit("NOT_ON_REMITTANCE"))
        .otherwise(pl.lit("UNDER_BILLED"))
    )


def _said(columns: list[str]) -> pl.Expr:
    if "_midpoint" not in columns:
        return pl.lit("CANNOT_TELL")
    named = pl.coalesce(
        pl.when(pl.col("units_rule") == rule).then(pl.col(f"_{rule}")) for rule in RULES
    )  # fmt: skip
    agreed = pl.when(pl.col("_eight_minute") == pl.col("_midpoint")).then(pl.col("_midpoint"))
    return pl.when(pl.col("units_rule").is_null()).then(agreed).otherwise(named).fill_null("CANNOT_TELL")


def _difference() -> pl.Expr:
    """The difference under the rule; of two rules the one nearer to what was billed."""
    eight, midpoint = _off("eight_minute"), _off("midpoint")
    nearer = pl.when(eight.abs() <= midpoint.abs()).then(eight).otherwise(midpoint)
    by_rule = (
        pl.when(pl.col("units_rule") == "eight_minute")
        .then(eight)
        .when(pl.col("units_rule") == "midpoint")
        .then(midpoint)
        .otherwise(nearer)
    )
    return pl.when(pl.col("standing") != "CANNOT_TELL").then(by_rule)


def _unproven() -> pl.Expr:
    return pl.when(pl.col("day_unproven") & pl.col("day_problem").is_null()).then(
        pl.lit("that a code of the day counts minutes is not sourced (contracts/data/timed_code.csv)")
    )


def _reason() -> pl.Expr:
    units = pl.format(
        "{} minutes of a day of {}: {} by the eight-minute rule, {} by the midpoint rule; billed {}",
        "minutes",
        "day_minutes",
        *(f"{rule}_units" for rule in RULES),
        pl.col("billed_units").cast(pl.String).fill_null("on no line"),
    )
    undecided = pl.format("{}; the contract's units_rule would settle it", units)
    unsettled = (pl.col("standing") == "CANNOT_TELL") & pl.col("day_problem").is_null()
    return pl.coalesce("day_problem", pl.when(unsettled).then(undecided), units)
