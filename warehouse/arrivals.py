"""Arrivals of files: the journal and the warehouse brought level, whichever of the two lacks some.

What the journal has and the warehouse lacks is loaded from the archive: after a crash the last few files, after the
warehouse was lost all of them.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from era_parser import Remittances, Source, parse, parse_chunks
from warehouse.archive import ArchiveError, archive_path, blocks, bring_back_to
from warehouse.journal import ARRIVAL, Entry, Journal
from warehouse.load import known_hashes, load_again

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from collections.abc import Set as AbstractSet

    import duckdb

BATCH_BYTES = 48_000_000
_PACKING = 12
"""How much smaller an archived remittance is, about."""
SCRATCH = ".unpacked-"
"""Folders of the home that a crash may leave begin so."""
LARGE_BYTES = 16_000_000
"""Larger files are read in parts."""
CHUNK_BYTES = LARGE_BYTES
"""Bytes of two such parts."""


def level(con: duckdb.DuckDBPyConnection, journal: Journal, archive: Path) -> list[str]:
    """Give the journal the arrivals that it lacks, and the warehouse those that it lacks, with their files.

    Return the hashes of files that the archive cannot give, or that cannot be read: they are tried again next time.
    """
    if journal.folder is None:
        return []
    entries = journal.read(ARRIVAL)
    journal.restore(ARRIVAL, arrivals_of(con, {entry["number"] for entry in entries}))
    known = {row[0] for row in con.execute("select arrival from era.file_seen").fetchall()}
    missing = sorted((entry for entry in entries if entry["number"] not in known), key=_number)
    if missing:
        _forget_what_was_judged(con, before=_number(missing[0]))
    return _load(con, archive, missing)


def _forget_what_was_judged(con: duckdb.DuckDBPyConnection, before: int) -> None:
    """Have everything decided anew where an arrival comes after later ones: a night looks at the latest alone."""
    known = "select 1 from duckdb_tables() where schema_name = 'work' and table_name = 'judged'"
    if (
        con.execute(known).fetchall()
        and con.execute("select 1 from work.judged where arrival >= ?", [before]).fetchall()
    ):
        con.execute("drop table work.judged")


def _number(entry: Entry) -> int:
    return int(entry["number"])


def arrivals_of(con: duckdb.DuckDBPyConnection, besides: AbstractSet[int] = frozenset()) -> list[Entry]:
    """Entries for the arrivals that a database has: one that is older than its journal, or whose journal was damaged."""
    found = con.execute(
        "select arrival, seen_date, name, file_hash, outcome, message from era.file_seen order by arrival"
    ).fetchall()
    names = ("number", "seen_date", "name", "file_hash", "outcome", "message")
    rows = [dict(zip(names, row, strict=True)) for row in found if row[0] not in besides]
    return [
        {"id": f"restored-{row['number']}", **row, "seen_date": row["seen_date"].isoformat(), "ticket": None}
        for row in rows
    ]


def _load(con: duckdb.DuckDBPyConnection, archive: Path, missing: list[Entry]) -> list[str]:
    """Load files of the archive in batches, each with its arrivals in one transaction."""
    lost: list[str] = []
    batch: list[Entry] = []
    filled = 0
    for entry in missing:
        weight = _packed_size(archive, entry["file_hash"]) if entry["outcome"] == "loaded" else 0
        if batch and filled + weight > BATCH_BYTES // _PACKING:
            lost += _load_batch(con, archive, batch)
            batch, filled = [], 0
        batch.append(entry)
        filled += weight
    return lost + (_load_batch(con, archive, batch) if batch else [])


def _load_batch(con: duckdb.DuckDBPyConnection, archive: Path, batch: list[Entry]) -> list[str]:
    lost: list[str] = []
    known = known_hashes(con)
    files = {
        entry["file_hash"]: entry["name"]
        for entry in reversed(batch)
        if entry["outcome"] == "loaded" and entry["file_hash"] not in known
    }
    order = sorted(files, key=[entry["file_hash"] for entry in batch].index)
    load_again(con, read_again(archive, {own: files[own] for own in order}, lost), batch, lost)
    return lost


def read_again(archive: Path, files: Mapping[str, str], lost: list[str]) -> Iterator[Remittances]:
    """Read archived files again, hash -> name they came under; `lost` is given the hashes of what cannot be read."""
    small: list[Source] = []
    for file_hash, name in files.items():
        try:
            data = _unpacked(archive, file_hash)
            if data is None:
                for part in _in_parts(archive, file_hash, name):
                    lost += [refusal.file_hash for refusal in part.refusals]
                    yield part
            else:
                small.append(Source.known(name, data, file_hash))
        except ArchiveError:
            lost.append(file_hash)
    read = parse(small)
    lost += [refusal.file_hash for refusal in read.refusals]
    yield read


def _packed_size(archive: Path, file_hash: str) -> int:
    path = archive_path(archive, file_hash)
    return path.stat().st_size if path.exists() else 0


def _unpacked(archive: Path, file_hash: str) -> bytes | None:
    """Return the bytes of an archived file; None where they are many."""
    data = bytearray()
    for block in blocks(archive, file_hash):
        data += block
        if len(data) > LARGE_BYTES:
            return None
    return bytes(data)


def _in_parts(archive: Path, file_hash: str, name: str) -> Iterator[Remittances]:
    with tempfile.TemporaryDirectory(dir=archive.parent, prefix=SCRATCH) as folder:
        path = Path(folder) / "remittance"
        bring_back_to(archive, file_hash, path)
        for part in parse_chunks([path], CHUNK_BYTES):
            own = part.tables["file"].with_columns(pl.lit(name).alias("name"))
            yield Remittances(part.tables | {"file": own}, part.refusals)
