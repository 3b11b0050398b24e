"""An encounter file to typed rows and findings. What cannot be read is a finding with its row; the rest goes on."""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
from contextlib import closing
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Literal

import polars as pl

from contracts.workbooks import WorkbookError, read_workbook

from . import cells
from .findings import EncounterFinding, FindingCode

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from era_parser import Source

ROW_SCHEMA: dict[str, pl.DataType] = {
    "row_number": pl.Int32(),
    "patient_account": pl.String(),
    "service_date": pl.Date(),
    "procedure_code": pl.String(),
    "minutes": pl.Int32(),
    "start_minute": pl.Int32(),
    "stop_minute": pl.Int32(),
    "region": pl.String(),
    "clinician": pl.String(),
    "clinician_npi": pl.String(),
    "assistant": pl.String(),
    "diagnosis_codes": pl.String(),
    "plan_from_date": pl.Date(),
    "plan_to_date": pl.Date(),
    "modifiers": pl.String(),
    "units": pl.Int32(),
    "charge_cents": pl.Int64(),
    "payer": pl.String(),
    "note": pl.String(),
}
"""One row of a file; `region`, `diagnosis_codes` and `modifiers` joined with ', '; times in minutes since midnight."""
REQUIRED = ("patient_account", "service_date", "procedure_code")
_LONGEST_CELL = 4_000_000
_MOST_ROWS = 500_000
_OF_WORKLIST = {"dispute_id", "version"}
_ARCHIVE = b"PK\x03\x04"


class NotEncountersError(Exception):
    """The file is no encounter file; the message says why and what to do, and nothing of what it holds."""


@dataclass(frozen=True)
class Encounters:
    """A file as read: `rows` has ROW_SCHEMA, `stamp` is when the practice made it, as far as it says.

    `stamp_source`: exported (the column), name (a date in the file's name), or None where neither tells. `counted`: what
    a row number counts.
    """

    rows: pl.DataFrame
    findings: list[EncounterFinding]
    stamp: dt.datetime | None
    stamp_source: str | None
    counted: Literal["row", "segment"] = "row"


def read_encounters(source: Source) -> Encounters:
    """Read a CSV (any common separator) or xlsx file. Raises NotEncountersError where it is neither."""
    with closing(_workbook(source.data) if source.data.startswith(_ARCHIVE) else _text(source.data)) as table:
        return _read(table, source.name)


def _read(table: Iterator[tuple[int, list[str]]], name: str) -> Encounters:
    header = next(table, (1, []))[1]
    places = _places(header)
    findings: list[EncounterFinding] = []
    rows, exported = list[tuple[object, ...]](), list[dt.datetime]()
    for number, cells_of_row in table:
        if not any(cells_of_row):
            continue
        if len(rows) == _MOST_ROWS or len(findings) >= 2 * _MOST_ROWS:
            raise NotEncountersError(f"more than {_MOST_ROWS:,} rows; split the file")
        if any(cells_of_row[len(header) :]):
            findings.append(EncounterFinding(number, FindingCode.EXTRA_CELLS))
        row = _Row(number, {column: _cell(cells_of_row, place) for column, place in places.items()}, findings)
        typed = row.typed()
        if typed is not None:
            rows.append(typed)
        if (made := row.exported()) is not None:
            exported.append(made)
    stamp, origin = (max(exported), "exported") if exported else _stamp_of_name(name)
    return Encounters(pl.DataFrame(rows, schema=ROW_SCHEMA, orient="row"), findings, stamp, origin)


def _cell(cells_of_row: list[str], place: int) -> str:
    return cells_of_row[place].strip() if place < len(cells_of_row) else ""


def _stamp_of_name(name: str) -> tuple[dt.datetime | None, str | None]:
    found = [
        cells.day(re.sub(r"[-_]", "", text))
        for text in re.findall(r"(?<!\d)20\d\d[-_]?\d\d[-_]?\d\d(?!\d)", name)
    ]
    days = [day for day in found if day is not None]
    return (dt.datetime.combine(days[-1], dt.time()), "name") if days else (None, None)


@cache
def _headers() -> dict[str, str]:
    table = pl.read_csv(
        (files("warehouse.encounters") / "data" / "column.csv").read_bytes(), infer_schema=False
    )
    return {header: column for column, headers in table.iter_rows() for header in headers.split("|")}


def _places(header: list[str]) -> dict[str, int]:
    """Return where each known column stands, the first of its names."""
    names = [re.sub(r"[^a-z0-9]+", "_", text.casefold().strip()).strip("_") for text in header]
    if {*names} >= _OF_WORKLIST:
        raise NotEncountersError("no encounter file but a worklist: it belongs into inbox/, saved as .xlsx")
    places: dict[str, int] = {}
    for place, name in enumerate(names):
        if name in _headers():
            places.setdefault(_headers()[name], place)
    missing = [name for name in REQUIRED if name not in places]
    if missing:
        raise NotEncountersError(
            f"no encounter file: its first row has no column for {', '.join(missing)}; see docs/encounters.md"
        )
    return places


