"""The warehouse against the archive: each file read again, and its rows compared with what was loaded of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from era_parser import registry as era_registry
from warehouse.arrivals import BATCH_BYTES, read_again
from warehouse.database import column_types

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import duckdb


def compare(con: duckdb.DuckDBPyConnection, archive: Path) -> Iterator[tuple[str, str, str]]:
    """Give table, file hash and what differs, for each table of each file whose rows are not those of the archive.

    Memory is bounded by a batch of files, or by a part of a large one.
    """
    for name in ("loaded", "again"):
        con.execute(
            f"create or replace temp table {name} (table_name varchar, file_hash varchar, row_count hugeint,"
            " dollars decimal(38,2), content hugeint)"
        )
    for table in era_registry.tables():
        own = f'era."{table}"'
        con.execute(f"insert into loaded {_digest(table, own)}")
    lost: list[str] = []
    for files in _batches(con):
        for part in read_again(archive, files, lost):
            for table, frame in part.tables.items():
                if frame.height:
                    con.register("incoming", frame)
                    con.execute(f"insert into again {_digest(table, 'incoming')}")
                    con.unregister("incoming")
    for file_hash in lost:
        yield "file", file_hash, "the archive cannot give it back, or it can no longer be read"
    yield from _differences(con, lost)


def _batches(con: duckdb.DuckDBPyConnection) -> Iterator[dict[str, str]]:
    """Loaded files, hash -> name, as many at a time as are read at once."""
    batch: dict[str, str] = {}
    filled = 0
    for file_hash, name, size in con.execute(
        "select file_hash, name, byte_count from era.file order by file_hash"
    ).fetchall():
        if batch and filled + size > BATCH_BYTES:
            yield batch
            batch, filled = {}, 0
        batch[file_hash] = name
        filled += size
    if batch:
        yield batch


def _digest(table: str, rows: str) -> str:
    """Rows, dollars of all columns of money together, and a hash over all values whatever their order, by file."""
    types = column_types(era_registry.tables()[table])
    money = [f'coalesce("{name}", 0)' for name, kind in types.items() if kind == "DECIMAL(18,2)"]
    typed = ", ".join(f'"{name}"::{kind} as "{name}"' for name, kind in types.items())
    values = ", ".join(f'"{name}"' for name in types)
    return (
        f"select '{table}', file_hash, count(*), sum({' + '.join(money) or '0'}), sum(hash({values}))"
        f" from (select {typed} from {rows}) group by file_hash"
    )


def _differences(con: duckdb.DuckDBPyConnection, lost: list[str]) -> Iterator[tuple[str, str, str]]:
    found = con.execute(
        "with a as (select table_name, file_hash, sum(row_count) as row_count, sum(dollars) as dollars, sum(content) as content"
        " from again group by all)"
        " select coalesce(l.table_name, a.table_name), coalesce(l.file_hash, a.file_hash), coalesce(l.row_count, 0)::bigint,"
        " coalesce(a.row_count, 0)::bigint, coalesce(l.dollars, 0), coalesce(a.dollars, 0)"
        " from loaded l full join a on a.table_name = l.table_name and a.file_hash = l.file_hash"
        " where l.content is distinct from a.content and coalesce(l.file_hash, a.file_hash) not in (select unnest(?::varchar[]))"
        " order by 2, 1",
        [lost],
    ).fetchall()
    for table, file_hash, ours, theirs, dollars, again in found:
        if (ours, dollars) == (theirs, again):
            yield table, file_hash, "the same count and dollars as in the archive, but other values"
        else:
            yield (
                table,
                file_hash,
                f"{ours} rows, ${dollars}; read again from the archive {theirs} rows, ${again}",
            )
