"""Workbooks that come back through the inbox: their edits into the journal before the night reads remittances."""

from __future__ import annotations

import datetime as dt
from collections import Counter

from flows.home import Home
from flows.inbox import Waiting, taken, workbooks
from flows.reception import Reception, TurnedAwayError
from warehouse.archive import ChangedWhileReadError
from warehouse.arrivals import level
from warehouse.database import open_warehouse
from warehouse.edits import take_edits
from warehouse.journal import Journal
from warehouse.returned import NotAWorklistError, read_returned


def take_in_edits(home: Home, as_of: dt.date) -> Counter[str]:
    """Take in every workbook of the inbox; return counts: workbooks, edits, refused (rows), set_aside (files).

    A workbook leaves the inbox once its edits are on disk. What is no worklist of ours goes to quarantine with
    the reason. One that is still open in a spreadsheet program waits for the next night.
    """
    counts: Counter[str] = Counter()
    journal = Journal(home.folder("journal"))
    known = taken(journal)
    for file in workbooks(home.folder("inbox")):
        if file.ticket not in known:
            counts += _take_in(home, journal, file, as_of)
        file.clear()
    if counts:
        with open_warehouse(home.warehouse) as con:
            level(con, journal, home.folder("archive"))
    return counts


def _take_in(home: Home, journal: Journal, file: Waiting, as_of: dt.date) -> Counter[str]:
    """Take in a workbook: its edits and its arrival stand in the journal together, or not at all."""
    reception = Reception(home, journal, as_of, "NOT_A_WORKLIST", NotAWorklistError)
    try:
        source, returned = reception.take(file, lambda source: read_returned(source.data))
    except ChangedWhileReadError:
        return Counter()
    except TurnedAwayError:
        return Counter(set_aside=1)
    edits, refused = take_edits(journal, returned, source.name, source.file_hash, as_of, file.ticket)
    return Counter(workbooks=1, edits=edits, refused=refused)
