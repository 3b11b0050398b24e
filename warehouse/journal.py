"""The journal: what people did with disputes, and what each night published of them.

Lines of JSON in the home folder, added at the end and never rewritten. The journal is the source of truth: the
warehouse can be built again from archive and journal alone.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from typing import TYPE_CHECKING, Any

try:
    import fcntl
except ImportError:  # pragma: no cover  (where there is none, one writer at a time is the operator's duty)
    fcntl = None  # type: ignore[assignment]

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

Entry = dict[str, Any]
"""One line: JSON values; dates as ISO text, dollars as text."""

BOOKS = ("event", "published", "refused_edit", "letter", "rule_file")
"""event: what a person set; published: how a dispute stood when it was printed; refused_edit: what was not taken;
letter: what came from a payer by post, and that it was answered; rule_file: which files (contracts, tables …) the
decisions of a night rest on."""


class Journal:
    """The books of a home folder. `folder` None: nothing is kept (for a warehouse without a home)."""

    def __init__(self, folder: Path | None) -> None:
        self.folder = folder

    def read(self, book: str) -> list[Entry]:
        """Return the entries of a book, in the order they were written; lines that are damaged are left out."""
        return [entry for entry in self._lines(book) if entry is not None]

    def damaged(self, book: str) -> list[int]:
        """Return the line numbers that cannot be read: cut short by a crash, or changed by hand."""
        return [number for number, entry in enumerate(self._lines(book), start=1) if entry is None]

    def add(self, book: str, entries: Sequence[Entry]) -> list[Entry]:
        """Write entries at the end, on disk before this returns; return them with their number and id.

        `number` counts through the book; `id` is made from the content, the number included.
        """
        if self.folder is None or not entries:
            return number_from(entries, 1)
        with self._held(book) as path:
            numbered = number_from(
                entries, 1 + max((entry["number"] for entry in self.read(book)), default=0)
            )
            self._write(path, numbered)
        return numbered

    def restore(self, book: str, entries: Iterable[Entry]) -> None:
        """Write back entries that the warehouse still has and the file has lost; they keep number and id."""
        missing = list(entries)
        if self.folder is not None and missing:
            with self._held(book) as path:
                self._write(path, missing)

    def _path(self, book: str) -> Path | None:
        return None if self.folder is None else self.folder / f"{book}.jsonl"

    def _lines(self, book: str) -> Iterator[Entry | None]:
        path = self._path(book)
        if path is None or not path.exists():
            return
        # not splitlines: it would part a note at separators that JSON leaves as they are
        for line in path.read_text(encoding="utf-8", errors="replace").removesuffix("\n").split("\n"):
            yield _entry(line)

    @contextlib.contextmanager
    def _held(self, book: str) -> Iterator[Path]:
        path = self._path(book)
        assert path is not None  # noqa: S101  (callers have looked)
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with path.with_name(f".{book}.lock").open("a") as lock:
            if fcntl is not None:
                fcntl.flock(lock, fcntl.LOCK_EX)
            yield path

    @staticmethod
    def _write(path: Path, entries: Sequence[Entry]) -> None:
        descriptor = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
        with os.fdopen(descriptor, "rb+") as book:
            # a line that a crash cut short stays as it is; what follows begins on a line of its own
            size = book.seek(0, os.SEEK_END)
            book.seek(max(size - 1, 0))
            cut_short = size > 0 and book.read(1) != b"\n"
            book.write(b"\n" * cut_short + b"".join(_line(entry) for entry in entries))
            book.flush()
            os.fsync(book.fileno())


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
