"""Whole percentages of the rate, the line or the charge."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from contracts.money import PERCENT_SCALE, percent_text

from .form import whole

if TYPE_CHECKING:
    from contracts.short_days import ShortDays

    from .form import Attempts


def _ratio(days: ShortDays, cases: pl.DataFrame, right: pl.Expr) -> Attempts:
    """Whole percentages of `right` that come near what was allowed for a group that is short."""
    short = days.lines.filter("short").join(cases.select("case"), on="case", how="semi")
    groups = short.group_by("case", "judged_group").agg(right.alias("right"), pl.col("allowed_cents").first())
    near = groups.filter(pl.col("right") > 0).select(
        "case",
        (pl.col("allowed_cents") * 200 + pl.col("right")).floordiv(pl.col("right") * 2).alias("percent"),
    )
    percents = near.filter(pl.col("percent").is_between(1, 99)).unique().sort("case", "percent")
    numbered = percents.with_columns(
        pl.int_range(pl.len()).over("case").alias("variant"),
        (pl.col("percent") * (PERCENT_SCALE // 100)).alias("as_percent"),
    )
    return whole(numbered.with_columns(pl.format("{} %", percent_text(pl.col("as_percent"))).alias("label")))


def percent_of_rate(days: ShortDays, cases: pl.DataFrame, whose: str) -> Attempts:  # noqa: ARG001
    return _ratio(days, cases, pl.col("expected_cents").first())


def percent_of_charge(days: ShortDays, cases: pl.DataFrame, whose: str) -> Attempts:  # noqa: ARG001
    return _ratio(days, cases, pl.col("charge_cents").sum())
