"""A scored run as tables on the terminal, and as the file of its misses."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl
from rich.table import Table

from benchmarks.year.score import TARGETS, Score

if TYPE_CHECKING:
    from pathlib import Path

    from rich.console import Console


def show(score: Score, console: Console) -> None:
    """All tables of a run."""
    measures = Table(title="Found against what was truly short", title_justify="left")
    for name, justify in (("measure", "left"), ("%", "right"), ("target", "right"), ("of what", "left")):
        measures.add_column(name, justify="left" if justify == "left" else "right")
    for name, (percent, made) in score.numbers().items():
        measures.add_row(name, f"{percent:.3f}", str(TARGETS.get(name, "")), made)
    console.print(measures)
    console.print(_table("Short in truth, by cause (what is judged together counts once)", score.by_cause()))
    console.print(_table("Abstained lines by verdict, and those that were to be expected", score.abstained()))
    console.print(_table("Truth and verdict (what is judged together counts once)", score.confusion()))


def _table(title: str, frame: pl.DataFrame) -> Table:
    table = Table(title=title, title_justify="left")
    for name, dtype in frame.schema.items():
        table.add_column(name.replace("_", " "), justify="left" if dtype == pl.String else "right")
    for row in frame.iter_rows():
        table.add_row(*(value if isinstance(value, str) else f"{value:,}" for value in row))
    return table


def write_misses(score: Score, path: Path) -> None:
    """Each unit whose verdict, amount or cause differs from the truth, with its claim: to be looked at."""
    flat = pl.col("named_causes").list.join(" ")
    path.parent.mkdir(parents=True, exist_ok=True)
    score.misses.with_columns(flat).write_csv(path)
