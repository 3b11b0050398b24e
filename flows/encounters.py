"""From `encounters/` into the encounters' database: archived, read, kept; what is no encounter file goes to quarantine."""

from __future__ import annotations

import datetime as dt
from collections import Counter

import duckdb

from era_parser import Source
from flows.home import Home
from flows.inbox import Waiting, discover, taken
from flows.misplaced import no_encounters
from flows.progress import note
from flows.reception import Reception, TurnedAwayError
from warehouse.archive import ChangedWhileReadError
from warehouse.arrivals import level
from warehouse.database import open_warehouse
from warehouse.encounters import Encounters, NotEncountersError, read_encounters
from warehouse.encounters.store import LOADED, load_encounters, mend_store, open_store, restore
from warehouse.journal import ARRIVAL, Journal
from warehouse.load import told


def take_in_encounters(home: Home, as_of: dt.date) -> Counter[str]:
    """Take in every file of `encounters/`; return counts: encounters, encounters_duplicate, encounters_refused.

    A file leaves the folder once it is archived and kept; one that grows while we look waits for the next night.
    """
    counts: Counter[str] = Counter()
    journal, folder = Journal(home.folder("journal")), home.folder("encounters")
    known = taken(journal)
    note(*mended(home))
    with open_warehouse(home.warehouse) as con, open_store(home.warehouse) as store:
        for file in discover(folder):
            if file.ticket not in known:
                counts += _take_in(home, journal, store, file, as_of)
            file.clear()
        if counts:
            level(con, journal, home.folder("archive"))
        note(*brought_back(store, con, home))
    return counts


def mended(home: Home) -> list[str]:
    """Put a damaged store of encounters aside, and say so."""
    aside = mend_store(home.warehouse)
    if aside is None:
        return []
    return [
        f"encounters.duckdb was damaged: made anew from the archive; the damaged file is {aside.name}, remove it"
    ]


def brought_back(store: duckdb.DuckDBPyConnection, con: duckdb.DuckDBPyConnection, home: Home) -> list[str]:
    """Read what the store lacks from the archive again, and say what came back and what could not."""
    count, lost = restore(store, con, home.folder("archive"))
    said = [f"{count} encounter files read again from the archive"] if count else []
    if lost:
        names = ", ".join(file_hash[:12] for file_hash in lost[:5])
        said.append(f"{len(lost)} encounter files are missing or damaged in the archive ({names}): their days are not"
                    " judged; restore them from a backup")  # fmt: skip
    return said


def _read(source: Source) -> Encounters:
    """Read a file of encounters. Raises NotEncountersError, with what the file is instead where that can be seen."""
    try:
        return read_encounters(source)
    except NotEncountersError:
        known = no_encounters(source.data)
        if known is None:
            raise
        raise NotEncountersError(f"no encounter file but {known}") from None


def _take_in(
    home: Home, journal: Journal, store: duckdb.DuckDBPyConnection, file: Waiting, as_of: dt.date
) -> Counter[str]:
    """Take in a file: its rows are in the store before its arrival is in the journal, and twice is once."""
    reception = Reception(home, journal, as_of, "NOT_ENCOUNTERS", NotEncountersError)
    try:
        source, read = reception.take(file, _read)
    except ChangedWhileReadError:
        return Counter()
    except TurnedAwayError:
        return Counter(encounters_refused=1)
    again = any(
        one["outcome"] == LOADED and one["file_hash"] == source.file_hash for one in journal.read(ARRIVAL)
    )
    load_encounters(store, source, read, as_of)
    message = f"{read.rows.height} rows of encounters, {len(read.findings)} findings (out.encounter_finding)"
    if again:
        message = "the same bytes came before; nothing was loaded again"
    outcome = "duplicate" if again else LOADED
    journal.add(ARRIVAL, [told(source.name, source.file_hash, as_of, outcome, message, file.ticket)])
    return Counter({"encounters_duplicate" if again else "encounters": 1})
