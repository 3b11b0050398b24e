"""Which row of a fee schedule is its header, and what its columns are."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

import polars as pl

from .problems import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .schedule_grid import Rows

COLUMNS = ("code", "modifier", "setting", "rate", "effective", "until")
SETTING_RATES = {"rate_nonfacility": "nonfacility", "rate_facility": "facility"}
"""Columns that hold the rate of one setting each, in place of `setting` and `rate`."""
KNOWN = (*COLUMNS, *SETTING_RATES)

_MODIFIER_COLUMN = re.compile(r"^mod(ifier)?_?\d$")
_SUSPECT = re.compile(
    r"code|modif|setting|facility|rate|fee|allow|amount|effect|until|expir|start|end_date|term_date|price|percent"
)
_SEARCH = 30


@dataclass(frozen=True)
class Header:
    """The header row: its position among the rows, its number, its titles, and the columns they mean."""

    position: int
    row: int
    titles: tuple[str, ...]
    columns: tuple[str, ...]

    def repeats(self, cells: list[str]) -> bool:
        """Whether a row is the header again, as printed at the top of a page."""
        return column_names(cells) == self.columns


@cache
def _synonyms() -> dict[str, str]:
    """Return what people call the columns: data/schedule_header.csv."""
    table = pl.read_csv(
        (files("contracts") / "data" / "schedule_header.csv").read_bytes(), infer_schema=False
    )
    return {title: column for column, title in table.select("column", "title").iter_rows()}


def column_names(cells: list[str]) -> tuple[str, ...]:
    """Return the columns that titles mean; a title that means none, as words joined with '_'."""
    return tuple(_normal(cell) for cell in cells)


def _normal(title: str) -> str:
    words = re.sub(r"[^a-z0-9]+", "_", title.casefold()).strip("_")
    return _synonyms().get(words, "modifier" if _MODIFIER_COLUMN.match(words) else words)


def _prices(columns: tuple[str, ...]) -> bool:
    return any(column in columns for column in ("rate", *SETTING_RATES))


def find_header(rows: Rows) -> Header | None:
    """Return the first row that has a code and a rate column, below whatever titles."""
    for position, (row, cells) in enumerate(rows[:_SEARCH]):
        columns = column_names(cells)
        if "code" in columns and _prices(columns):
            return Header(position, row, tuple(cells), columns)
    return None


def no_header(rows: Rows, name: str, other_sheets: tuple[str, ...]) -> Problem:
    """Say what is missing, of the row that looks most like a header."""
    elsewhere = (
        f"; other sheets are {', '.join(map(repr, other_sheets))}: name one with sheet = …"
        if other_sheets
        else ""
    )
    if not rows:
        message = "the file is empty; it needs a header row with at least code and rate"
        return Problem(name, None, message + elsewhere)
    row, cells = max(rows[:_SEARCH], key=lambda item: len([cell for cell in item[1] if cell]))
    columns = column_names(cells)
    missing = [] if "code" in columns else ["code"]
    missing += [] if _prices(columns) else ["rate"]
    there = ", ".join(repr(cell) for cell in cells if cell)
    return Problem(
        name,
        row,
        f"missing column {' and '.join(missing)}; the header has {there}; wanted: {', '.join(COLUMNS)}{elsewhere}",
    )


def header_problems(header: Header, name: str) -> Iterator[Problem]:
    """Columns twice, columns that exclude each other, columns that look as if they should be read."""
    for column in (*KNOWN[:1], *KNOWN[2:]):
        count = header.columns.count(column)
        if count > 1:
            yield Problem(name, header.row, f"{count} columns are headed {column}; keep one")
    split = [
        title for title, column in zip(header.titles, header.columns, strict=True) if column in SETTING_RATES
    ]
    if split and ({"rate", "setting"} & set(header.columns)):
        yield Problem(
            name,
            header.row,
            f"{', '.join(map(repr, split))} stand beside a rate or setting column; keep one way",
        )
    for title, column in zip(header.titles, header.columns, strict=True):
        if column not in KNOWN and _SUSPECT.search(column):
            yield Problem(
                name,
                header.row,
                f"column {title!r} is not read but looks as if it should be; rename it to one of "
                f"{', '.join(COLUMNS)}, or remove it",
            )
