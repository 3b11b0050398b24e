"""From inbox to `era`: which files are complete, archived, parsed, loaded, quarantined."""

from __future__ import annotations

import time
from collections import Counter
from typing import TYPE_CHECKING

from era_parser import Source, parse
from warehouse.archive import keep, quarantine
from warehouse.database import open_warehouse
from warehouse.load import load

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator
    from pathlib import Path

    from flows.home import Home

_SETTLE_SECONDS = 0.3
_BATCH_BYTES = 48_000_000
_UNFINISHED = (".part", ".partial", ".tmp", ".filepart", ".crdownload")


def discover(inbox: Path) -> list[Path]:
    """Return complete files of the inbox in order of name; one that grows while we look waits for the next night."""
    before = _sizes(inbox)
    time.sleep(_SETTLE_SECONDS if before else 0)
    after = _sizes(inbox)
    return sorted(path for path, size in before.items() if after.get(path) == size)


def waiting(inbox: Path) -> list[Path]:
    """Return the files of the inbox, complete or not, in order of name."""
    return sorted(_sizes(inbox))


def _state(path: Path) -> tuple[int, int]:
    stat = path.stat()
    return stat.st_size, stat.st_mtime_ns


def _clear(path: Path, state: tuple[int, int]) -> None:
    """Take a file out of the inbox, unless another one of its name has been put there since it was read."""
    if path.exists() and _state(path) == state:
        path.unlink(missing_ok=True)


def _sizes(inbox: Path) -> dict[Path, tuple[int, int]]:
    found = {}
    for path in inbox.rglob("*"):
        hidden = path.name.startswith((".", "~$")) or path.suffix.lower() in _UNFINISHED
        if path.is_file() and not path.is_symlink() and not hidden:
            found[path] = _state(path)
    return found


def archive(home: Home, paths: list[Path]) -> None:
    """Keep the bytes of every file before anything else is done with it."""
    for path in paths:
        keep(home.folder("archive"), Source.from_path(path))


def read_in(home: Home, paths: list[Path], seen: dt.date) -> Counter[str]:
    """Parse and load in batches; quarantine what is refused; a file leaves the inbox once it is safe.

    Return arrivals by outcome: loaded, duplicate, refused.
    """
    counts: Counter[str] = Counter()
    con = open_warehouse(home.warehouse)
    try:
        for batch in batches(paths):
            before = [_state(path) for path in batch]
            sources = [Source.from_path(path) for path in batch]
            for source in sources:
                keep(home.folder("archive"), source)
            remittances = parse(sources)
            refusals = {refusal.file_hash: refusal for refusal in remittances.refusals}
            for source in sources:
                if source.file_hash in refusals:
                    quarantine(home.folder("quarantine"), source, refusals[source.file_hash], seen)
            counts.update(load(con, sources, remittances, seen))
            for path, state in zip(batch, before, strict=True):
                _clear(path, state)
    finally:
        con.close()
    return counts


def batches(paths: list[Path], size: int = _BATCH_BYTES) -> Iterator[list[Path]]:
    """Return the files in their order, as many at a time as stay under `size` bytes together."""
    batch: list[Path] = []
    filled = 0
    for path in paths:
        weight = path.stat().st_size
        if batch and filled + weight > size:
            yield batch
            batch, filled = [], 0
        batch.append(path)
        filled += weight
    if batch:
        yield batch
