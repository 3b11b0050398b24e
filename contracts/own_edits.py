"""A payer's own edits: pairs of codes that a contract says are not paid beside each other."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

import polars as pl

from .bounded import SCHEDULE_BYTES, read_bounded
from .problems import Problem
from .toml_lines import line_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .terms import Contract, PairEdit

_COLUMNS = {
    "column_1": (r"^[0-9A-Z]{5}$", "a code of five letters and digits"),
    "column_2": (r"^[0-9A-Z]{5}$", "a code of five letters and digits"),
    "indicator": (r"^[01]$", "0 or 1"),
    "effective": (r"^(\d{4}-\d{2}-\d{2})?$", "a date like 2026-01-31, or empty"),
    "until": (r"^(\d{4}-\d{2}-\d{2})?$", "a date like 2026-01-31, or empty"),
    "source": (r"", "a source"),
}
_MAY_BE_LEFT_OUT = {"effective", "until", "source"}


def edit_rows(folder: Path, contract: Contract, problems: list[Problem]) -> Iterator[tuple[object, ...]]:
    """Yield the rows of EDIT_ROW_SCHEMA that a contract's [[edit]] tables state; what is wrong goes to `problems`."""
    for index, edit in enumerate(contract.terms.edit):
        line = line_of(dict(contract.lines), ("edit", index))
        stated = (
            _of_file(folder, contract, edit, line, problems) if edit.file else [_stated(contract, edit, line)]
        )
        for where, row, cells in stated:
            wrong = [
                Problem(where, row, f"{name} is {cells[name]!r}; wanted {wanted}")
                for name, (pattern, wanted) in _COLUMNS.items()
                if not re.search(pattern, cells[name])
                or (name in {"effective", "until"} and not _is_date(cells[name]))
            ]
            problems.extend(wrong)
            if not wrong:
                yield _typed(contract, where, row, cells)


def _stated(contract: Contract, edit: PairEdit, line: int | None) -> tuple[str, int | None, dict[str, str]]:
    cells = {name: _text(getattr(edit, name)) for name in _COLUMNS}
    cells["source"] = edit.source or contract.terms.source
    return contract.file, line, cells


def _text(value: object) -> str:
    return "" if value is None else str(value).strip().upper()


def _of_file(
    folder: Path, contract: Contract, edit: PairEdit, line: int | None, problems: list[Problem]
) -> Iterator[tuple[str, int | None, dict[str, str]]]:
    name = edit.file or ""
    inside = PurePosixPath(name.replace("\\", "/"))
    if inside.is_absolute() or ".." in inside.parts or ":" in name:
        problems.append(
            Problem(contract.file, line, f"file {name!r} is outside the contracts folder; put it there")
        )
        return
    try:
        raw = pl.read_csv(
            read_bounded(folder / inside, SCHEDULE_BYTES), infer_schema=False, encoding="utf8-lossy"
        )
    except (OSError, pl.exceptions.PolarsError) as error:
        said = str(error).splitlines()[0]
        problems.append(Problem(contract.file, line, f"edits {name!r} cannot be read as a table: {said}"))
        return
    raw = raw.rename({column: column.strip().strip("\ufeff").casefold() for column in raw.columns})
    missing = [column for column in _COLUMNS if column not in {*raw.columns, *_MAY_BE_LEFT_OUT}]
    if missing:
        problems.append(
            Problem(name, 1, f"lacks {', '.join(missing)}; its header has {', '.join(raw.columns)}")
        )
        return
    for number, row in enumerate(raw.iter_rows(named=True), start=2):
        cells = {column: _text(row.get(column)) for column in _COLUMNS}
        if any(cells.values()):
            cells["source"] = (row.get("source") or "").strip() or edit.source or contract.terms.source
            yield name, number, cells


def _is_date(text: str) -> bool:
    try:
        return not text or bool(dt.date.fromisoformat(text))
    except ValueError:
        return False


def _typed(contract: Contract, where: str, row: int | None, cells: dict[str, str]) -> tuple[object, ...]:
    dates = [dt.date.fromisoformat(cells[name]) if cells[name] else None for name in ("effective", "until")]
    return (
        contract.file,
        where,
        row,
        cells["column_1"],
        cells["column_2"],
        cells["indicator"],
        *dates,
        cells["source"],
    )
