"""Rules of outpatient therapy that are not prices: yearly thresholds, and modifiers by what they say."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

import polars as pl

_MONEY = pl.Decimal(18, 2)


@cache
def therapy_thresholds() -> pl.DataFrame:
    """Return Medicare's yearly thresholds for a patient, PT with SLP and OT apart.

    Effective, until, discipline, amount and review_amount (dollars of allowed charges; above `amount` KX is wanted,
    above `review_amount` records may be), near_percent (from which a patient is called near), source.
    """
    raw = _read("therapy_threshold.csv")
    return raw.select(
        pl.col("effective", "until").str.to_date("%Y-%m-%d"),
        "discipline",
        pl.col("amount", "review_amount").cast(_MONEY),
        pl.col("near_percent").cast(pl.Int32),
        "source",
    )


@cache
def therapy_modifiers() -> pl.DataFrame:
    """Return modifiers and what they say: modifier, kind, discipline, goes_with, source.

    Kinds: discipline (whose plan of care), assistant (`goes_with` names the discipline's modifier), threshold,
    distinct (59), distinct_in (the X modifiers that say in what), repeat (76, 77).
    """
    return _read("therapy_modifier.csv")


def _read(name: str) -> pl.DataFrame:
    return pl.read_csv((files("contracts") / "data" / name).read_bytes(), infer_schema=False)
