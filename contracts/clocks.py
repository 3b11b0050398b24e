"""Clocks that letters of a payer start, and what must be in the envelope of each answer."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

import polars as pl


@cache
def clocks() -> pl.DataFrame:
    """Return what a letter starts: kind, due, days, unit (calendar, business), receipt_days, what_to_do, source.

    Days count from the letter's date and the days presumed until it is received. A kind may have several.
    """
    return _read("clock.csv").with_columns(pl.col("days", "receipt_days").cast(pl.Int32))


@cache
def envelopes() -> pl.DataFrame:
    """Return what must be sent: for_what (a level of dispute or a kind of letter; `*`: any other), contents, source."""
    return _read("envelope.csv")


def _read(name: str) -> pl.DataFrame:
    return pl.read_csv((files("contracts") / "data" / name).read_bytes(), infer_schema=False)
