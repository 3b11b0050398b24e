"""Fee schedules from CSV and XLSX, as people really have them."""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING

from python_calamine import CalamineError, CalamineWorkbook

from .money import parse_cents
from .problems import Problem, nearest

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

COLUMNS = ("code", "modifier", "setting", "rate", "effective", "until")
_ALIASES = {
    "cpt": "code",
    "cpt_code": "code",
    "hcpcs": "code",
    "hcpcs_code": "code",
    "procedure_code": "code",
    "mod": "modifier",
    "modifiers": "modifier",
    "effective_date": "effective",
    "until_date": "until",
}
_MODIFIER_COLUMN = re.compile(r"^mod(ifier)?_?\d$")
_SUSPECT = re.compile(
    r"code|modif|setting|facility|rate|fee|allow|amount|effect|until|expir|start|end_date|term_date|price"
)
_CODE = re.compile(r"^[0-9A-Z]{5}$")
_MODIFIER = re.compile(r"^[0-9A-Z]{2}$")
_SETTINGS = {
    "": "",
    "facility": "facility",
    "fac": "facility",
    "nonfacility": "nonfacility",
    "non_facility": "nonfacility",
    "nonfac": "nonfacility",
}
_HEADER_SEARCH = 10

Cell = str | int | float | bool | dt.date | dt.datetime | dt.time | dt.timedelta | None


@dataclass(frozen=True)
class FeeRow:
    """One rate. `row` is the row of the file, the header being row 1 where it is on top."""

    row: int
    code: str
    modifiers: str
    setting: str
    rate_cents: int
    effective: dt.date | None
    until: dt.date | None


@dataclass
class Schedule:
    """What a file held: its rows and what is wrong with it."""

    rows: list[FeeRow] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


def read_schedule(path: Path, name: str, sheet: str | None = None) -> Schedule:
    """Read one fee schedule.

    Never raises on a file's content: everything wrong is in `problems`, with its row.
    """
    try:
        grid = _grid(path, sheet)
    except (OSError, CalamineError, csv.Error, UnicodeDecodeError, ValueError) as error:
        return Schedule(problems=[Problem(name, None, f"cannot be read: {_reason(error)}")])
    return _schedule(grid, name)


def _reason(error: Exception) -> str:
    if isinstance(error, FileNotFoundError):
        return "the file does not exist"
    return str(error)


def _grid(path: Path, sheet: str | None) -> list[tuple[int, list[str]]]:
    """Rows with something in them, each with its row number, cells as text."""
    suffix = path.suffix.casefold()
    if suffix in {".xlsx", ".xlsm", ".xls", ".ods"}:
        return _workbook(path, sheet)
    if suffix not in {".csv", ".txt", ".tsv"}:
        raise ValueError(f"{suffix or 'no extension'} is not a fee schedule; save it as .csv or .xlsx")
    if sheet is not None:
        raise ValueError("a sheet is named, but the file is not a workbook; leave `sheet` out")
    return _text(path)


