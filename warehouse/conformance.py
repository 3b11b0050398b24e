"""Opinions on whether files conform: which files lack one, and keeping them, one a file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from warehouse.database import model_sql
from warehouse.journal import OPINION, Journal

if TYPE_CHECKING:
    from collections.abc import Sequence
    from collections.abc import Set as AbstractSet

    import duckdb

    from era_parser.conformance import Conformance
    from warehouse.journal import Entry

_NO_JOURNAL = Journal(None)
_OPINION = {
    "file_hash": pl.String,
    "conformance": pl.String,
    "not_checked_code": pl.String,
    "not_checked_reason": pl.String,
    "fault_count": pl.Int64,
    "segment_count": pl.Int32,
    "pyx12_segment_count": pl.Int32,
    "pyx12_version": pl.String,
}
_FAULT = {
    "file_hash": pl.String,
    "fault": pl.Int32,
    "segment": pl.Int32,
    "segment_tag": pl.String,
    "element": pl.String,
    "fault_level": pl.String,
    "fault_code": pl.String,
    "message": pl.String,
}


@dataclass(frozen=True)
class Unjudged:
    """A loaded file without an opinion, with what our reader counted."""

    file_hash: str
    byte_count: int
    segment_count: int
    interchange_count: int


def unjudged(con: duckdb.DuckDBPyConnection, pyx12_version: str, most_bytes: int) -> list[Unjudged]:
    """Files to judge, first come first.

    Those without an opinion of this pyx12, and those that were too large but are not more than `most_bytes`.
    """
    limits = {"pyx12_version": pyx12_version, "most_bytes": most_bytes}
    return [Unjudged(*row) for row in con.execute(model_sql("era.unjudged"), limits).fetchall()]


def keep_opinions(
    con: duckdb.DuckDBPyConnection,
    found: Sequence[tuple[Unjudged, Conformance]],
    pyx12_version: str,
    journal: Journal = _NO_JOURNAL,
) -> None:
    """Keep opinions with their faults in place of earlier ones on the same files: in the journal, then in the warehouse."""
    entries = [_entry(file, said, pyx12_version) for file, said in found]
    journal.add(OPINION, entries)
    _store(con, entries)


def level_opinions(con: duckdb.DuckDBPyConnection, journal: Journal) -> None:
    """Give the warehouse the opinions that only the journal has, and the journal those that only the warehouse has."""
    if journal.folder is None:
        return
    latest = {entry["file_hash"]: entry for entry in journal.read(OPINION)}
    told = con.execute(
        "select file_hash, pyx12_version, conformance, not_checked_code from era.conformance order by file_hash"
    ).fetchall()
    known = {file_hash: tuple(rest) for file_hash, *rest in told}
    same = ("pyx12_version", "conformance", "not_checked_code")
    news = [
        entry
        for file_hash, entry in latest.items()
        if known.get(file_hash) != tuple(entry[name] for name in same)
    ]
    _store(con, news)
    if known.keys() - latest.keys():
        journal.add(OPINION, _only_here(con, known.keys() - latest.keys()))


def _only_here(con: duckdb.DuckDBPyConnection, hashes: AbstractSet[str]) -> list[Entry]:
    faults: dict[str, list[dict[str, object]]] = {}
    for fault in con.sql("select * from era.conformance_fault order by file_hash, fault").pl().to_dicts():
        faults.setdefault(fault.pop("file_hash"), []).append(fault)
    opinions = con.sql("select * from era.conformance order by file_hash").pl().to_dicts()
    return [
        {**opinion, "faults": faults.get(opinion["file_hash"], [])}
        for opinion in opinions
        if opinion["file_hash"] in hashes
    ]


def _entry(file: Unjudged, said: Conformance, pyx12_version: str) -> Entry:
    row = (file.file_hash, str(said.opinion), str(said.not_checked) if said.not_checked else None, said.detail or None,
           said.fault_count, file.segment_count, said.pyx12_segment_count, pyx12_version)  # fmt: skip
    faults = [
        {"fault": number, "segment": fault.segment, "segment_tag": fault.tag, "element": fault.element,
         "fault_level": fault.level, "fault_code": fault.code, "message": fault.message}
        for number, fault in enumerate(said.faults, start=1)
    ]  # fmt: skip
    return {**dict(zip(_OPINION, row, strict=True)), "faults": faults}


def _store(con: duckdb.DuckDBPyConnection, entries: Sequence[Entry]) -> None:
    """Put opinions and faults into the warehouse in one transaction, in place of earlier ones on the same files."""
    if not entries:
        return
    opinions = pl.DataFrame([{name: entry[name] for name in _OPINION} for entry in entries], schema=_OPINION)
    rows = [{"file_hash": entry["file_hash"], **fault} for entry in entries for fault in entry["faults"]]
    con.begin()
    try:
        for table, frame in (
            ("conformance", opinions),
            ("conformance_fault", pl.DataFrame(rows, schema=_FAULT)),
        ):
            con.register("incoming", frame)
            con.register("judged", opinions.select("file_hash"))
            con.execute(f"delete from era.{table} where file_hash in (select file_hash from judged)")
            con.execute(f"insert into era.{table} by name select * from incoming")
        con.commit()
    except BaseException:
        con.rollback()
        raise
    finally:
        con.unregister("incoming")
        con.unregister("judged")
