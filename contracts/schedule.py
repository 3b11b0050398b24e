"""Fee schedules from CSV and XLSX, as people really have them."""

from __future__ import annotations

import csv
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from .problems import Problem
from .schedule_cells import is_code, read_code, read_date, read_modifiers, read_rate, read_setting
from .schedule_grid import Grid, read_grid
from .schedule_header import SETTING_RATES, Header, find_header, header_problems, no_header

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator, Sequence
    from pathlib import Path


MOST_OF_A_KEY = 300
"""Rows of one code, modifier and setting: each with its dates. More are no schedule."""


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
        grid = read_grid(path, sheet)
    except (OSError, csv.Error, UnicodeDecodeError, ValueError) as error:
        return Schedule(problems=[Problem(name, None, f"cannot be read: {_reason(error)}")])
    return _schedule(grid, name)


def _reason(error: Exception) -> str:
    if isinstance(error, FileNotFoundError):
        return "the file does not exist"
    return str(error)


def _schedule(grid: Grid, name: str) -> Schedule:
    header = find_header(grid.rows)
    if header is None:
        return Schedule(problems=[no_header(grid.rows, name, grid.other_sheets)])
    schedule = Schedule(problems=list(header_problems(header, name)))
    if schedule.problems:
        return schedule
    body = [
        (row, _named(cells, header))
        for row, cells in grid.rows[header.position + 1 :]
        if not header.repeats(cells)
    ]
    kept = _without_notes(body)
    for row, cells in kept:
        _read_row(row, cells, name, schedule)
    if not kept:
        schedule.problems.append(Problem(name, header.row, "the table has no rows"))
    schedule.problems.extend(_contradictions(schedule.rows, name))
    return schedule


def _named(cells: list[str], header: Header) -> dict[str, str]:
    """Cells by column; several modifier columns become one, joined with ':'."""
    named = dict.fromkeys(("code", "modifier", "setting", "effective", "until"), "")
    for column, cell in zip(header.columns, cells, strict=False):
        if column == "modifier" and named["modifier"] and cell:
            named["modifier"] += ":" + cell
        elif cell or column not in named:
            named[column] = cell
    extra = [cell for cell in cells[len(header.columns) :] if cell]
    if extra:
        named["beyond"] = ", ".join(extra)
    return named


def _rate_cells(cells: dict[str, str]) -> dict[str, str]:
    """Rate by setting; by no setting where there is one rate column."""
    split = {setting: cells[column] for column, setting in SETTING_RATES.items() if cells.get(column)}
    return split or {"": cells.get("rate", "")}


def _without_notes(body: list[tuple[int, dict[str, str]]]) -> list[tuple[int, dict[str, str]]]:
    """Return the rows down to the last one with a code or a rate: what stands below are notes."""

    def is_data(cells: dict[str, str]) -> bool:
        return is_code(cells["code"]) or any(_rate_cells(cells).values())

    last = max((index for index, (_, cells) in enumerate(body) if is_data(cells)), default=-1)
    return body[: last + 1]


def _read_row(row: int, cells: dict[str, str], name: str, schedule: Schedule) -> None:
    faults: list[str] = []
    code, with_code = read_code(cells["code"], faults)
    modifiers = read_modifiers(cells["modifier"] + with_code, faults)
    setting = read_setting(cells["setting"], faults)
    rates = {at or setting: read_rate(text, faults) for at, text in _rate_cells(cells).items()}
    effective = read_date(cells["effective"], "effective", faults)
    until = read_date(cells["until"], "until", faults)
    if effective and until and until < effective:
        faults.append(f"until {until} is before effective {effective}")
    if "beyond" in cells:
        faults.append(f"cells beyond the header: {cells['beyond']} (a comma inside an amount needs quotes)")
    if faults:
        schedule.problems.extend(Problem(name, row, fault) for fault in faults)
        return
    schedule.rows.extend(
        FeeRow(row, code, modifiers, at, rate, effective, until) for at, rate in rates.items()
    )


def _contradictions(rows: Sequence[FeeRow], name: str) -> Iterator[Problem]:
    """Two rows for one key, in force on one day, with different rates.

    Adjacent in date order is enough to find one of each.
    """
    keyed: dict[tuple[str, str, str], list[FeeRow]] = {}
    for row in rows:
        keyed.setdefault((row.code, row.modifiers, row.setting), []).append(row)
    for (code, *_), same in keyed.items():
        if len(same) > MOST_OF_A_KEY:
            message = f"{code} has {len(same):,} rows of one setting and modifier; at most {MOST_OF_A_KEY} are compared"
            yield Problem(name, same[0].row, message)
            continue
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
