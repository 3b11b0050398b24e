"""Which layout a member of a download is in, and its cells as text. Nothing is known here of what the cells mean."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import polars as pl

from contracts.problems import Problem
from contracts.workbooks import read_workbook

from .download import check_spreadsheet

if TYPE_CHECKING:
    from .download import Member
    from .rules import Layout, Rules

Grid = list[list[Any]]
_BLANK = " \t\r\n\x1a\xa0\ufeff"
"""What CMS's files have around a cell; 0x1A is the end mark that some of its exports leave as a last row."""


@dataclass(frozen=True)
class Sheet:
    """A member and the layout it fits.

    Of a table: the position of each column, the cells in a row (`width`), what the header's pattern caught (`said`),
    a worksheet's rows (`grid`). `first_row` is the first row of data (from 1), `head` what stands above it.
    """

    member: Member
    layout: Layout
    columns: dict[str, int] = field(default_factory=dict)
    width: int = 0
    said: dict[str, str] = field(default_factory=dict)
    first_row: int = 1
    head: str = ""
    grid: Grid | None = None


def recognise(member: Member, rules: Rules, kind: str | None = None) -> Sheet | list[str]:
    """Return the member in the first layout it fits (of `kind`, if given); or what speaks against each of them."""
    against: list[str] = []
    layouts = [one for one in rules.layouts if kind in {None, one.kind}]
    if member.name.casefold().endswith(".xlsx"):
        grid = _worksheet(member, rules)
        if isinstance(grid, str):
            return [grid]
        fits = [_fit_table(member, one, grid, rules, grid) for one in layouts if one.form == "table"]
    else:
        heads = {
            mark: _head(member.data, rules.header_rows, mark) for mark in {one.separator for one in layouts}
        }
        fits = [
            _fit_table(member, one, heads[one.separator], rules, None)
            if one.form == "table"
            else _fit_fixed(member, one)
            for one in layouts
        ]
    for fit in fits:
        if isinstance(fit, Sheet):
            return fit
        against.append(fit)
    return against


def texts(sheet: Sheet) -> pl.DataFrame | Problem:
    """Return the cells of the layout's columns as text, without blanks around, and `row`: the row of the file."""
    return _fixed_texts(sheet) if sheet.layout.form == "fixed" else _table_texts(sheet)


# ---- tables -------------------------------------------------------------------------------------------------------------


def _head(data: bytes, rows: int, separator: str) -> Grid:
    """Return the first lines as cells; a row that runs over several lines stands at its last, after empty ones."""
    lines = data[: 1 << 16].replace(b"\r\n", b"\n").split(b"\n")[:rows]
    text = b"\n".join(lines).decode("latin-1").lstrip("\xef\xbb\xbf")
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    grid: Grid = []
    try:
        for row in reader:
            grid += [[] for _ in range(reader.line_num - 1 - len(grid))] + [row]
    except csv.Error:
        return []
    return grid


def _worksheet(member: Member, rules: Rules) -> Grid | str:
    check_spreadsheet(member, rules.limits)
    try:
        sheets = read_workbook(member.data, only="").sheets
        return sheets[0].rows if sheets else "has no sheet"
    except (OSError, ValueError) as error:
        return f"is no readable workbook ({error})"


def _fit_table(member: Member, layout: Layout, head: Grid, rules: Rules, grid: Grid | None) -> Sheet | str:
    wrong = f"{layout.name}: no header row like its own in the first {rules.header_rows} rows"
    for number, row in enumerate(head[: rules.header_rows]):
        first = str(row[0]).strip() if row else ""
        if layout.first and not re.search(layout.first, first):
            continue
        above = head[max(number - layout.stacked + 1, 0) : number + 1]
        header = [_spaced(one, index) for index in range(len(row)) for one in [above]]
        found = _columns(layout, header)
        if isinstance(found, str):
            wrong = f"{layout.name}, row {number + 1}: {found}" if layout.first else wrong
            continue
        lines = "\n".join(" ".join(str(cell) for cell in line) for line in head[: number + 1])
        columns, said = found
        return Sheet(member, layout, columns, len(row), said, number + 2, lines, grid)
    return wrong


def _spaced(rows: Grid, index: int) -> str:
    cells = (str(row[index]) for row in rows if index < len(row))
    return " ".join(" ".join(cells).casefold().split())


