"""Loading parsed files into the `era` schema: each file once, whole or not at all."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import duckdb

from era_parser import registry as era_registry
from warehouse.journal import ARRIVAL, Entry, Journal, number_from

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Iterator, Sequence

    from era_parser import Refusal, Remittances, Source

OUTCOMES = ("loaded", "duplicate", "refused")
_NO_JOURNAL = Journal(None)


class _RefusedError(Exception):
    """A part of a file could not be read: what was loaded of it is taken back."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.code)
        self.refusal = refusal


def known_hashes(con: duckdb.DuckDBPyConnection) -> set[str]:
    """Hashes of all files that are loaded."""
    return {row[0] for row in con.execute("select file_hash from era.file").fetchall()}


def load(
    con: duckdb.DuckDBPyConnection,
    arrivals: Sequence[Source],
    remittances: Remittances,
    seen: dt.date,
    journal: Journal = _NO_JOURNAL,
    tickets: Sequence[str | None] | None = None,
) -> dict[str, int]:
    """Load a batch in one transaction and note every arrival; return arrivals by outcome.

    Outcomes: loaded, duplicate (same bytes as a file seen before), refused. Loading twice changes no `era`
    row but `file_seen`, where each arrival is one. The arrivals are in the journal before they are in the
    warehouse. `tickets`: what tells each arrival from another one of the same bytes.
    """
    refused = {refusal.file_hash: refusal for refusal in remittances.refusals}
    known = known_hashes(con)
    entries: list[Entry] = []
    for source, ticket in zip(arrivals, tickets or [None] * len(arrivals), strict=True):
        refusal = refused.get(source.file_hash)
        entries.append(arrival(source.name, source.file_hash, seen, refusal, known, ticket))
        if refusal is None:
            known.add(source.file_hash)
    with _whole(con):
        _insert(con, remittances, known_hashes(con))
        note_arrivals(con, enter(con, entries, journal))
    return {outcome: sum(entry["outcome"] == outcome for entry in entries) for outcome in OUTCOMES}


def load_parts(
    con: duckdb.DuckDBPyConnection,
    parts: Iterable[Remittances],
    first: Entry,
    journal: Journal = _NO_JOURNAL,
) -> Refusal | None:
    """Load one file that comes in parts, in one transaction; `first` is its arrival as loaded.

    Return the refusal where there is one: then nothing of it is loaded, and its arrival is to be noted as refused.
    """
    try:
        with _whole(con):
            for part in parts:
                _stop_at(part.refusals)
                _insert(con, part, set())
            note_arrivals(con, enter(con, [first], journal))
    except _RefusedError as late:
        return late.refusal
    return None


def _stop_at(refusals: Sequence[Refusal]) -> None:
    for refusal in refusals:
        raise _RefusedError(refusal)


def load_again(
    con: duckdb.DuckDBPyConnection,
    parts: Iterable[Remittances],
    arrivals: Iterable[Entry],
    lost: Sequence[str],
) -> None:
    """Load files, part by part, with arrivals that the journal has already: in one transaction.

    `lost`: hashes that the reading of `parts` finds unreadable; of such a file nothing is loaded or noted.
    """
    with _whole(con):
        for part in parts:
            _insert(con, part, set())
        for name in era_registry.tables() if lost else ():
            con.execute(f'delete from era."{name}" where file_hash in (select unnest(?))', [list(lost)])
        note_arrivals(con, [entry for entry in arrivals if entry["file_hash"] not in lost])


def arrival(
    name: str,
    file_hash: str,
    seen: dt.date,
    refusal: Refusal | None = None,
    known: Iterable[str] = (),
    ticket: str | None = None,
) -> Entry:
    """Return the journal's entry for a file that came."""
    if refusal is not None:
        outcome = "refused"
        message = f"{refusal.code} at byte {refusal.byte_offset}: {refusal.message}"
    elif file_hash in known:
        outcome, message = "duplicate", "the same bytes came before; nothing was loaded again"
    else:
        outcome, message = "loaded", ""
    return told(name, file_hash, seen, outcome, message, ticket)


def told(
    name: str, file_hash: str, seen: dt.date, outcome: str, message: str, ticket: str | None = None
) -> Entry:
    """Return the journal's entry for a file that came, whatever it was."""
    return {"seen_date": seen.isoformat(), "name": name, "file_hash": file_hash, "outcome": outcome,
            "message": message, "ticket": ticket}  # fmt: skip


def note(con: duckdb.DuckDBPyConnection, entries: Sequence[Entry], journal: Journal) -> None:
    """Note arrivals that bring nothing to load, in the journal and then in the warehouse."""
    with _whole(con):
        note_arrivals(con, enter(con, entries, journal))


def enter(con: duckdb.DuckDBPyConnection, entries: Sequence[Entry], journal: Journal) -> list[Entry]:
    """Write arrivals into the journal; number them from the warehouse where there is none."""
    if journal.folder is not None:
        return journal.add(ARRIVAL, entries)
    (last,) = con.execute("select coalesce(max(arrival), 0) from era.file_seen").fetchall()[0]
    return number_from(entries, last + 1)


def note_arrivals(con: duckdb.DuckDBPyConnection, entries: Iterable[Entry]) -> None:
    """Note arrivals that the journal has in `era.file_seen`."""
    for entry in entries:
        con.execute(
            "insert into era.file_seen values ($number, $seen_date, $name, $file_hash, $outcome, $message)",
            {
                name: entry[name]
                for name in ("number", "seen_date", "name", "file_hash", "outcome", "message")
            },
        )


@contextlib.contextmanager
def _whole(con: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Commit what is done inside, or leave no trace of it."""
    con.begin()
    try:
        yield
        con.commit()
    except BaseException:
        with contextlib.suppress(duckdb.Error):  # a disk that is full has closed the database already
            con.rollback()
        raise


def _insert(con: duckdb.DuckDBPyConnection, remittances: Remittances, known: set[str]) -> None:
    again = known.intersection(remittances.tables["file"]["file_hash"])
    for name in era_registry.tables():
        frame = remittances.tables[name]
        if again:
            frame = frame.filter(~frame["file_hash"].is_in(list(again)))
        if frame.height:
            # not register: a view that is dropped in a transaction holds its frame until the transaction ends
            con.from_arrow(frame.select(_columns(con, name)).to_arrow()).insert_into(f"era.{name}")


def _columns(con: duckdb.DuckDBPyConnection, table: str) -> list[str]:
    """Return the columns of a table of `era` in their order."""
    return [column[0] for column in con.execute(f'select * from era."{table}" limit 0').description or []]
