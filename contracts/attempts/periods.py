"""Earlier periods: of Medicare's tables, of a schedule's rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from contracts.contract_facts import fee_rows

from .form import whole

if TYPE_CHECKING:
    from contracts.short_days import ShortDays

    from .form import Attempts


_MOST_DATES = 6
"""Periods that are looked back on: about as many as a dispute can be late."""


def _earlier(cases: pl.DataFrame, changes: pl.DataFrame) -> Attempts:
    """The days before each change (case, change) that is not after the service; the latest first."""
    before = pl.col("change").dt.offset_by("-1d")
    found = (
        cases.select("case", "service_date")
        .join(changes.unique(), on="case", how="inner")
        .filter(pl.col("change") <= pl.col("service_date"))
        .sort("case", "change", descending=[False, True])
        .with_columns(pl.int_range(pl.len()).over("case").alias("variant"), before.alias("as_date"))
        .filter(pl.col("variant") < _MOST_DATES)
    )
    return whole(found.with_columns(pl.col("as_date").dt.to_string().alias("label")))


def earlier_release(days: ShortDays, cases: pl.DataFrame, whose: str) -> Attempts:  # noqa: ARG001
    reference = days.reference
    years = reference.gpci.select(pl.date(pl.col("year"), 1, 1).alias("change"))
    changes = pl.concat(
        [
            reference.rvu.select(pl.col("effective").alias("change")),
            reference.conversion_factor.select(pl.col("effective").alias("change")),
            years,
        ]
    ).unique()
    return _earlier(cases, cases.select("case").join(changes, how="cross"))


def earlier_row(days: ShortDays, cases: pl.DataFrame, whose: str) -> Attempts:  # noqa: ARG001
    rows = fee_rows(days.terms, days.contracts).filter(pl.col("effective").is_not_null())
    codes = days.lines.select("case", "contract_ix", "code").unique()
    dated = codes.join(rows, on=["contract_ix", "code"], how="inner")
    return _earlier(cases, dated.select("case", pl.col("effective").alias("change")))