def _columns(layout: Layout, header: list[str]) -> tuple[dict[str, int], dict[str, str]] | str:
    """Return where each column stands and what its pattern caught; or the first that is not as stated."""
    if layout.width is not None and (len(header) < layout.width or any(header[layout.width :])):
        return f"{len(header)} columns instead of {layout.width}"
    places: dict[str, int] = {}
    said: dict[str, str] = {}
    for name, place in layout.columns.items():
        found = [index for index, cell in enumerate(header) if place.says and re.search(place.says, cell)]
        if place.at is not None:
            if place.at not in found:
                return f"column {place.at + 1} says {header[place.at]!r} where {name} is expected"
            found = [place.at]
        if len(found) != 1:
            return f"{len(found)} columns for {name}"
        match = re.search(place.says or "", header[found[0]])
        if match and match.groups():
            said[name] = match.group(1)
        places[name] = found[0]
    return places, said


def _table_texts(sheet: Sheet) -> pl.DataFrame | Problem:
    cells = _grid_cells(sheet, sheet.grid) if sheet.grid is not None else _csv_cells(sheet)
    if isinstance(cells, Problem):
        return cells
    rows = cells.with_columns(pl.all().fill_null("").str.strip_chars(_BLANK))
    rows = rows.with_row_index("row", sheet.first_row)
    keep = sheet.layout.keep
    return rows.filter(pl.col(keep) != "") if keep else rows


def _grid_cells(sheet: Sheet, grid: Grid) -> pl.DataFrame:
    places = [(at, sheet.layout.columns[name].pad) for name, at in sheet.columns.items()]
    body = [
        [_text(row[at] if at < len(row) else "", pad) for at, pad in places]
        for row in grid[sheet.first_row - 1 :]
    ]
    return pl.DataFrame(body, schema=dict.fromkeys(sheet.columns, pl.String), orient="row")


def _csv_cells(sheet: Sheet) -> pl.DataFrame | Problem:
    """Read a comma separated body. A row with more cells than the header has moved: its cells are not where they seem."""
    try:
        body = pl.read_csv(
            sheet.member.data.replace(b"\r\n", b"\n"),
            has_header=False,
            separator=sheet.layout.separator,
            skip_lines=sheet.first_row - 1,
            schema=dict.fromkeys([str(index) for index in range(sheet.width + 1)], pl.String()),
            encoding="utf8-lossy",
            truncate_ragged_lines=True,
            missing_columns="insert",
        )
    except pl.exceptions.PolarsError as error:
        message = f"cannot be read as a table: {str(error).splitlines()[0]}"
        return Problem(sheet.member.path, None, message)
    beyond = body.with_row_index("row", sheet.first_row).filter(pl.col(str(sheet.width)).is_not_null())
    if not beyond.is_empty():
        message = f"has more cells than the header's {sheet.width}: take the file from cms.gov again"
        return Problem(sheet.member.path, beyond["row"][0], message)
    return body.select(pl.col(str(at)).alias(name) for name, at in sheet.columns.items())


def _text(cell: object, pad: int) -> str:
    """Return a worksheet's cell as CMS's comma separated file has it; numbers get back the zeros that Excel took."""
    if isinstance(cell, bool) or not isinstance(cell, float | int):
        return str(cell)
    number = repr(int(cell)) if float(cell).is_integer() else repr(cell)
    return number.zfill(pad)


# ---- fixed width ----------------------------------------------------------------------------------------------------------


def _fit_fixed(member: Member, layout: Layout) -> Sheet | str:
    lines = member.data[: 1 << 16].decode("latin-1").splitlines()
    above = 0
    for above, line in enumerate(lines):
        if re.match(layout.line, line) and layout.length[0] <= len(line) <= layout.length[1]:
            break
        if line.strip(_BLANK) and not (layout.notes and re.match(layout.notes, line)):
            return f"{layout.name}: line {above + 1} is not of this layout"
    else:
        return f"{layout.name}: no line of this layout"
    head = "\n".join(lines[:above])
    year = re.search(layout.year, head) if layout.year else None
    said = {"year": year.group(1)} if year else {}
    return Sheet(member, layout, {}, 0, said, above + 1, head)


def _fixed_texts(sheet: Sheet) -> pl.DataFrame | Problem:
    layout = sheet.layout
    text = sheet.member.data.decode("latin-1").splitlines()
    lines = pl.DataFrame({"line": text}, schema={"line": pl.String}).with_row_index("row", 1)
    least, most = layout.length
    lines = lines.with_columns(
        good=pl.col("line").str.contains(layout.line) & pl.col("line").str.len_bytes().is_between(least, most)
    )
    other = lines.filter(~pl.col("good") & (pl.col("line").str.strip_chars(_BLANK) != ""))
    if layout.notes:
        other = other.filter(~pl.col("line").str.contains(layout.notes))
    if not other.is_empty():
        return Problem(sheet.member.path, other["row"][0], f"is not a line of the layout {layout.name!r}")
    return lines.filter("good").select(
        "row",
        *(
            pl.col("line").str.slice(place.start, place.end - place.start).str.strip_chars(_BLANK).alias(name)
            for name, place in layout.columns.items()
        ),
    )