def _text(data: bytes) -> Generator[tuple[int, list[str]]]:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("cp1252", errors="replace")
    if not text.strip():
        raise NotEncountersError("the file is empty; export it again")
    first = text.lstrip().splitlines()[0]
    separator = max(",;\t|", key=first.count)
    before = csv.field_size_limit(
        _LONGEST_CELL
    )  # of the whole process: what else it reads has the limit of before
    try:
        yield from enumerate(csv.reader(io.StringIO(text, newline=""), delimiter=separator), start=1)
    except csv.Error as error:
        raise NotEncountersError(f"the file cannot be read as a table ({error}); export it again") from None
    finally:
        csv.field_size_limit(before)


def _workbook(data: bytes) -> Generator[tuple[int, list[str]]]:
    try:
        sheets = read_workbook(data, only="").sheets
    except WorkbookError as error:
        raise NotEncountersError(f"the file {error}") from None
    grid = sheets[0].rows if sheets else []
    yield from ((number, [_written(value) for value in row]) for number, row in enumerate(grid, start=1))


def _written(value: Any) -> str:
    """Write a value of a spreadsheet as a person would have typed it."""
    if isinstance(value, dt.datetime):
        return value.strftime("%Y-%m-%d" if value.time() == dt.time() else "%Y-%m-%d %H:%M")
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, dt.time):
        return value.strftime("%H:%M")
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


class _Row:
    """One row while it is read: its cells by column, and the findings to add to."""

    def __init__(self, number: int, by_column: dict[str, str], findings: list[EncounterFinding]) -> None:
        self._number, self._cells, self._findings = number, by_column, findings

    def typed(self) -> tuple[object, ...] | None:
        """Return the row in the order of ROW_SCHEMA; None where account or date are missing."""
        account = self._of("patient_account")
        date = cells.day(self._of("service_date"))
        if not account or date is None:
            self._say(FindingCode.BAD_DATE if account else FindingCode.NO_ACCOUNT)
            return None
        code = cells.procedure_code(self._of("procedure_code"))
        if code is None:
            self._say(FindingCode.BAD_CODE)
        spent, start, stop = self._time()
        plan_from, plan_to = self._plan()
        return (
            self._number, account, date, code, spent, start, stop, self._region(), self._of("clinician") or None,
            self._npi(), cells.person(self._of("assistant")), self._listed("diagnosis"), plan_from, plan_to,
            self._listed("modifiers"), self._number_of("units"), self._number_of("charge"), self._of("payer") or None,
            self._note(),
        )  # fmt: skip

    def exported(self) -> dt.datetime | None:
        text = self._of("exported")
        made = cells.moment(text) if text else None
        if text and made is None:
            self._say(FindingCode.BAD_EXPORTED)
        return made

    def _of(self, column: str) -> str:
        return self._cells.get(column, "")

    def _say(self, code: FindingCode) -> None:
        self._findings.append(EncounterFinding(self._number, code))

    def _time(self) -> tuple[int | None, int | None, int | None]:
        """Return minutes, start and stop. Minutes that are not given are those between start and stop."""
        given = self._of("minutes")
        spent = cells.minutes(given) if given else None
        if given and spent is None:
            self._say(FindingCode.BAD_MINUTES)
        texts = self._of("start"), self._of("stop")
        if not any(texts):
            return spent, None, None
        start, stop = (cells.minute_of_day(text) for text in texts)
        problem = (
            FindingCode.BAD_TIME if start is None or stop is None
            else FindingCode.STOP_BEFORE_START if stop < start
            else FindingCode.MINUTES_DIFFER if spent is not None and spent > stop - start
            else None
        )  # fmt: skip
        if problem is not None or start is None or stop is None:
            self._say(problem or FindingCode.BAD_TIME)
            return None, None, None
        return (None if given and spent is None else stop - start if spent is None else spent), start, stop

    def _plan(self) -> tuple[dt.date | None, dt.date | None]:
        together, texts = self._of("plan_of_care"), (self._of("plan_from"), self._of("plan_to"))
        if together and not any(texts):
            both = cells.plan_dates(together)
            first, last = both if both is not None else (None, None)
        else:
            first, last = (cells.day(text) for text in texts)
        unread = bool(together and not any(texts) and first is None) or any(
            text and value is None for text, value in zip(texts, (first, last), strict=True)
        )
        if unread or (first is not None and last is not None and last < first):
            self._say(FindingCode.BAD_PLAN_DATES)
            return None, None
        return first, last

    def _region(self) -> str | None:
        text = self._of("region")
        found = cells.regions(text) if text else []
        if found is None:
            self._say(FindingCode.UNKNOWN_REGION)
        return ", ".join(found) if found else None

    def _npi(self) -> str | None:
        text = self._of("clinician_npi")
        if text and not cells.npi_is_right(text):
            self._say(FindingCode.BAD_NPI)
        return text or None

    def _listed(self, column: str) -> str | None:
        read, code = (
            (cells.diagnoses, FindingCode.BAD_DIAGNOSIS)
            if column == "diagnosis"
            else (cells.modifiers, FindingCode.BAD_MODIFIER)
        )
        found, whole = read(self._of(column))
        if not whole:
            self._say(code)
        return ", ".join(found) or None

    def _number_of(self, column: str) -> int | None:
        text = self._of(column)
        found = (cells.whole_number if column == "units" else cells.cents)(text) if text else None
        if text and found is None:
            self._say(FindingCode.BAD_UNITS if column == "units" else FindingCode.BAD_CHARGE)
        return found

    def _note(self) -> str | None:
        text = self._of("note")
        if text and cells.acts(text):
            self._say(FindingCode.MARKUP)
        return text or None
