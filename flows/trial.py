"""Printing what other terms would change."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl
from rich.markup import escape
from rich.table import Table

if TYPE_CHECKING:
    from rich.console import Console

SHOWN = 15
ORDER = ("appears", "vanishes", "changes", "other verdict")


def show_trial(console: Console, changes: pl.DataFrame) -> None:
    """Print how many short lines appear, vanish and change, with dollars, and the largest of each."""
    if changes.is_empty():
        console.print("Nothing would change: no line gets another verdict or another shortfall.")
        return
    counts = Table("change", "lines", "short before", "short after", title="Under the tried contracts")
    for change in ORDER:
        own = changes.filter(pl.col("change") == change)
        if len(own):
            before, after = (own[f"shortfall_{when}_amount"].sum() for when in ("before", "after"))
            counts.add_row(change, f"{len(own):,}", f"${before or 0:,.2f}", f"${after or 0:,.2f}")
    console.print(counts)
    largest = changes.with_columns(
        (pl.col("shortfall_after_amount").fill_null(0) - pl.col("shortfall_before_amount").fill_null(0))
        .abs()
        .alias("moved")
    ).sort("moved", maintain_order=True, descending=True)
    shown = Table("change", "payer", "account", "code", "service", "before", "after", title="Largest first")
    for row in largest.head(SHOWN).iter_rows(named=True):
        shown.add_row(
            row["change"], escape(str(row["payer"] or "")), escape(str(row["patient_account"] or "")),
            escape(str(row["procedure_code"] or "")), str(row["service_date"] or ""),
            _told(row["verdict_before"], row["shortfall_before_amount"]),
            _told(row["verdict_after"], row["shortfall_after_amount"]),
        )  # fmt: skip
    console.print(shown)
    if len(changes) > SHOWN:
        console.print(f"{len(changes) - SHOWN:,} more; --out FILE writes them all.")


def _told(verdict: str | None, shortfall: object) -> str:
    return f"${shortfall} short" if verdict == "UNDERPAID" else str(verdict or "-")
