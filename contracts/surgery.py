"""Where Medicare's rules for surgery leave a line without one price, and why.

Both sides reported in ways whose share of the payment is not sourced, endoscopies of one family, what is paid by
report, assistants that are not paid, services paid only alone. Each reason names what stands in the way.
"""

from __future__ import annotations

import polars as pl

_DAY = ["patient_day", "contract_ix"]
_LAST_PRICED = 5
"""The sixth operation of a day and those after it are paid by report: RVU25D.pdf p. 9."""


def with_surgery_problems(lines: pl.DataFrame) -> pl.DataFrame:
    """Add `rule_problem` and `clinicians_differ` to lines whose basis is Medicare.

    Wants surgical, both_sides, sides, surgery_assistant, bilateral, assistant_surgery, indicator,
    endoscopic_base, status, base_low and units. Several operations by different clinicians of the practice are
    ranked together only where they are of one specialty, which no table here tells: then the price is a range.
    """
    reasons = (_both_sides(), _assistant(), _one_side(), _several(), _only_alone())
    return _counted(lines).with_columns(pl.coalesce(reasons).alias("rule_problem")).drop(_COUNTS)


_COUNTS = (
    "_code_units",
    "_surgical_units",
    "_scope_units",
    "_sides",
    "_bases",
    "_base_too",
    "_assisted",
    "_unknown",
    "_payable",
)


def _counted(lines: pl.DataFrame) -> pl.DataFrame:
    """Count what the rules ask of a code's day and of the whole day."""
    units = pl.col("units").fill_null(1)
    surgical = pl.col("surgical")
    surgeon = pl.when(surgical).then(pl.col("rendering_npi").fill_null(""))
    counted = lines.with_columns(
        units.sum().over([*_DAY, "code"]).alias("_code_units"),
        pl.when(surgical).then(units).otherwise(0).sum().over(_DAY).alias("_surgical_units"),
        pl.when(pl.col("indicator") == "3").then(units).otherwise(0).sum().over(_DAY).alias("_scope_units"),
        pl.col("sides").str.join(":").over([*_DAY, "code"]).alias("_sides"),
        pl.col("endoscopic_base").str.join(":").over(_DAY).alias("_bases"),
        (surgical & pl.col("surgery_assistant").is_not_null()).any().over(_DAY).alias("_assisted"),
        (surgical & pl.col("base_low").is_null()).any().over(_DAY).alias("_unknown"),
        pl.col("status").is_in(["A", "R", "T"]).sum().over(_DAY).alias("_payable"),
        (surgical & (surgeon.drop_nulls().n_unique().over(_DAY) > 1)).alias("clinicians_differ"),
    )
    is_base = pl.col("_bases").str.contains(pl.col("code"), literal=True)
    return counted.with_columns(is_base.any().over(_DAY).alias("_base_too"))


def _both_sides() -> pl.Expr:
    """Refuse modifier 50 unless it is for both sides on one line of one unit."""
    units = pl.col("_code_units")
    return pl.when("both_sides").then(
        pl.when(pl.col("bilateral_percent").is_null())
        .then(pl.format("modifier 50 on {}, whose bilateral indicator is {}: no rule", "code", "bilateral"))
        .when(units != 1)
        .then(
            pl.format("modifier 50 with {} units of {} on the day: the sides cannot be told", units, "code")
        )
        .when(pl.col("surgery_assistant").is_not_null())
        .then(pl.lit("modifier 50 with an assistant at surgery: how the two combine is not sourced"))
    )


def _assistant() -> pl.Expr:
    indicator = pl.col("assistant_surgery")
    return pl.when(pl.col("surgery_assistant").is_not_null() & ~indicator.is_in(["0", "2"])).then(
        pl.format(
            "assistants at surgery are not paid for {}: assistant indicator {}",
            "code",
            indicator,
        )
    )


def _one_side() -> pl.Expr:
    """Refuse a code reported more than once where two sides and two services cannot be told apart."""
    units = pl.col("_code_units")
    two_sides = pl.col("_sides").str.contains("LT") & pl.col("_sides").str.contains("RT")
    alone = pl.col("surgical") & (pl.col("_surgical_units") == units) & (units == 2)
    indicator = pl.col("bilateral")
    return pl.when(~pl.col("both_sides") & ((units > 1) | two_sides)).then(
        pl.when(two_sides & indicator.is_in(["0", "1", "2"]))
        .then(
            pl.format(
                "{} on both sides (LT, RT) is paid together (bilateral indicator {}); the lines' shares are not sourced",
                "code",
                "bilateral",
            )
        )
        .when(indicator == "2")
        .then(
            pl.format("{} covers both sides (bilateral indicator 2) and is reported {} times", "code", units)
        )
        .when((indicator == "1") & ~alone)
        .then(
            pl.format(
                "{} units of {} on the day (bilateral indicator 1): two sides or several services cannot be told",
                units,
                "code",
            )
        )
    )


def _several() -> pl.Expr:
    """Operations of one day that cannot be ranked."""
    units = pl.col("_surgical_units")
    return pl.when(pl.col("surgical") & (units > 1)).then(
        pl.when(units > _LAST_PRICED)
        .then(pl.format("{} operations on the day: the sixth and later are paid by report", units))
        .when((pl.col("_scope_units") > 1) | pl.col("_base_too"))
        .then(pl.lit("endoscopies of one family on the day (indicator 3): no rule for them"))
        .when("_assisted")
        .then(pl.lit("an assistant's service among several operations: how they are ranked is not sourced"))
        .when("_unknown")
        .then(pl.lit("another operation of the day has no amount, so the day cannot be ranked"))
    )


def _only_alone() -> pl.Expr:
    """Status T is paid only where nothing else of the schedule is payable that day: RVU25D.pdf p. 19."""
    return pl.when((pl.col("status") == "T") & (pl.col("_payable") > 1)).then(
        pl.format("{} has status T: paid only where nothing else is payable on the day", "code")
    )