def _text(path: Path) -> list[tuple[int, list[str]]]:
    raw = path.read_bytes()
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = raw.decode("cp1252")
    delimiter = max(",;\t", key=text[:4096].count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    rows: list[tuple[int, list[str]]] = []
    line = 1
    for cells in reader:
        if any(cell.strip() for cell in cells):
            rows.append((line, [cell.strip() for cell in cells]))
        line = reader.line_num + 1
    return rows


def _workbook(path: Path, sheet: str | None) -> list[tuple[int, list[str]]]:
    with path.open("rb"):
        pass  # a missing file is said to be missing, not "not a workbook"
    workbook = CalamineWorkbook.from_path(str(path))
    if sheet is not None and sheet not in workbook.sheet_names:
        raise ValueError(f"no sheet {sheet!r}{nearest(sheet, workbook.sheet_names)}")
    page = workbook.get_sheet_by_name(sheet) if sheet else workbook.get_sheet_by_index(0)
    rows = ([_cell_text(cell) for cell in row] for row in page.to_python(skip_empty_area=False))
    return [(number, row) for number, row in enumerate(rows, start=1) if any(row)]


def _cell_text(cell: Cell) -> str:
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
    return str(cell).strip()


def _schedule(grid: list[tuple[int, list[str]]], name: str) -> Schedule:
    header = _find_header(grid)
    if header is None:
        return Schedule(problems=[_no_header(grid, name)])
    position, columns = header
    schedule = Schedule(problems=list(_column_problems(grid[position], columns, name)))
    if schedule.problems:
        return schedule
    body = _without_notes([(row, _named(cells, columns)) for row, cells in grid[position + 1 :]])
    for row, cells in body:
        _read_row(row, cells, name, schedule)
    if not body:
        schedule.problems.append(Problem(name, grid[position][0], "the table has no rows"))
    schedule.problems.extend(_contradictions(schedule.rows, name))
    return schedule


def _normal(title: str) -> str:
    words = re.sub(r"[^a-z0-9]+", "_", title.casefold()).strip("_")
    return _ALIASES.get(words, "modifier" if _MODIFIER_COLUMN.match(words) else words)


def _find_header(grid: list[tuple[int, list[str]]]) -> tuple[int, list[str]] | None:
    for position, (_, cells) in enumerate(grid[:_HEADER_SEARCH]):
        columns = [_normal(cell) for cell in cells]
        if "code" in columns and "rate" in columns:
            return position, columns
    return None


def _no_header(grid: list[tuple[int, list[str]]], name: str) -> Problem:
    if not grid:
        return Problem(name, None, "the file is empty; it needs a header row with at least code and rate")
    width = max(len([cell for cell in cells if cell]) for _, cells in grid[:_HEADER_SEARCH])
    row, cells = next(item for item in grid if len([cell for cell in item[1] if cell]) == width)
    columns = [_normal(cell) for cell in cells]
    missing = [column for column in ("code", "rate") if column not in columns]
    there = ", ".join(repr(cell) for cell in cells if cell)
    return Problem(
        name,
        row,
        f"missing column {' and '.join(missing)}; the header has {there}; wanted: {', '.join(COLUMNS)}",
    )


def _column_problems(header: tuple[int, list[str]], columns: list[str], name: str) -> Iterator[Problem]:
    row, titles = header
    for column in ("code", "setting", "rate", "effective", "until"):
        if columns.count(column) > 1:
            yield Problem(name, row, f"{columns.count(column)} columns are headed {column}; keep one")
    for title, column in zip(titles, columns, strict=True):
        if column not in COLUMNS and _SUSPECT.search(column):
            yield Problem(
                name,
                row,
                f"column {title!r} is not read but looks as if it should be; rename it to one of "
                f"{', '.join(COLUMNS)}, or remove it",
            )


def _named(cells: list[str], columns: list[str]) -> dict[str, str]:
    """Cells by column; several modifier columns become one, joined with ':'."""
    named: dict[str, str] = dict.fromkeys(COLUMNS, "")
    for column, cell in zip(columns, cells, strict=False):
        if column == "modifier" and named["modifier"] and cell:
            named["modifier"] += ":" + cell
        elif cell or column not in named:
            named[column] = cell
    extra = [cell for cell in cells[len(columns) :] if cell]
    if extra:
        named["beyond"] = ", ".join(extra)
    return named


def _without_notes(body: list[tuple[int, dict[str, str]]]) -> list[tuple[int, dict[str, str]]]:
    """Return the rows down to the last one with a code or a rate: what stands below are notes."""

    def is_data(cells: dict[str, str]) -> bool:
        return bool(_CODE.match(cells["code"].upper())) or bool(cells["rate"])

    last = max((index for index, (_, cells) in enumerate(body) if is_data(cells)), default=-1)
    return body[: last + 1]


def _read_row(row: int, cells: dict[str, str], name: str, schedule: Schedule) -> None:
    faults: list[str] = []
    code = _code(cells["code"], faults)
    modifiers = _modifiers(cells["modifier"], faults)
    setting = _setting(cells["setting"], faults)
    rate = _rate(cells["rate"], faults)
    effective, until = _date(cells["effective"], "effective", faults), _date(cells["until"], "until", faults)
    if effective and until and until < effective:
        faults.append(f"until {until} is before effective {effective}")
    if "beyond" in cells:
        faults.append(f"cells beyond the header: {cells['beyond']} (a comma inside an amount needs quotes)")
    if faults:
        schedule.problems.extend(Problem(name, row, fault) for fault in faults)
    else:
        schedule.rows.append(FeeRow(row, code, modifiers, setting, rate, effective, until))


def _code(text: str, faults: list[str]) -> str:
    code = text.upper()
    if not code:
        faults.append("the row has no code; fill it in or remove the row")
    elif code.isdigit() and len(code) < 5:
        faults.append(f"code {code!r} is too short: leading zeros were lost; format the column as text")
    elif not _CODE.match(code):
        faults.append(f"code {text!r} is not a procedure code of five letters and digits")
    return code


def _modifiers(text: str, faults: list[str]) -> str:
    modifiers = sorted({part for part in re.split(r"[:,;\s/]+", text.upper()) if part})
    faults.extend(
        f"modifier {one!r} is not two letters or digits" for one in modifiers if not _MODIFIER.match(one)
    )
    return ":".join(modifiers)


def _setting(text: str, faults: list[str]) -> str:
    word = re.sub(r"[^a-z]+", "_", text.casefold()).strip("_")
    if word not in _SETTINGS:
        faults.append(f"setting {text!r} is not facility, nonfacility or empty")
    return _SETTINGS.get(word, "")


def _rate(text: str, faults: list[str]) -> int:
    if not text:
        faults.append("the row has no rate; fill it in or remove the row")
        return 0
    try:
        return parse_cents(text)
    except ValueError as error:
        faults.append(f"rate {error}")
        return 0


def _date(text: str, column: str, faults: list[str]) -> dt.date | None:
    if not text:
        return None
    for layout in ("%Y-%m-%d", "%m/%d/%Y"):
        try:
            return dt.datetime.strptime(text, layout).date()  # noqa: DTZ007  (a date has no zone)
        except ValueError:
            continue
    faults.append(f"{column} {text!r} is not a date; write it like 2026-01-31")
    return None


def _contradictions(rows: Sequence[FeeRow], name: str) -> Iterator[Problem]:
    """Two rows for one key, in force on one day, with different rates.

    Adjacent in date order is enough to find one of each.
    """
    keyed: dict[tuple[str, str, str], list[FeeRow]] = {}
    for row in rows:
        keyed.setdefault((row.code, row.modifiers, row.setting), []).append(row)
    for same in keyed.values():
        for index, later in enumerate(same):
            for earlier in same[:index]:
                if earlier.rate_cents != later.rate_cents and _overlap(earlier, later):
                    yield Problem(name, later.row, _contradiction(earlier, later))


def _overlap(one: FeeRow, other: FeeRow) -> bool:
    starts_in_time = one.effective is None or other.until is None or one.effective <= other.until
    ends_late_enough = one.until is None or other.effective is None or other.effective <= one.until
    return starts_in_time and ends_late_enough


def _contradiction(earlier: FeeRow, later: FeeRow) -> str:
    key = ", ".join(part for part in (later.code, later.modifiers, later.setting) if part)
    return (
        f"rows {earlier.row} and {later.row} give {key} two rates for the same dates, "
        f"{_plain(earlier.rate_cents)} and {_plain(later.rate_cents)}; keep one, or give each its dates"
    )


def _plain(cents: int) -> str:
    return f"{cents // 100}.{cents % 100:02d}"
