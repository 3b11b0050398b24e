"""What caps a day or a claim: per-visit amounts, visit maximums, the smaller of a claim's charges and rates.

A cap that bites is judged on the total: the group's expected amount stands on every line of the group, its
shortfall is shown once, on the lead line (the largest expected amount). Lines take their own share in that
same order until the total is used up.
"""

from __future__ import annotations

import polars as pl

_DAY = ["patient_day", "contract_ix"]
_CLAIM = ["claim_id", "contract_ix"]


def cap_lines(lines: pl.DataFrame) -> pl.DataFrame:
    """Apply the smaller of charge and rate, then the caps, to priced lines.

    Adds expected_low/high, lesser_of_applied, cap (what groups the line: per_visit, visit_maximum or
    claim_maximum), group_expected, group_total (before the cap), group_lead_id, before_cap (the line's own
    amount before any group cap).
    """
    start = lines.with_columns(
        _smaller("low"),
        _smaller("high"),
        _charge_smaller(),
        *(_no_group(name, dtype) for name, dtype in _GROUP.items()),
    ).with_columns(before_cap=pl.col("expected_low"))
    return _visit_maximum(_claim_total(_per_visit(start)))


_GROUP: dict[str, pl.DataType] = {
    "cap": pl.String(),
    "group_expected": pl.Int64(),
    "group_total": pl.Int64(),
    "group_lead_id": pl.Int64(),
}


def _no_group(name: str, dtype: pl.DataType) -> pl.Expr:
    return pl.lit(None, dtype).alias(name)


def _by_line() -> pl.Expr:
    return (pl.col("lesser_of") == "line") & (pl.col("rate_basis") != "per_visit")


def _smaller(side: str) -> pl.Expr:
    amount = pl.col(f"line_{side}")
    return (
        pl.when(_by_line())
        .then(pl.min_horizontal(amount, pl.col("charge_cents")))
        .otherwise(amount)
        .alias(f"expected_{side}")
    )


def _charge_smaller() -> pl.Expr:
    return (
        (_by_line() & (pl.col("charge_cents") < pl.col("line_low")))
        .fill_null(value=False)
        .alias("lesser_of_applied")
    )


def _per_visit(lines: pl.DataFrame) -> pl.DataFrame:
    """One amount for all lines priced per visit.

    Where lesser-of is agreed, no more than their charges together [OWN].
    """
    group = lines.filter(pl.col("rate_basis") == "per_visit")
    if group.is_empty():
        return lines
    charges = pl.col("charge_cents").sum().over(_DAY)
    amount = pl.col("line_low").max().over(_DAY)
    smaller = (pl.col("lesser_of") != "none") & (charges < amount)
    totalled = group.with_columns(
        pl.when(smaller).then(charges).otherwise(amount).alias("_total"), smaller.alias("lesser_of_applied")
    )
    return _regrouped(lines, totalled, _DAY, "per_visit", shared=False)


def _claim_total(lines: pl.DataFrame) -> pl.DataFrame:
    """lesser_of = "claim": the smaller of the claim's charges and its expected amounts."""
    group = lines.filter((pl.col("lesser_of") == "claim") & (pl.col("rate_basis") != "per_visit"))
    if group.is_empty():
        return lines
    charges = pl.col("charge_cents").sum().over(_CLAIM)
    bites = group.filter(charges < pl.col("expected_low").sum().over(_CLAIM)).with_columns(
        charges.alias("_total"), pl.lit(value=True).alias("lesser_of_applied")
    )
    return _regrouped(lines, bites, _CLAIM, "claim_maximum", shared=True)


def _visit_maximum(lines: pl.DataFrame) -> pl.DataFrame:
    """Return the cap on a patient-day.

    The smaller of the maximum and everything expected that day under the contract.
    """
    group = lines.filter(pl.col("visit_maximum_cents").is_not_null())
    if group.is_empty():
        return lines
    bites = group.filter(
        pl.col("visit_maximum_cents") < pl.col("expected_low").sum().over(_DAY)
    ).with_columns(pl.col("visit_maximum_cents").alias("_total"))
    return _regrouped(lines, bites, _DAY, "visit_maximum", shared=True)


def _regrouped(
    lines: pl.DataFrame, group: pl.DataFrame, key: list[str], cap: str, *, shared: bool
) -> pl.DataFrame:
    """Put the lines of `group` (with `_total`) under the cap.

    Lead first, each its share (or the lead all of it).
    """
    if group.is_empty():
        return lines
    ordered = group.sort(
        *key,
        "expected_low",
        "line_order",
        "line_id",
        descending=[False, False, True, False, False],
        nulls_last=True,
    )
    total = pl.col("_total")
    taken = pl.col("expected_low").cum_sum().over(key) - pl.col("expected_low")
    lead = pl.col("line_id").first().over(key)
    left = (total - taken).clip(lower_bound=0)
    part = (
        pl.min_horizontal("expected_low", left)
        if shared
        else pl.when(pl.col("line_id") == lead).then(total).otherwise(0)
    )
    changed = ordered.select(
        "line_id",
        part.alias("_low"),
        (pl.max_horizontal(part, _high(key)) if shared else part).alias("_high"),
        pl.col("lesser_of_applied").alias("_lesser"),
        pl.lit(cap).alias("_cap"),
        total.alias("_total"),
        pl.col("expected_low").sum().over(key).alias("_sum"),
        lead.alias("_lead"),
    )
    joined = lines.join(changed, on="line_id", how="left", validate="1:1")
    return joined.with_columns(
        pl.coalesce("_low", "expected_low").alias("expected_low"),
        pl.coalesce("_high", "expected_high").alias("expected_high"),
        pl.coalesce("_lesser", "lesser_of_applied").alias("lesser_of_applied"),
        pl.coalesce("_cap", "cap").alias("cap"),
        pl.coalesce("_total", "group_expected").alias("group_expected"),
        pl.coalesce("_sum", "group_total").alias("group_total"),
        pl.coalesce("_lead", "group_lead_id").alias("group_lead_id"),
    ).drop("_low", "_high", "_lesser", "_cap", "_total", "_sum", "_lead")


def _high(key: list[str]) -> pl.Expr:
    """Return the upper share: what the total leaves when lines take their high amounts in the same order."""
    taken = pl.col("expected_high").cum_sum().over(key) - pl.col("expected_high")
    return pl.min_horizontal("expected_high", (pl.col("_total") - taken).clip(lower_bound=0))
