"""The last day of each dispute: levels and anchors from SQL, days reckoned once for each distinct window and anchor."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from contracts import last_day
from warehouse.database import model_sql, store

if TYPE_CHECKING:
    import datetime as dt

    import duckdb

_RECKONED = ["anchor_date", "days", "unit", "receipt_days"]


def reckon(con: duckdb.DuckDBPyConnection) -> None:
    """Write life.window: each dispute's levels that may be used now, with the last day of each."""
    _reckon(con, "life.window")


def reckon_steady(con: duckdb.DuckDBPyConnection) -> None:
    """Write life.steady_window: the last day of the first level for lines that only a project can dispute."""
    _reckon(con, "life.steady_window")


def reckon_denials(con: duckdb.DuckDBPyConnection) -> None:
    """Write life.denial_window: the clocks that may run for a denial, with the last day of each."""
    _reckon(con, "life.denial_window")


def reckon_letters(con: duckdb.DuckDBPyConnection, as_of: dt.date) -> None:
    """Write life.letter_window: the last day of each step that a payer's letter started and nobody answered."""
    _reckon(con, "life.letter_window", {"as_of": as_of})


def _reckon(con: duckdb.DuckDBPyConnection, model: str, parameters: dict[str, object] | None = None) -> None:
    windows = con.sql(model_sql(model), params=parameters).pl()
    distinct = windows.select(_RECKONED).unique(maintain_order=True)
    last = [
        None if anchor is None else last_day(anchor, days, unit, receipt)
        for anchor, days, unit, receipt in distinct.iter_rows()
    ]
    reckoned = distinct.with_columns(pl.Series("dispute_by", last, dtype=pl.Date))
    found = windows.join(
        reckoned, on=_RECKONED, how="left", nulls_equal=True, validate="m:1", maintain_order="left"
    )
    store(con, model, found.drop("days", "unit", "receipt_days"))
