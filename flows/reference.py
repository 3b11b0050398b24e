"""`shortpay reference`: load CMS's downloads into the home folder, and show what is loaded and through which day."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import polars as pl
import typer
from rich.markup import escape
from rich.table import Table

from contracts import read_reference
from contracts.cms import known_releases, load
from flows.home import Home
from flows.lock import hold
from flows.terminal import Terminal

if TYPE_CHECKING:
    from rich.console import Console

    from contracts.cms import Report

app = typer.Typer(no_args_is_help=True, help="Medicare's tables: load CMS's downloads, show what is loaded.")
HomeOption = Annotated[Path, typer.Option("--home", help="The home folder")]


@app.command("load")
def load_files(
    files: Annotated[
        list[Path], typer.Argument(exists=True, dir_okay=False, help="CMS's downloads, as they come")
    ],
    home: HomeOption = Path(),
    release: Annotated[
        str | None, typer.Option("--release", help="Release of files that do not say it: RVU26C, 2024Q3")
    ] = None,
    replace: Annotated[
        bool, typer.Option("--replace", help="Take these instead of loaded files they contradict")
    ] = False,
) -> None:
    """Load relative values, GPCIs, ZIP to locality, anaesthesia factors, OPPS caps, edits: all of it, or nothing."""
    place = Home.open(home)
    with hold(place, "reference load"):
        report = load(files, place.folder("reference"), release=release, instead=replace)
    _show(Terminal(), report)


@app.command("list")
def list_loaded(home: HomeOption = Path()) -> None:
    """Show the files in effect, the dates of service they are verified for, and the releases that are missing."""
    reference = read_reference(Home.open(home).folder("reference"))
    out = Terminal()
    table = Table("kind", "release", "QP", "from", "through", "rows", "file", "sha256", box=None)
    for row in reference.release.to_dicts():
        table.add_row(
            row["kind"], escape(row["release"]), row["part"], str(row["effective"]), str(row["until"]), f"{row['row_count']:,}",
            escape(row["source_file"]), row["source_sha256"][:12],
        )  # fmt: skip
    out.print(table)
    for line in missing(reference.release):
        out.print(line, markup=False, soft_wrap=True)


def missing(loaded: pl.DataFrame) -> list[str]:
    """Return a line for each known release between the first and the last one loaded that is not: its dates abstain."""
    values = loaded.filter(pl.col("kind") == "rvu")
    if values.is_empty():
        return ["No relative values are loaded: Medicare lines abstain."]
    known = known_releases().filter(
        (pl.col("effective") >= values["effective"].min()) & (pl.col("until") <= values["until"].max())
    )
    gaps = known.join(values, on=["effective", "until"], how="anti", maintain_order="left")
    lines = [
        f"Missing: {name}: dates of service {start} to {end} abstain."
        for name, start, end in gaps.select("release", "effective", "until").iter_rows()
    ]
    last = values["until"].sort().to_list()[-1]
    return [*lines, f"Dates of service after {last} abstain until the next release is loaded."]


def _show(out: Console, report: Report) -> None:
    for entry in report.taken:
        qp = ", for QPs" if entry.part == "yes" else ""
        text = f"loaded  {entry.release}  {entry.member}: {entry.rows:,} rows{qp}, {entry.effective} to {entry.until}"
        out.print(text, markup=False, soft_wrap=True)
    for entry in report.known:
        out.print(f"known   {entry.release}  {entry.member}", markup=False, soft_wrap=True)
    for name, why in report.passed_over:
        out.print(f"passed over  {name}: {why}", markup=False, soft_wrap=True)
