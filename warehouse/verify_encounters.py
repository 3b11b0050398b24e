"""The store of encounters against the archive: each file read again, and its rows and findings compared with those kept."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import duckdb

from era_parser import Source
from warehouse.archive import ArchiveError, bring_back
from warehouse.damage import is_damage
from warehouse.encounters.reading import NotEncountersError, read_encounters
from warehouse.encounters.store import known_files, load_encounters, make_tables, store_path

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ANEW = "shortpay run makes it anew from the archive"
REMOVE = f"remove it: {ANEW}"
_ANY_DAY = dt.date(2000, 1, 1)
"""The day a file came is not compared."""
Off = tuple[str, str, str]
"""Place, what is off, what to do."""


def compare_encounters(con: duckdb.DuckDBPyConnection, archive: Path, warehouse: Path) -> Iterator[Off]:
    """Give what is off in the store beside a warehouse. Nothing is changed; no text of a note is in what is said."""
    path, known = store_path(warehouse), known_files(con)
    if not path.exists():
        if known:
            yield path.name, "is not there", ANEW
        return
    try:
        with duckdb.connect(str(path), read_only=True) as store:
            kept = {row[0] for row in store.execute("select file_hash from file").fetchall()}
            for file_hash, name, _ in known:
                yield from _file(store, archive, file_hash, name)
    except duckdb.Error as error:
        if not is_damage(error) and not isinstance(error, duckdb.CatalogException):
            raise
        yield path.name, "is damaged", REMOVE
        return
    strange = kept - {file_hash for file_hash, _, _ in known}
    if strange:
        yield path.name, f"has rows of {len(strange)} files that are no arrival", REMOVE


def _file(store: duckdb.DuckDBPyConnection, archive: Path, file_hash: str, name: str) -> Iterator[Off]:
    place = f"encounters.duckdb, file {file_hash[:12]}"
    try:
        source = Source(name, bring_back(archive, file_hash))
    except ArchiveError:
        return  # said of the archive
    ours = _digest(store, file_hash)
    try:
        encounters = read_encounters(source)
    except NotEncountersError as error:
        if any(count for count, _ in ours.values()):
            yield place, f"was taken in by an earlier version: {error}", REMOVE
        return
    with duckdb.connect() as again:
        make_tables(again)
        load_encounters(again, source, encounters, _ANY_DAY)
        theirs = _digest(again, file_hash)
    for table, (count, content) in ours.items():
        other, read = theirs[table]
        if count != other:
            yield f"{place}, {table}", f"{count} rows; read again from the archive {other}", REMOVE
        elif content != read:
            yield f"{place}, {table}", "as many rows as in the archive, but other values", REMOVE


def _digest(con: duckdb.DuckDBPyConnection, file_hash: str) -> dict[str, tuple[int, int]]:
    """Rows of a file by table, and a hash over them."""
    return {
        table: con.execute(
            f"select count(*), coalesce(sum(hash(t)), 0) from {table} t where file_hash = ?",
            [file_hash],
        ).fetchall()[0]
        for table in ("row", "finding")
    }
