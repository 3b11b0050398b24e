"""The encounters' own database: rows as read with the text of their notes, beside the warehouse and never published.

The warehouse's file is copied byte by byte when it is published; text that was in it and deleted would still be
in those bytes. So the text lives in `encounters.duckdb`, and only flags and scores pass into the warehouse. It can be
made again from the archive: the warehouse knows which archived files are encounters.
"""

from __future__ import annotations

import hashlib
from contextlib import contextmanager
from importlib.resources import files
from typing import TYPE_CHECKING

import duckdb
import polars as pl

from era_parser import Source
from warehouse.archive import ArchiveError, bring_back
from warehouse.damage import is_damage
from warehouse.database import model_sql
from warehouse.durable import database_files, remove_database

from .notes import elements_found, settings, similarities
from .reading import ROW_SCHEMA, NotEncountersError, read_encounters

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator
    from pathlib import Path

    from .reading import Encounters

TABLES = ("file", "row", "finding")
LOADED = "encounters"
"""The outcome in era.file_seen of a file of encounters that was taken in."""
_NOTE_SCHEMA: dict[str, pl.DataType] = {
    "patient_account": pl.String(),
    "service_date": pl.Date(),
    "elements_found": pl.String(),
    "element_count": pl.Int32(),
    "similarity_percent": pl.Decimal(5, 1),
    "similar_date": pl.Date(),
}


def store_path(warehouse: Path) -> Path:
    """Where the encounters stand beside a warehouse."""
    return warehouse.with_name("encounters.duckdb")


