"""From inbox to `era`: files are archived, parsed, loaded, quarantined, and then leave the inbox."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

from era_parser import parse, parse_chunks
from flows.inbox import Waiting, remittances, taken
from flows.misplaced import said_better
from warehouse.archive import ChangedWhileReadError, keep, keep_file, quarantine
from warehouse.arrivals import BATCH_BYTES, LARGE_BYTES
from warehouse.database import open_warehouse
from warehouse.journal import Journal
from warehouse.load import arrival, known_hashes, load, load_parts, note

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator

    import duckdb

    from era_parser import Remittances, Source
    from flows.home import Home

__all__ = ["archive", "read_in", "remittances"]


def archive(home: Home, files: list[Waiting]) -> None:
    """Keep the bytes of every file before anything else is done with it."""
    for file in files:
        try:
            if _is_large(file):
                keep_file(home.folder("archive"), file.path)
            else:
                keep(home.folder("archive"), file.read())
        except (ChangedWhileReadError, FileNotFoundError):
            continue  # it waits for the next night, or is not ours any more


def read_in(home: Home, files: list[Waiting], seen: dt.date) -> Counter[str]:
    """Parse and load in batches; quarantine what is refused; a file leaves the inbox once it is safe.

    Return arrivals by outcome: loaded, duplicate, refused; `stuck`: files that are safe and cannot be removed.
    """
    journal = Journal(home.folder("journal"))
    counts: Counter[str] = Counter()
    known = taken(journal)
    counts["stuck"] += _clear([file for file in files if file.ticket in known])
    with open_warehouse(home.warehouse) as con:
        desk = _Desk(home, con, journal, seen)
        for batch in batches([file for file in files if file.ticket not in known]):
            counts += desk.take_large(batch[0]) if _is_large(batch[0]) else desk.take(batch)
    return +counts


class _Desk:
    """Where files are taken in: a home, its open warehouse and journal, the day."""

    def __init__(self, home: Home, con: duckdb.DuckDBPyConnection, journal: Journal, seen: dt.date) -> None:
        self.con, self.journal, self.seen = con, journal, seen
        self.archive, self.quarantine = home.folder("archive"), home.folder("quarantine")

    def take(self, files: list[Waiting]) -> Counter[str]:
        """Take in a batch of files in one transaction; one that is written to meanwhile waits."""
        read = _read(files)
        sources = list(read.values())
        for source in sources:
            keep(self.archive, source)
        own = {source.file_hash: source for source in sources}
        parsed = parse(sources)
        refusals = [said_better(refusal, own[refusal.file_hash].data) for refusal in parsed.refusals]
        for refusal in refusals:
            quarantine(self.quarantine, own[refusal.file_hash], refusal, self.seen)
        tickets = [file.ticket for file in read]
        counts = Counter(
            load(self.con, sources, replace(parsed, refusals=refusals), self.seen, self.journal, tickets)
        )
        counts["stuck"] += _clear(list(read))
        return counts

    def take_large(self, file: Waiting) -> Counter[str]:
        """Take in a large file part by part, in one transaction."""
        try:
            file_hash = keep_file(self.archive, file.path)
            entry = arrival(file.name, file_hash, self.seen, None, known_hashes(self.con), file.ticket)
            if entry["outcome"] == "loaded":
                refusal = load_parts(self.con, _parts(file), entry, self.journal)
                if refusal is not None:
                    quarantine(self.quarantine, file.path, refusal, self.seen)
                    entry = arrival(file.name, file_hash, self.seen, refusal, (), file.ticket)
                    note(self.con, [entry], self.journal)
            else:
                file.check()
                note(self.con, [entry], self.journal)
        except (ChangedWhileReadError, FileNotFoundError):
            return Counter()
        return Counter({entry["outcome"]: 1, "stuck": _clear([file])})


def _is_large(file: Waiting) -> bool:
    """Whether a file is read in parts; the parser takes their name from the path, so it must be text."""
    return file.state[0] > LARGE_BYTES and file.name == file.path.name


def _read(files: list[Waiting]) -> dict[Waiting, Source]:
    read = {}
    for file in files:
        try:
            read[file] = file.read()
        except ChangedWhileReadError:
            continue  # it waits for the next night
    return read


def _parts(file: Waiting) -> Iterator[Remittances]:
    """Read a file part by part. Raises ChangedWhileReadError at the end where it is not the same any more."""
    yield from parse_chunks([file.path], LARGE_BYTES)
    file.check()


def _clear(files: list[Waiting]) -> int:
    """Take files out of the inbox; return how many the system will not let go."""
    return sum(not file.clear() for file in files)


def batches(files: list[Waiting], size: int = BATCH_BYTES) -> Iterator[list[Waiting]]:
    """Return the files in their order, as many at a time as stay under `size` bytes together; large ones alone."""
    batch: list[Waiting] = []
    filled = 0
    for file in files:
        weight = file.state[0]
        if batch and (filled + weight > size or _is_large(file) or _is_large(batch[-1])):
            yield batch
            batch, filled = [], 0
        batch.append(file)
        filled += weight
    if batch:
        yield batch
