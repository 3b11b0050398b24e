"""Medicare's yearly amounts for therapy: above the threshold a line without KX is denied (PR-119), above the other reviewed."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

import polars as pl


@cache
def therapy_thresholds() -> pl.DataFrame:
    """Return year, disciplines (GP+GN together, GO apart), threshold_amount, review_amount, source.

    A year that is not here is not verified.
    """
    raw = pl.read_csv(
        (files("contracts") / "data" / "therapy_threshold.csv").read_bytes(), infer_schema=False
    )
    return raw.with_columns(
        pl.col("year").cast(pl.Int32), pl.col("threshold_amount", "review_amount").cast(pl.Decimal(18, 2))
    )
