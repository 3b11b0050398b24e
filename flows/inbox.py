"""The inbox: which files are complete, and taking them out once they are safe.

A file that waits there is told from another one of the same bytes by its `ticket`: folder, name, size, times and
number of the file as the system keeps them. Tickets of what has been taken in stand in the journal. So a file that
a night had loaded when it died, before it could remove it, is removed by the next one and not counted twice.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path

from era_parser import Source
from warehouse.archive import ChangedWhileReadError
from warehouse.journal import ARRIVAL, Journal

try:
    import fcntl
except ImportError:  # pragma: no cover
    fcntl = None  # type: ignore[assignment]

_SETTLE_SECONDS = 0.3
_F_SETSIG = 10  # Linux's number; Python does not name it
WORKBOOKS = (".xlsx", ".xlsm")
_UNFINISHED = (".part", ".partial", ".tmp", ".filepart", ".crdownload")
State = tuple[int, int, int, int]
"""Size, time written, time changed, number of the file."""


@dataclass(frozen=True)
class Waiting:
    """A file of the inbox as it was found."""

    path: Path
    state: State
    ticket: str

    @classmethod
    def found(cls, path: Path, state: State, inbox: Path) -> Waiting:
        """Give a file of the inbox its ticket."""
        told = "|".join([os.fspath(path.relative_to(inbox)), *map(str, state)])
        return cls(path, state, hashlib.sha256(os.fsencode(told)).hexdigest()[:16])

    @property
    def name(self) -> str:
        """What people call it; a name that is no text is shown as far as it is."""
        return os.fsencode(self.path.name).decode("utf-8", "replace")

    @property
    def is_workbook(self) -> bool:
        return self.path.suffix.lower() in WORKBOOKS

    def read(self) -> Source:
        """Return the file's bytes. Raises ChangedWhileReadError where it was written to, or taken away, meanwhile."""
        try:
            data = self.path.read_bytes()
        except FileNotFoundError:
            raise ChangedWhileReadError(self.path.name) from None
        self.check()
        return Source(self.name, data)

    def check(self) -> None:
        """See that it is still the file that was found. Raises ChangedWhileReadError."""
        if not self.is_there():
            raise ChangedWhileReadError(self.path.name)

    def is_there(self) -> bool:
        try:
            return _state(self.path) == self.state
        except FileNotFoundError:
            return False

    def clear(self) -> bool:
        """Take it out of the inbox, unless another one has come in its place; False where that is not allowed."""
        try:
            if self.is_there():
                self.path.unlink(missing_ok=True)
        except OSError as error:
            if error.errno not in {errno.EACCES, errno.EPERM, errno.EROFS}:
                raise
            return False
        return True


def waiting(inbox: Path) -> list[Path]:
    """Return the files of the inbox, complete or not, in order of name."""
    return sorted(_sizes(inbox))


def discover(inbox: Path) -> list[Waiting]:
    """Return complete files of the inbox in order of name; one that grows, or that somebody writes to, waits.

    Each stands there as it was before it was looked at twice: one that is written to from here on is seen when it is read.
    """
    before = _sizes(inbox)
    time.sleep(_SETTLE_SECONDS if before else 0)
    after = _sizes(inbox)
    settled = sorted(path for path, state in before.items() if after.get(path) == state)
    complete = [path for path in settled if not _written(path) and not open_in_a_program(path)]
    return [Waiting.found(path, before[path], inbox) for path in complete]


def remittances(inbox: Path) -> list[Waiting]:
    """Return complete files that may be remittances: all but workbooks, whatever is in them."""
    return [file for file in discover(inbox) if not file.is_workbook]


def workbooks(inbox: Path) -> list[Waiting]:
    """Return complete workbooks."""
    return [file for file in discover(inbox) if file.is_workbook]


def taken(journal: Journal) -> set[str]:
    """Tickets of all files that have been taken in."""
    return {entry["ticket"] for entry in journal.read(ARRIVAL) if entry.get("ticket")}


def _state(path: Path) -> State:
    stat = path.stat()
    return stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_ino


def _sizes(inbox: Path) -> dict[Path, State]:
    """What is there; a hidden file, or one in a hidden folder (what somebody deleted on a share), is nobody's delivery."""
    found = {}
    for path in inbox.rglob("*"):
        parts = path.relative_to(inbox).parts
        hidden = path.suffix.lower() in _UNFINISHED or any(part.startswith((".", "~$")) for part in parts)
        with contextlib.suppress(FileNotFoundError):  # taken away while we look
            if path.is_file() and not path.is_symlink() and not hidden:
                found[path] = _state(path)
    return found


def open_in_a_program(path: Path) -> bool:
    """Whether Excel or LibreOffice has left its mark beside the file."""
    marks = (f"~${path.name}", f"~${path.name[2:]}", f".~lock.{path.name}#")
    return any(os.path.lexists(path.with_name(mark)) for mark in marks)  # a mark too long for a name is none


def _written(path: Path) -> bool:
    """Whether a program of this machine has the file open for writing; False where the system cannot say.

    Linux grants a lease for reading on a file that nobody has open for writing.
    """
    if fcntl is None or not hasattr(fcntl, "F_SETLEASE"):
        return False
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except OSError:
        return False
    try:
        fcntl.fcntl(descriptor, _F_SETSIG, signal.SIGURG)  # who opens it just now must not end this process
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_RDLCK)
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_UNLCK)
    except OSError as error:
        return error.errno == errno.EAGAIN
    finally:
        os.close(descriptor)
    return False
