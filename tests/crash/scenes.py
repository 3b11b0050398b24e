"""The nights that are killed: each a home just before it, made of the example practice."""

from __future__ import annotations

import datetime as dt
import shutil
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import openpyxl

from flows.example import nights, place_example
from flows.home import Home
from tests.crash.plain import do, run_night

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

NO_OPINIONS = "\n[conformance]\nminutes = 0\n"
FIRST, SECOND = dt.date(2026, 6, 26), dt.date(2026, 6, 29)


@dataclass(frozen=True)
class Scene:
    """A home before `work`, which is what is killed and then done again."""

    name: str
    home: Path
    work: Callable[[Path], object]

    def copy(self, folder: Path) -> Path:
        """Return a fresh copy of the home."""
        if folder.exists():
            shutil.rmtree(folder)
        shutil.copytree(self.home, folder)
        return folder


def scenes(folder: Path) -> dict[str, Callable[[], Scene]]:
    """The first night, with files that are quarantined; a later one with workbooks that come back; a rebuild."""
    return {
        "first night": lambda: Scene(
            "first night", _first(folder / "first"), partial(run_night, as_of=FIRST)
        ),
        "night with workbooks": lambda: Scene(
            "night with workbooks", _later(folder / "later"), partial(run_night, as_of=SECOND)
        ),
        "rebuild": lambda: Scene("rebuild", _damaged(folder / "damaged"), rebuild_it),
    }


def _first(path: Path) -> Path:
    home = place_example(path)
    home.settings.write_text(home.settings.read_text() + NO_OPINIONS)
    for night in nights(home)[:2]:
        night.drop(home)
    return path


def _later(path: Path) -> Path:
    """After the first night: its workbook edited, twice over; one that is none of ours; new files, one sent again."""
    do(partial(run_night, _first(path), FIRST))
    home = Home(path)
    home.settings.write_text(home.settings.read_text().replace(NO_OPINIONS, ""))
    book = openpyxl.load_workbook(path / "published" / "worklist.xlsx")
    sheet = book["Worklist"]
    columns = {cell.value: cell.column for cell in sheet[1]}
    for row, status in ((2, "sent"), (3, "reviewing"), (4, "no such status")):
        sheet.cell(row, columns["status"], status)
        sheet.cell(row, columns["note"], f"note of row {row}")
    book.save(path / "inbox" / "worklist.xlsx")
    book = openpyxl.load_workbook(path / "published" / "worklist.xlsx")
    book["Worklist"].cell(5, columns["note"], "saved where it was published")
    book.save(path / "published" / "worklist.xlsx")
    (path / "inbox" / "rates.xlsx").write_bytes(b"PK\x03\x04 and then nothing")
    for night in nights(home)[2:4]:
        night.drop(home)
    shutil.copy(nights(home)[0].folder / "UHC_87726_ERA_20260611.edi", path / "inbox" / "sent_again.835")
    return path


def _damaged(path: Path) -> Path:
    """After the second night, with a hole in the warehouse."""
    do(partial(run_night, _later(path), SECOND))
    with (path / "warehouse.duckdb").open("r+b") as file:
        file.seek(12288 + 64)
        file.write(bytes(range(256)))
    return path


def rebuild_it(home: Path) -> None:
    from flows.rebuild import rebuild  # noqa: PLC0415  (loaded by the process that is killed)

    rebuild(Home(home), None)