@contextmanager
def open_store(warehouse: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open (or make) the encounters of a warehouse. The pipeline alone opens them."""
    with duckdb.connect(str(store_path(warehouse))) as con:
        make_tables(con)
        yield con


def make_tables(con: duckdb.DuckDBPyConnection) -> None:
    """Make the tables of a store where they are not there."""
    for table in TABLES:
        con.execute(model_sql(f"encounter.{table}"))


def mend_store(warehouse: Path) -> Path | None:
    """Look through the store; where it is damaged put it aside under another name, in place of one before it.

    Return that name, None where all is well. What it held comes back from the archive (`restore`).
    """
    path = store_path(warehouse)
    if not path.exists():
        remove_database(path)  # a log without its file would spoil the next one
        return None
    try:
        with open_store(warehouse) as con:
            for table in TABLES:
                con.execute(f"select sum(hash(t)) from {table} t").fetchall()
    except duckdb.Error as error:
        if not is_damage(error):
            raise
    else:
        return None
    aside = path.with_name("encounters.damaged.duckdb")
    remove_database(aside)
    for old, kept in zip(database_files(path), database_files(aside), strict=True):
        if old.exists():
            old.replace(kept)
    return aside


def load_encounters(con: duckdb.DuckDBPyConnection, source: Source, read: Encounters, seen: dt.date) -> None:
    """Put a file into the store, whole or not at all; one that is there stays as it is."""
    if con.execute("select 1 from file where file_hash = ?", [source.file_hash]).fetchall():
        return
    said = pl.concat_str([pl.col(name).cast(pl.String).fill_null("\0") for name in ROW_SCHEMA if name != "row_number"],
                         separator="\x1f")  # fmt: skip
    rows = read.rows.with_columns(said.alias("said"))
    findings = [(source.file_hash, one.row_number, one.code.value, one.message) for one in read.findings]
    con.begin()
    try:
        con.execute(
            "insert into file values (?, ?, coalesce(?, ?::timestamp), ?, ?)",
            [source.file_hash, source.name, read.stamp, seen, read.stamp_source or "received", rows.height],
        )
        con.register("incoming", rows)
        con.execute(
            "insert into row by name select * exclude (said), sha256(said) as content, ? as file_hash from incoming",
            [source.file_hash],
        )
        con.unregister("incoming")
        if findings:
            con.executemany("insert into finding values (?, ?, ?, ?)", findings)
        con.commit()
    except BaseException:
        con.rollback()
        raise


def known_files(warehouse: duckdb.DuckDBPyConnection) -> list[tuple[str, str, dt.date]]:
    """Return hash, name and day of every encounter file that came and was taken in."""
    return warehouse.execute(
        "select file_hash, arg_min(name, arrival), min(seen_date) from era.file_seen where outcome = ? group by file_hash"
        " order by file_hash", [LOADED],
    ).fetchall()  # fmt: skip


def restore(
    store: duckdb.DuckDBPyConnection, warehouse: duckdb.DuckDBPyConnection, archive: Path
) -> tuple[int, list[str]]:
    """Read encounter files that the warehouse knows and the store lacks from the archive again.

    Return how many came back, and the hashes of those that the archive cannot give: their days go unjudged. What an
    earlier version took in and this one does not, like a worklist, stays out.
    """
    there = {row[0] for row in store.execute("select file_hash from file").fetchall()}
    lacking = [row for row in known_files(warehouse) if row[0] not in there]
    count, lost = 0, []
    for file_hash, name, seen in lacking:
        try:
            source = Source(name, bring_back(archive, file_hash))
            read = read_encounters(source)
        except ArchiveError:
            lost.append(file_hash)
        except NotEncountersError:
            continue
        else:
            load_encounters(store, source, read, seen)
            count += 1
    return count, lost


def stand(con: duckdb.DuckDBPyConnection) -> pl.DataFrame:
    """Decide which rows stand, and return them with `has_note` in place of the note."""
    con.execute(model_sql("encounter.standing"))
    rows: pl.DataFrame = con.sql(
        "select * exclude (note), note is not null as has_note from standing order by file_hash, row_number"
    ).pl()
    return rows


def findings(con: duckdb.DuckDBPyConnection) -> pl.DataFrame:
    """Return what reading the files found, but for rows that a later file replaced."""
    found: pl.DataFrame = con.sql(model_sql("encounter.finding_read")).pl()
    return found


def score_notes(con: duckdb.DuckDBPyConnection, patients: pl.DataFrame) -> pl.DataFrame:
    """Return a row a standing patient-day with a note: elements found, and the most similar earlier note.

    `patients`: patient_account, patient. What was worked out for the same texts before is not worked out again.
    """
    _forget_other_rules(con)
    con.execute(model_sql("encounter.day_note"))
    con.register("patient", patients)
    look_back = {"look_back": settings()["look_back"]}
    _compare(con, con.sql(model_sql("encounter.asked_pair"), params=look_back).pl())
    pairs = con.sql(model_sql("encounter.asked_pair"), params=look_back).pl()
    con.unregister("patient")
    alike = (
        pairs.sort("similarity", "earlier_date", descending=[True, True], maintain_order=True)
        .group_by("patient_account", "service_date", maintain_order=True)
        .first()
        .select("patient_account", "service_date", "similarity", "earlier_date")
    )
    notes: pl.DataFrame = con.sql(
        "select patient_account, service_date, text from day_note order by all"
    ).pl()
    found = [elements_found(text) for text in notes["text"]]
    return (
        notes.drop("text")
        .with_columns(
            pl.Series("elements_found", [", ".join(names) for names in found], dtype=pl.String),
            pl.Series("element_count", [len(names) for names in found], dtype=pl.Int32),
        )
        .join(alike, on=["patient_account", "service_date"], how="left", validate="1:1")
        .rename({"similarity": "similarity_percent", "earlier_date": "similar_date"})
        .select(pl.col(name).cast(kind) for name, kind in _NOTE_SCHEMA.items())
        .sort("patient_account", "service_date")
    )


def _compare(con: duckdb.DuckDBPyConnection, pairs: pl.DataFrame) -> None:
    """Work out the similarity of pairs that have none yet."""
    new = (
        pairs.filter(pl.col("similarity").is_null())
        .select("note_hash", "earlier_hash")
        .unique()
        .sort("note_hash", "earlier_hash")
    )
    texts = dict(con.execute("select distinct note_hash, text from day_note").fetchall())
    scores = similarities([(texts[one], texts[other]) for one, other in new.iter_rows()])
    con.register("incoming", new.with_columns(pl.Series("similarity", scores, dtype=pl.Float64)))
    con.execute("insert into pair by name select *, $rules as rules from incoming", {"rules": _rules()})
    con.unregister("incoming")


def _forget_other_rules(con: duckdb.DuckDBPyConnection) -> None:
    """Drop what was worked out under other rules than today's."""
    con.execute(
        "create table if not exists pair (note_hash varchar, earlier_hash varchar, similarity double, rules varchar)"
    )
    con.execute("delete from pair where rules <> ?", [_rules()])


def _rules() -> str:
    package = files("warehouse.encounters")
    return hashlib.sha256(
        (package / "data" / "thresholds.toml").read_bytes() + (package / "notes.py").read_bytes()
    ).hexdigest()
