"""Loading parsed files into the `era` schema: each file once, whole or not at all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from era_parser import registry as era_registry

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence

    import duckdb

    from era_parser import Remittances, Source


def known_hashes(con: duckdb.DuckDBPyConnection) -> set[str]:
    """Hashes of all files that are loaded."""
    return {row[0] for row in con.execute("select file_hash from era.file").fetchall()}


def load(
    con: duckdb.DuckDBPyConnection, arrivals: Sequence[Source], remittances: Remittances, seen: dt.date
) -> dict[str, int]:
    """Load a batch in one transaction and note every arrival; return arrivals by outcome.

    Outcomes: loaded, duplicate (same bytes as a file seen before), refused. Loading twice changes no `era`
    row but `file_seen`, where each arrival is one.
    """
    refused = {refusal.file_hash: refusal for refusal in remittances.refusals}
    known = known_hashes(con)
    counts = {"loaded": 0, "duplicate": 0, "refused": 0}
    con.begin()
    try:
        _insert(con, remittances, known)
        (arrival,) = con.execute("select coalesce(max(arrival), 0) from era.file_seen").fetchall()[0]
        for number, source in enumerate(arrivals, start=arrival + 1):
            if source.file_hash in refused:
                refusal = refused[source.file_hash]
                outcome = "refused"
                message = f"{refusal.code} at byte {refusal.byte_offset}: {refusal.message}"
            elif source.file_hash in known:
                outcome, message = "duplicate", "the same bytes came before; nothing was loaded again"
            else:
                outcome, message = "loaded", ""
                known.add(source.file_hash)
            counts[outcome] += 1
            con.execute(
                "insert into era.file_seen values (?, ?, ?, ?, ?, ?)",
                [number, seen, source.name, source.file_hash, outcome, message],
            )
        con.commit()
    except BaseException:
        con.rollback()
        raise
    return counts


def note_arrival(
    con: duckdb.DuckDBPyConnection, source: Source, seen: dt.date, outcome: str, message: str
) -> None:
    """Note a file that arrived and is no remittance."""
    con.execute(
        "insert into era.file_seen select coalesce(max(arrival), 0) + 1, ?, ?, ?, ?, ? from era.file_seen",
        [seen, source.name, source.file_hash, outcome, message],
    )


def _insert(con: duckdb.DuckDBPyConnection, remittances: Remittances, known: set[str]) -> None:
    again = known.intersection(remittances.tables["file"]["file_hash"])
    for name in era_registry.tables():
        frame = remittances.tables[name]
        if again:
            frame = frame.filter(~frame["file_hash"].is_in(list(again)))
        con.register("incoming", frame)
        con.execute(f'insert into era."{name}" by name select * from incoming')
        con.unregister("incoming")
