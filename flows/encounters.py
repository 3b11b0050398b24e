"""From `encounters/` into the encounters' database: archived, read, kept; what is no encounter file goes to quarantine."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from pathlib import Path

import duckdb

from era_parser import Source
from flows import intake
from flows.home import Home
from warehouse.archive import keep, set_aside
from warehouse.database import open_warehouse
from warehouse.encounters import NotEncountersError, read_encounters
from warehouse.encounters.store import LOADED, load_encounters, open_store, restore
from warehouse.load import note_arrival


def take_in_encounters(home: Home, as_of: dt.date) -> Counter[str]:
    """Take in every file of `encounters/`; return counts: encounters, encounters_duplicate, encounters_refused.

    A file leaves the folder once it is archived and kept; one that grows while we look waits for the next night.
    """
    counts: Counter[str] = Counter()
    paths = intake.discover(home.folder("encounters"))
    with open_warehouse(home.warehouse) as con, open_store(home.warehouse) as store:
        restore(store, con, home.folder("archive"))
        for path in paths:
            counts[_take_in(home, con, store, path, as_of)] += 1
    return counts


def _take_in(
    home: Home, con: duckdb.DuckDBPyConnection, store: duckdb.DuckDBPyConnection, path: Path, as_of: dt.date
) -> str:
    source = Source.from_path(path)
    keep(home.folder("archive"), source)
    try:
        read = read_encounters(source)
    except NotEncountersError as error:
        set_aside(home.folder("quarantine"), source, as_of, "NOT_ENCOUNTERS", str(error))
        note_arrival(con, source, as_of, "refused", f"NOT_ENCOUNTERS: {error}")
        path.unlink(missing_ok=True)
        return "encounters_refused"
    again = _arrived(con, source)
    load_encounters(store, source, read, as_of)
    message = (
        "the same bytes came before; nothing was loaded again"
        if again
        else _counted(len(read.findings), read.rows.height)
    )
    note_arrival(con, source, as_of, "duplicate" if again else LOADED, message)
    path.unlink(missing_ok=True)
    return "encounters_duplicate" if again else "encounters"


def _counted(findings: int, rows: int) -> str:
    return f"{rows} rows of encounters, {findings} findings (out.encounter_finding)"


def _arrived(con: duckdb.DuckDBPyConnection, source: Source) -> bool:
    found = con.execute(
        "select 1 from era.file_seen where file_hash = ? and outcome = ?", [source.file_hash, LOADED]
    ).fetchall()
    return bool(found)
