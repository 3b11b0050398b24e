"""The cells of a workbook, read in a process of its own: whatever the file asks for, ours goes on."""

from __future__ import annotations

import datetime as dt
import io
import pickle
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

MEMORY = 1_500_000_000
SECONDS = 60
CELLS = 5_000_000
_WAIT = 2 * SECONDS
_ANSWER = 1_000_000_000
_TOO_MUCH: tuple[str, Any] = ("refused", "it asks for too much memory or time")

Cell = str | int | float | bool | dt.date | dt.datetime | dt.time | dt.timedelta | None
Range = tuple[tuple[int, int], tuple[int, int]]


class WorkbookError(ValueError):
    """The file is no workbook, or one that asks for more than it may; the message says which."""


@dataclass(frozen=True)
class Sheet:
    """A sheet: rows of cells from its first row and column on, and the ranges (from, to; each row, column) merged to one."""

    name: str
    rows: list[list[Cell]]
    merged: list[Range]


@dataclass(frozen=True)
class Workbook:
    """The names of all sheets in their order, and those that were read."""

    names: list[str]
    sheets: list[Sheet]


def read_workbook(data: bytes, only: str | None = None) -> Workbook:
    """Read all sheets of a workbook (xlsx, xlsm, xlsb, xls, ods), or `only` one of them: by name, '' the first.

    At most CELLS cells, MEMORY bytes of memory and SECONDS of work. Raises WorkbookError.
    """
    words = [str(number) for number in (MEMORY, SECONDS, CELLS)]
    words += ["all"] if only is None else ["only", only]
    try:
        done = subprocess.run(  # noqa: S603  (our own program; the file goes in on standard input)
            [sys.executable, "-I", str(Path(__file__).with_name("sheet_process.py")), *words],
            input=data,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=_WAIT,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise WorkbookError("takes longer to read than any workbook of ours") from None
    kind, answer = _told(done.stdout) if done.returncode == 0 else _TOO_MUCH
    if kind != "read":
        raise WorkbookError(f"cannot be opened as a workbook: {answer}; save it again as .xlsx")
    names, sheets = answer
    return Workbook(names, [Sheet(*sheet) for sheet in sheets])


class _Plain(pickle.Unpickler):
    """Takes lists, texts, numbers and dates from the other process, and nothing else."""

    def find_class(self, module: str, name: str) -> Any:
        if module == "datetime" and name in {"date", "datetime", "time", "timedelta"}:
            return super().find_class(module, name)
        raise pickle.UnpicklingError("the answer holds something that no sheet does")


def _told(answer: bytes) -> tuple[str, Any]:
    if len(answer) > _ANSWER:
        return "refused", "too much text"
    try:
        told: tuple[str, Any] = _Plain(io.BytesIO(answer)).load()
    except (pickle.UnpicklingError, EOFError, ValueError, MemoryError):
        return "refused", "damaged"
    return told
