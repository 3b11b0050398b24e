"""The form of attempts: rows of a case, and what they change on single lines."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    from contracts.short_days import ShortDays


ATTEMPT_SCHEMA: dict[str, pl.DataType] = {
    "case": pl.UInt32(),
    "variant": pl.Int32(),
    "label": pl.String(),
    "as_date": pl.Date(),
    "as_contract": pl.Int32(),
    "as_mac": pl.String(),
    "as_locality": pl.String(),
    "as_percent": pl.Int64(),
}
"""One row an attempt: `variant` orders those of one hypothesis on one case, the likelier first."""


CHANGE_SCHEMA: dict[str, pl.DataType] = {
    "line_id": pl.Int64(),
    "variant": pl.Int32(),
    "label": pl.String(),
    "as_code": pl.String(),
    "as_modifiers": pl.String(),
    "as_units": pl.Decimal(18, 3),
    "as_charge": pl.Int64(),
}
"""What an attempt changes on one line alone."""


Attempts = tuple[pl.DataFrame, pl.DataFrame]


def attempts(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.select(
        (pl.col(name) if name in frame.columns else pl.lit(None)).cast(dtype).alias(name)
        for name, dtype in ATTEMPT_SCHEMA.items()
    )


def whole(frame: pl.DataFrame) -> Attempts:
    return attempts(frame), pl.DataFrame(schema=CHANGE_SCHEMA)


def by_line(days: ShortDays, cases: pl.DataFrame, changes: pl.DataFrame) -> Attempts:
    """Number the changes of each line; an attempt of the case takes the same number of every line."""
    ours = days.lines.join(cases.select("case"), on="case", how="semi").select("line_id", "case")
    full = changes.with_columns((pl.int_range(pl.len()).over("line_id")).cast(pl.Int32).alias("variant"))
    full = full.select(
        (pl.col(name) if name in full.columns else pl.lit(None)).cast(dtype).alias(name)
        for name, dtype in CHANGE_SCHEMA.items()
    )
    reached = full.join(ours, on="line_id", how="inner").select("case", "variant").unique()
    return attempts(reached), full


def numbered(frame: pl.DataFrame, *order: str, descending: bool = False) -> pl.DataFrame:
    return frame.sort("case", *order, descending=[False, *[descending] * len(order)]).with_columns(
        pl.int_range(pl.len()).over("case").alias("variant")
    )
