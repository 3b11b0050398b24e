"""Other contracts in the place of a line's own."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import polars as pl

from .form import numbered, whole

if TYPE_CHECKING:
    from contracts.short_days import ShortDays

    from .form import Attempts


def _others(days: ShortDays) -> pl.DataFrame:
    """Every contract that prices by the service, as one that may stand in another's place."""
    rows = [
        (
            index,
            one.terms.contract,
            one.terms.payer,
            one.terms.plan,
            one.file,
            one.terms.effective,
            one.terms.until,
            one.builtin,
            list(one.terms.match.payer_id),
            "MC" in one.terms.match.filing_indicator
            or "medicaid" in f"{one.terms.payer} {one.terms.plan}".lower(),
        )
        for index, one in enumerate(days.contracts)
        if not one.terms.terms.capitated
    ]
    schema: dict[str, pl.DataType] = {
        "as_contract": pl.Int32(),
        "name": pl.String(),
        "payer": pl.String(),
        "plan": pl.String(),
        "file": pl.String(),
        "effective": pl.Date(),
        "until": pl.Date(),
        "builtin": pl.Boolean(),
        "payer_id": pl.List(pl.String),
        "medicaid": pl.Boolean(),
    }
    return pl.DataFrame(rows, schema=schema, orient="row")


def _own(days: ShortDays) -> pl.DataFrame:
    rows = [
        (
            index,
            one.terms.contract,
            one.terms.payer,
            one.terms.plan,
            one.terms.effective,
            list(one.terms.match.payer_id),
        )
        for index, one in enumerate(days.contracts)
    ]
    schema: dict[str, pl.DataType] = {
        "contract_ix": pl.Int32(),
        "own_name": pl.String(),
        "own_payer": pl.String(),
        "own_plan": pl.String(),
        "own_effective": pl.Date(),
        "own_payer_id": pl.List(pl.String),
    }
    return pl.DataFrame(rows, schema=schema, orient="row")


_RENEWAL = (pl.col("name") == pl.col("own_name")) | (
    (pl.col("payer") == pl.col("own_payer")) & (pl.col("plan") == pl.col("own_plan"))
)


def _paired(days: ShortDays, cases: pl.DataFrame) -> pl.DataFrame:
    own = cases.select("case", "contract_ix", "service_date").join(
        _own(days), on="contract_ix", validate="m:1"
    )
    pairs = own.join(_others(days), how="cross").filter(pl.col("as_contract") != pl.col("contract_ix"))
    return pairs.with_columns(pl.format("{} ({}, {})", "name", "payer", "file").alias("label"))


def earlier_contract(days: ShortDays, cases: pl.DataFrame, whose: str) -> Attempts:  # noqa: ARG001
    before = _paired(days, cases).filter(_RENEWAL & (pl.col("effective") < pl.col("own_effective")))
    last = pl.min_horizontal("service_date", "until", pl.col("own_effective") - dt.timedelta(days=1))
    return whole(numbered(before.with_columns(last.alias("as_date")), "effective", "label", descending=True))


def other_contract(days: ShortDays, cases: pl.DataFrame, whose: str) -> Attempts:
    day = pl.col("service_date")
    in_force = (pl.col("effective") <= day) & (pl.col("until").is_null() | (day <= pl.col("until")))
    pairs = _paired(days, cases).filter(in_force & ~_RENEWAL)
    shared = pl.col("payer_id").list.set_intersection("own_payer_id").list.len() > 0
    same = (pl.col("payer") == pl.col("own_payer")) | shared
    chosen = {
        "same_payer": same & ~pl.col("builtin"),
        "medicare": pl.col("builtin"),
        "medicaid": pl.col("medicaid") & ~same & ~pl.col("builtin"),
        "another_payer": ~pl.col("medicaid") & ~same & ~pl.col("builtin"),
    }[whose]
    return whole(numbered(pairs.filter(chosen), "label"))
