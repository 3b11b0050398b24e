"""The cells of a fee schedule as texts, whatever kind of file they are in."""

from __future__ import annotations

import csv
import datetime as dt
import io
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from .bounded import SCHEDULE_BYTES, read_bounded
from .problems import nearest
from .workbooks import Cell, Range, read_workbook

if TYPE_CHECKING:
    from pathlib import Path

WORKBOOKS = frozenset({".xlsx", ".xlsm", ".xlsb", ".xls", ".ods"})
TEXTS = frozenset({".csv", ".txt", ".tsv"})

Rows = list[tuple[int, list[str]]]
"""Rows that hold something, each with its number as a spreadsheet counts."""


@dataclass(frozen=True)
class Grid:
    """The rows of a file, and the sheets of a workbook that were not read."""

    rows: Rows
    other_sheets: tuple[str, ...] = ()


def read_grid(path: Path, sheet: str | None) -> Grid:
    """Read a table of texts.

    Raises OSError, csv.Error, UnicodeDecodeError or ValueError on what is no table.
    """
    suffix = path.suffix.casefold()
    if suffix in WORKBOOKS:
        return _workbook(path, sheet)
    if suffix not in TEXTS:
        raise ValueError(f"{suffix or 'no extension'} is not a fee schedule; save it as .csv or .xlsx")
    if sheet is not None:
        raise ValueError("a sheet is named, but the file is not a workbook; leave `sheet` out")
    return Grid(_text(read_bounded(path, SCHEDULE_BYTES)))


def _text(raw: bytes) -> Rows:
    text = _decoded(raw)
    delimiter = max(",;\t|", key=text[:4096].count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    rows: Rows = []
    line = 1
    for cells in reader:
        if any(cell.strip() for cell in cells):
            rows.append((line, [_clean(cell) for cell in cells]))
        line = reader.line_num + 1
    return rows


def _decoded(raw: bytes) -> str:
    """Read UTF-8, UTF-16 (a spreadsheet's "Unicode text") or, failing these, Windows' own."""
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        return raw.decode("utf-16")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return raw.decode("cp1252")


def _clean(cell: str) -> str:
    return cell.replace("\u00a0", " ").strip()


def _workbook(path: Path, sheet: str | None) -> Grid:
    book = read_workbook(read_bounded(path, SCHEDULE_BYTES), only=sheet or "")
    if sheet is not None and sheet not in book.names:
        raise ValueError(f"no sheet {sheet!r}{nearest(sheet, book.names)}")
    if not book.sheets:
        raise ValueError("the workbook has no sheet")
    page = book.sheets[0]
    rows = [[cell_text(cell) for cell in row] for row in page.rows]
    _fill_merged(rows, page.merged)
    others = tuple(name for name in book.names if name != page.name)
    return Grid([(number, row) for number, row in enumerate(rows, start=1) if any(row)], others)


def _fill_merged(rows: list[list[str]], merged: list[Range]) -> None:
    """Repeat a cell that is merged over several rows in each of them."""
    for (top, left), (bottom, _) in merged:
        for row in rows[top + 1 : bottom + 1]:
            if left < len(row) and not row[left]:
                row[left] = rows[top][left]


def cell_text(cell: Cell) -> str:
    """Return a workbook's cell as the text that was meant.

    97140.0 -> 97140, 27.720000000000002 -> 27.72, a date -> ISO.
    """
    if cell is None:
        return ""
    if isinstance(cell, dt.datetime):
        return cell.date().isoformat()
    if isinstance(cell, float):
        number = Decimal(repr(cell)).quantize(Decimal("0.000001"))
        return f"{number.normalize():f}"
    return _clean(str(cell))
