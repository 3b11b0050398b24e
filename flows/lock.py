"""One writer at a time in a home folder: a lock of the system's, and a file that names who holds it.

The system lets go of a lock whose process has died. Where machines share the folder it may not carry the lock
between them, so whoever holds it also keeps the file fresh: a holder on another machine lives as long as it does that.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import errno
import os
import socket
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import BaseModel, ValidationError

from flows.home import HomeError

try:
    import fcntl
except ImportError:  # pragma: no cover  (without it, what the file says decides alone)
    fcntl = None  # type: ignore[assignment]

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from flows.home import Home

LOCK = ".lock"
BEAT_SECONDS = 20.0
SILENT_SECONDS = 180.0
"""A holder elsewhere that has not touched the file for so long is dead."""
LOOK_SECONDS = 1.0
"""Somebody who only looks who holds the lock is gone by then."""
NAMELESS = "a run that does not say its name is at work, or a backup holds the lock"
_NO_LOCKS_HERE = {errno.ENOLCK, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EINVAL}
_held: dict[Path, int] = {}


class LockedError(HomeError):
    """Another run is at work in the home folder."""


class Holder(BaseModel):
    """Who holds the lock, as the file says it."""

    host: str
    pid: int
    started: dt.datetime
    what: str
    command: str

    @classmethod
    def me(cls, what: str) -> Holder:
        command = " ".join([Path(sys.argv[0]).name, *sys.argv[1:2]])
        now = dt.datetime.now(dt.UTC).replace(microsecond=0)
        return cls(host=socket.gethostname(), pid=os.getpid(), started=now, what=what, command=command)

    def __str__(self) -> str:
        since = self.started.astimezone().strftime("%Y-%m-%d %H:%M")
        return f"{self.what} has been running since {since} by process {self.pid} on {self.host} ({self.command})"


def _tell(text: str) -> None:
    sys.stderr.write(f"shortpay: {text}\n")


@contextlib.contextmanager
def hold(
    home: Home, what: str, patience: float = 0, *, lock_name: str = LOCK, say: Callable[[str], object] = _tell
) -> Iterator[Holder | None]:
    """Hold the home's lock; give the holder that died with it, if one did. Held by this process already: nothing more.

    `what`: as a refusal names it ("a night"). `patience`: seconds to wait for another holder. `lock_name`: the
    file, where it is not the home's own lock. Raises LockedError.
    """
    path = (home.path / lock_name).resolve()
    if path in _held:
        yield None
        return
    lock, died = _wait_for(path, max(patience, LOOK_SECONDS))
    _held[path] = lock
    try:
        if died is not None:
            say(f"taken over from a run that died: {died}")
        _write(lock, Holder.me(what).model_dump_json())
        with _beating(lock):
            yield died
    finally:
        if _held.pop(path, None) is not None:  # not in a process forked from the holder
            with contextlib.suppress(OSError):
                os.ftruncate(lock, 0)
            os.close(lock)


def holder_of(home: Home) -> tuple[Holder | None, bool]:
    """Return whom the lock file names (None: nobody, or it does not say), and whether the lock is held by the living."""
    path = (home.path / LOCK).resolve()
    if path in _held:
        return _read(path), True
    if not path.exists():
        return None, False
    lock, named = _try(path)
    if lock is not None:
        os.close(lock)
    return named, lock is None


def _wait_for(path: Path, patience: float) -> tuple[int, Holder | None]:
    """Return the locked file and the dead holder it names. Raises LockedError."""
    until = time.monotonic() + patience
    while True:
        lock, named = _try(path)
        if lock is not None:
            return lock, named
        if time.monotonic() >= until:
            raise LockedError(f"{named or NAMELESS}; wait until it is done. Nothing was changed")
        time.sleep(0.2 if until - time.monotonic() < 5 else 5)


def _try(path: Path) -> tuple[int | None, Holder | None]:
    """Return the file, locked, or None where somebody holds it; and whom it names."""
    try:
        lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise HomeError(f"{path} cannot be written: {error.strerror}") from error
    try:
        alone = _locked(lock)
        named = _read(path)
        if alone is False or (named is not None and _lives_elsewhere(path, named, sure=alone is True)):
            os.close(lock)
            return None, named
    except BaseException:
        os.close(lock)
        raise
    return lock, named


def _locked(lock: int) -> bool | None:
    """Whether the system gave the lock; None where there are no locks on this file system."""
    if fcntl is None:
        return None
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in _NO_LOCKS_HERE:
            return None
        if error.errno in {errno.EWOULDBLOCK, errno.EACCES}:
            return False
        raise
    return True


def _lives_elsewhere(path: Path, named: Holder, *, sure: bool) -> bool:
    """Whether the holder keeps the file fresh although the system's lock is ours to have."""
    if sure and named.host == socket.gethostname():
        return False
    with tempfile.TemporaryFile(dir=path.parent) as probe:  # the folder's own clock, not this machine's
        now = os.fstat(probe.fileno()).st_mtime
    return abs(now - path.stat().st_mtime) < SILENT_SECONDS


def _read(path: Path) -> Holder | None:
    try:
        return Holder.model_validate_json(path.read_bytes())
    except (OSError, ValidationError):
        return None


def _write(lock: int, text: str) -> None:
    os.ftruncate(lock, 0)
    os.pwrite(lock, text.encode(), 0)
    os.fsync(lock)


@contextlib.contextmanager
def _beating(lock: int) -> Iterator[None]:
    """Touch the file now and then while the holder is at work."""
    done = threading.Event()

    def beat() -> None:
        while not done.wait(BEAT_SECONDS):
            with contextlib.suppress(OSError):
                os.utime(lock)

    thread = threading.Thread(target=beat, name="lock", daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def _let_go_in_child() -> None:
    """A process forked from the holder holds nothing: it would keep the lock after the holder's death."""
    for lock in _held.values():
        os.close(lock)
    _held.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_let_go_in_child)
