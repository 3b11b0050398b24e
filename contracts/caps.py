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

    Adds expected_low/high, lesser_of_applied, cap (what groups the line: equal_rank, per_visit, visit_maximum or
    claim_maximum), group_expected (null where the cap may bite or not), group_total (before the cap), group_lead_id,
    group_taken (what lines before it take of the total), before_cap (the line's own amount before any group cap).
    """
    start = lines.with_columns(
        _smaller("low"),
        _smaller("high"),
        _charge_smaller(),
        *(_no_group(name, dtype) for name, dtype in _GROUP.items()),
    ).with_columns(before_cap=pl.col("expected_low"))
    return _visit_maximum(_claim_total(_per_visit(_equal_ranks(start))))


_GROUP: dict[str, pl.DataType] = {
    "cap": pl.String(),
    "group_expected": pl.Int64(),
    "group_total": pl.Int64(),
    "group_lead_id": pl.Int64(),
    "group_taken": pl.Int64(),
}


def _no_group(name: str, dtype: pl.DataType) -> pl.Expr:
    return pl.lit(None, dtype).alias(name)


def _by_line() -> pl.Expr:
    return (pl.col("lesser_of") == "line") & (pl.col("rate_basis") != "per_visit")


def _smaller(side: str) -> pl.Expr:
    amount = pl.col(f"line_{side}")
    charges = ("charge_cents", "charge_share") if side == "low" else ("charge_cents",)
    return (
        pl.when(_by_line())
        .then(pl.min_horizontal(amount, *charges))
        .otherwise(amount)
        .alias(f"expected_{side}")
    )


def _charge_smaller() -> pl.Expr:
    return (
        (_by_line() & (pl.col("charge_cents") < pl.col("line_low")))
        .fill_null(value=False)
        .alias("lesser_of_applied")
    )


def _equal_ranks(lines: pl.DataFrame) -> pl.DataFrame:
    """Lines of which any may be taken for the first of its day are judged together: their sum is the same."""
    key = [*_DAY, "surgical"]
    certain = (pl.col("expected_low") == pl.col("expected_high")).all().over([*key, "equal_rank"])
    group = lines.filter(pl.col("equal_rank") & certain)
    totalled = group.with_columns(pl.col("expected_low").sum().over(key).alias("_total"))
    return _regrouped(lines, totalled, key, "equal_rank", shared=True)


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
    totalled = group.with_columns(charges.alias("_total"))
    bites = totalled.filter(_bites(_CLAIM)).with_columns(pl.lit(value=True).alias("lesser_of_applied"))
    bounded = _bounded(lines, totalled.filter(~_bites(_CLAIM)), _CLAIM, "claim_maximum")
    return _regrouped(bounded, bites, _CLAIM, "claim_maximum", shared=True)


def _visit_maximum(lines: pl.DataFrame) -> pl.DataFrame:
    """Return the cap on a patient-day.

    The smaller of the maximum and everything expected that day under the contract.
    """
    group = lines.filter(pl.col("visit_maximum_cents").is_not_null())
    if group.is_empty():
        return lines
    totalled = group.with_columns(pl.col("visit_maximum_cents").alias("_total"))
    bounded = _bounded(lines, totalled.filter(~_bites(_DAY)), _DAY, "visit_maximum")
    return _regrouped(bounded, totalled.filter(_bites(_DAY)), _DAY, "visit_maximum", shared=True)


def _bites(key: list[str]) -> pl.Expr:
    """Whether the cap is below what is expected at least."""
    return (pl.col("_total") < pl.col("expected_low").sum().over(key)).fill_null(value=False)


def _bounded(lines: pl.DataFrame, group: pl.DataFrame, key: list[str], cap: str) -> pl.DataFrame:
    """Hold the high amounts under a cap that lies between what is expected at least and at most.

    Such lines are judged on their sum too, though there is no one total (`group_expected` null): where the payer has
    reached the cap, how it lays it out is its own affair.
    """
    over = group.filter(pl.col("_total") < pl.col("expected_high").sum().over(key))
    if over.is_empty():
        return lines
    _, high = _shares(key)
    bounded = _lead_first(over, key).select(
        "line_id",
        pl.max_horizontal("expected_low", high).alias("expected_high"),
        pl.lit(cap).alias("cap"),
        pl.col("expected_low").sum().over(key).alias("group_total"),
        pl.col("line_id").first().over(key).alias("group_lead_id"),
    )
    return _replaced(lines, bounded)


def _regrouped(
    lines: pl.DataFrame, group: pl.DataFrame, key: list[str], cap: str, *, shared: bool
) -> pl.DataFrame:
    """Put the lines of `group` (with `_total`) under the cap.

    Lead first, each its share (or the lead all of it).
    """
    if group.is_empty():
        return lines
    ordered = _lead_first(group, key)
    lead = pl.col("line_id").first().over(key)
    low, high = _shares(key) if shared else _lead_takes_all(lead)
    changed = ordered.select(
        "line_id",
        low.alias("expected_low"),
        high.alias("expected_high"),
        "lesser_of_applied",
        pl.lit(cap).alias("cap"),
        pl.col("_total").alias("group_expected"),
        pl.col("expected_low").sum().over(key).alias("group_total"),
        lead.alias("group_lead_id"),
        (_taken("low", key) if shared else pl.lit(None, pl.Int64)).alias("group_taken"),
    )
    return _replaced(lines, changed)


def _lead_first(group: pl.DataFrame, key: list[str]) -> pl.DataFrame:
    return group.sort(
        *key,
        "expected_low",
        "line_order",
        "line_id",
        descending=[*(False for _ in key), True, False, False],
        nulls_last=True,
    )


def _taken(side: str, key: list[str]) -> pl.Expr:
    """Return what the lines before this one take of the total."""
    return pl.col(f"expected_{side}").cum_sum().over(key) - pl.col(f"expected_{side}")


def _shares(key: list[str]) -> tuple[pl.Expr, pl.Expr]:
    """Each line its own amount while the total lasts; the high share as if lines took their high amounts."""

    def share(side: str) -> pl.Expr:
        left = (pl.col("_total") - _taken(side, key)).clip(lower_bound=0)
        return pl.min_horizontal(f"expected_{side}", left)

    return share("low"), pl.max_horizontal(share("low"), share("high"))


def _lead_takes_all(lead: pl.Expr) -> tuple[pl.Expr, pl.Expr]:
    whole = pl.when(pl.col("line_id") == lead).then("_total").otherwise(0)
    return whole, whole


def _replaced(lines: pl.DataFrame, changed: pl.DataFrame) -> pl.DataFrame:
    """Return the lines with the columns of `changed` (one row a line_id) where it has them."""
    names = [name for name in changed.columns if name != "line_id"]
    joined = lines.join(changed, on="line_id", how="left", suffix="_new", validate="1:1")
    return joined.with_columns(pl.coalesce(f"{name}_new", name).alias(name) for name in names).drop(
        f"{name}_new" for name in names
    )
