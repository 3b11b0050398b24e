"""Workbooks that come back through the inbox: their edits into the journal before the night reads remittances."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from pathlib import Path

from era_parser import Source
from flows import intake
from flows.home import Home
from warehouse.archive import keep, set_aside
from warehouse.database import open_warehouse
from warehouse.edits import take_edits
from warehouse.journal import Journal
from warehouse.load import note_arrival
from warehouse.returned import NotAWorklistError, read_returned

WORKBOOKS = (".xlsx", ".xlsm")


def take_in_edits(home: Home, as_of: dt.date) -> Counter[str]:
    """Take in every workbook of the inbox; return counts: workbooks, edits, refused (rows), set_aside (files).

    A workbook leaves the inbox once its edits are on disk. What is no worklist of ours goes to quarantine with
    the reason. One that is still open in a spreadsheet program waits for the next night.
    """
    counts: Counter[str] = Counter()
    for path in intake.discover(home.folder("inbox")):
        if path.suffix.lower() in WORKBOOKS and not _open_in_a_program(path):
            counts += _take_in(home, path, as_of)
    return counts


def _open_in_a_program(path: Path) -> bool:
    """Whether Excel or LibreOffice has left its mark beside the file."""
    marks = (f"~${path.name}", f"~${path.name[2:]}", f".~lock.{path.name}#")
    return any(path.with_name(mark).exists() for mark in marks)


def _take_in(home: Home, path: Path, as_of: dt.date) -> Counter[str]:
    source = Source.from_path(path)
    keep(home.folder("archive"), source)
    try:
        returned = read_returned(source.data)
    except NotAWorklistError as error:
        set_aside(home.folder("quarantine"), source, as_of, "NOT_A_WORKLIST", str(error))
        _arrived(home, source, as_of, "refused", f"NOT_A_WORKLIST: {error}")
        path.unlink(missing_ok=True)
        return Counter(set_aside=1)
    edits, refused = take_edits(
        Journal(home.folder("journal")), returned, source.name, source.file_hash, as_of
    )
    _arrived(home, source, as_of, "edits", f"{edits} edits taken, {refused} rows not taken")
    path.unlink(missing_ok=True)
    return Counter(workbooks=1, edits=edits, refused=refused)


def _arrived(home: Home, source: Source, as_of: dt.date, outcome: str, message: str) -> None:
    with open_warehouse(home.warehouse) as con:
        note_arrival(con, source, as_of, outcome, message)
