"""The journal: what people did with disputes, what each night published of them, and which files came when.

Lines of JSON in the home folder, added at the end and never rewritten. The journal is the source of truth: the
warehouse can be built again from archive and journal alone.

What is added at once stands there at once, in however many books, or not at all: it is written to `.pending` first,
and whoever comes next finishes what a crash has cut short.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
from typing import TYPE_CHECKING, Any

from warehouse.durable import make_folder, sync_folder, write_whole

try:
    import fcntl
except ImportError:  # pragma: no cover  (where there is none, one writer at a time is the operator's duty)
    fcntl = None  # type: ignore[assignment]

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

Entry = dict[str, Any]
"""One line: JSON values; dates as ISO text, dollars as text."""

BOOKS = ("event", "published", "refused_edit", "letter", "rule_file")
"""event: what a person set; published: how a dispute stood when it was printed; refused_edit: what was not taken;
letter: what came from a payer by post, and that it was answered; rule_file: which files (contracts, tables …) the
decisions of a night rest on."""
ARRIVAL = "arrival"
"""One line a file that came, with what became of it: the source of era.file_seen."""
OPINION = "opinion"
"""One line a file that pyx12 has judged: the source of era.conformance and era.conformance_fault."""


class Journal:
    """The books of a home folder. `folder` None: nothing is kept (for a warehouse without a home)."""

    def __init__(self, folder: Path | None) -> None:
        self.folder = folder

    def read(self, book: str) -> list[Entry]:
        """Return the entries of a book, in the order they were written; lines that are damaged are left out."""
        return [entry for entry in self._lines(book) if entry is not None]

    def damaged(self, book: str) -> list[int]:
        """Return the line numbers that cannot be read: damaged by the disk, or changed by hand."""
        return [number for number, entry in enumerate(self._lines(book), start=1) if entry is None]

    def add(self, book: str, entries: Sequence[Entry]) -> list[Entry]:
        """Write entries at the end, on disk before this returns; return them with their number and id.

        `number` counts through the book; `id` is made from the content, the number included.
        """
        return self.add_all({book: entries})[book]

    def add_all(self, batch: Mapping[str, Sequence[Entry]]) -> dict[str, list[Entry]]:
        """Add to several books at once: a crash leaves all of it or nothing."""
        if self.folder is None or not any(batch.values()):
            return {book: number_from(entries, 1) for book, entries in batch.items()}
        with self._held(self.folder) as folder:
            numbered = {
                book: number_from(entries, 1 + _last(_read(folder, book))) for book, entries in batch.items()
            }
            _append(folder, numbered)
        return numbered

    def restore(self, book: str, entries: Iterable[Entry]) -> None:
        """Write back entries that the warehouse still has and the file has lost; they keep number and id."""
        missing = list(entries)
        if self.folder is not None and missing:
            with self._held(self.folder) as folder:
                _append(folder, {book: missing})

    def _lines(self, book: str) -> list[Entry | None]:
        if self.folder is None or not self.folder.is_dir():
            return []
        try:
            with self._held(self.folder) as folder:
                return _read(folder, book)
        except OSError as error:
            if error.errno not in {errno.EROFS, errno.EACCES} or (self.folder / ".pending").exists():
                raise
            return _read(self.folder, book)  # a copy that nobody may write: there is nothing to wait for

    @staticmethod
    @contextlib.contextmanager
    def _held(folder: Path) -> Iterator[Path]:
        """Keep others out, and finish what one of them was killed over."""
        make_folder(folder)
        with (folder / ".lock").open("a") as lock:
            if fcntl is not None:
                fcntl.flock(lock, fcntl.LOCK_EX)
            _finish(folder)
            yield folder


def _read(folder: Path, book: str) -> list[Entry | None]:
    path = _path(folder, book)
    if not path.exists():
        return []
    text = path.read_text(encoding="utf-8", errors="replace").removesuffix("\n")
    # not splitlines: it would part a note at separators that JSON leaves as they are
    return [_entry(line) for line in text.split("\n")] if text else []


def _last(entries: Iterable[Entry | None]) -> int:
    return max((entry["number"] for entry in entries if entry is not None), default=0)


def _path(folder: Path, book: str) -> Path:
    return folder / f"{book}.jsonl"


def _append(folder: Path, batch: Mapping[str, Sequence[Entry]]) -> None:
    """Add to the books by way of `.pending`, which says where each of them ended before."""
    sizes = {book: _size(_path(folder, book)) for book, entries in batch.items() if entries}
    texts = {book: b"".join(_line(entry) for entry in batch[book]).decode() for book in sizes}
    plan = {book: {"size": size, "text": texts[book]} for book, size in sizes.items()}
    try:
        write_whole(folder / ".pending", json.dumps(plan, ensure_ascii=False).encode())
        _finish(folder)
    except OSError:
        _take_back(folder, sizes)
        raise


def _take_back(folder: Path, sizes: Mapping[str, int]) -> None:
    """Add nothing where not all of it can be added; where that fails too, whoever comes next finishes it."""
    with contextlib.suppress(OSError):
        for book, size in sizes.items():
            if _size(_path(folder, book)) > size:
                os.truncate(_path(folder, book), size)
        (folder / ".pending").unlink(missing_ok=True)


def _finish(folder: Path) -> None:
    """Write what is pending behind where its books ended; a second time changes nothing."""
    pending = folder / ".pending"
    if not pending.exists():
        return
    for book, news in json.loads(pending.read_bytes()).items():
        descriptor = os.open(_path(folder, book), os.O_RDWR | os.O_CREAT, 0o600)
        with os.fdopen(descriptor, "rb+") as out:
            out.truncate(news["size"])
            out.seek(max(news["size"] - 1, 0))
            # a last line that has lost its end stays as it is; what follows begins on a line of its own
            cut_short = news["size"] > 0 and out.read(1) != b"\n"
            out.seek(news["size"])
            out.write(b"\n" * cut_short + news["text"].encode())
            out.flush()
            os.fsync(out.fileno())
    sync_folder(folder)
    pending.unlink()


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def number_from(entries: Sequence[Entry], first: int) -> list[Entry]:
    """Give each entry its number and its id."""
    numbered = [{"number": number, **entry} for number, entry in enumerate(entries, start=first)]
    return [{"id": hashlib.sha256(_line(entry)).hexdigest()[:16], **entry} for entry in numbered]


def _line(entry: Entry) -> bytes:
    return json.dumps(entry, ensure_ascii=False, separators=(", ", ": ")).encode() + b"\n"


def _entry(line: str) -> Entry | None:
    try:
        found = json.loads(line)
    except ValueError:
        return None
    whole = (
        isinstance(found, dict) and isinstance(found.get("id"), str) and isinstance(found.get("number"), int)
    )
    return found if whole else None
