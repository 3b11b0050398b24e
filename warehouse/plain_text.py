"""Texts of strangers in a CSV: what a spreadsheet program would take for a formula is made a text."""

from __future__ import annotations

import polars as pl

_STARTS = r"^[\s\x00-\x1f]*[=+\-@\uFF1D\uFF0B\uFF0D\uFF20]|^[\t\r\n]"
"""How formulas and DDE calls begin, their wide forms too; blanks before them do not help."""


def harmless(frame: pl.DataFrame) -> pl.DataFrame:
    """Return a frame in which a text that begins like a formula has an apostrophe before it; numbers stay as they are."""
    texts = pl.col(pl.String)
    return frame.with_columns(
        pl.when(texts.str.contains(_STARTS)).then("'" + texts).otherwise(texts).name.keep()
    )
