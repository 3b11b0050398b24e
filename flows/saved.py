"""Edits saved into the published workbook itself: they come in by the inbox, before a publication takes its place."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import duckdb

from flows.progress import note
from warehouse.damage import DamagedError
from warehouse.durable import write_whole
from warehouse.edits import Standing, says_something
from warehouse.journal import ARRIVAL, Journal
from warehouse.publish import readable
from warehouse.returned import NotAWorklistError, read_returned
from warehouse.sealing import SealError

if TYPE_CHECKING:
    from flows.home import Home


def bring_in_saved(home: Home) -> None:
    """Copy the published workbook into the inbox where somebody has edited it; it stays where it is until the next one.

    Doing it again changes nothing: what has been taken in is known by its bytes. It comes before a publication that
    was cut short is finished; a workbook of the one before, that nobody edited, is told by its rows from one that
    somebody did. Of a sealed folder nothing stands in the clear to be edited.
    """
    path = home.folder("published") / "worklist.xlsx"
    if not path.is_file():
        return
    data = path.read_bytes()
    file_hash = hashlib.sha256(data).hexdigest()
    journal = Journal(home.folder("journal"))
    if file_hash == _as_published(home) or _is_taken(file_hash, journal):
        return
    if _is_edited(data, journal):
        write_whole(home.folder("inbox") / f"worklist saved in published {file_hash[:8]}.xlsx", data)
        note(
            "published/worklist.xlsx was edited where it stands: taken in by the inbox like a workbook that comes back"
        )


def _as_published(home: Home) -> str | None:
    """Return the hash of the workbook as a night wrote it; None where the published database cannot say."""
    try:
        with readable(home.published) as con:
            row = con.execute("select worklist_xlsx_sha256 from out.publication").fetchone()
    except (duckdb.Error, DamagedError, SealError, OSError):
        return None
    return str(row[0]) if row else None


def _is_taken(file_hash: str, journal: Journal) -> bool:
    return any(entry.get("file_hash") == file_hash for entry in journal.read(ARRIVAL))


def _is_edited(data: bytes, journal: Journal) -> bool:
    try:
        return says_something(Standing(journal), read_returned(data))
    except NotAWorklistError:
        return True  # the inbox sets it aside with the reason
