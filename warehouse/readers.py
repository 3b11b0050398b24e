"""Readers of a published database, and the instant in which it is replaced.

DuckDB opens a file three times by its name: for its first bytes, for its headers, and to stay. Who is between the
second and the third when another file takes the name reads the headers of one with the blocks of the other: it never
gets wrong rows, but an error. That takes some ten microseconds, more on a busy machine. So a file is replaced in
an instant in which nobody has just looked at it, as far as the system can tell (Linux's inotify; elsewhere at once).
"""

from __future__ import annotations

import ctypes
import os
import select
import sys
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

QUIET_SECONDS = 0.25
PATIENCE_SECONDS = 10.0
"""The quiet that is waited for grows shorter and is nothing after so long: nobody can keep a night from publishing."""
_CLOSED = 0x08 | 0x10  # IN_CLOSE_WRITE, IN_CLOSE_NOWRITE


def wait_for_quiet(path: Path) -> None:
    """Wait until nobody has closed the file for a while, as DuckDB does just before it opens it to stay."""
    watch = _watch(path) if sys.platform == "linux" and path.exists() else -1
    if watch < 0:
        return
    try:
        began = time.monotonic()
        while (left := 1 - (time.monotonic() - began) / PATIENCE_SECONDS) > 0:
            heard, _, _ = select.select([watch], [], [], QUIET_SECONDS * left)
            if not heard:
                return
            os.read(watch, 65_536)
    finally:
        os.close(watch)


def _watch(path: Path) -> int:
    """Return a descriptor that tells when the file is closed; -1 where there is none to be had."""
    try:
        system = ctypes.CDLL(None)
        watch: int = system.inotify_init1(os.O_CLOEXEC | os.O_NONBLOCK)
        if watch >= 0 and system.inotify_add_watch(watch, os.fsencode(path), _CLOSED) < 0:
            os.close(watch)
            return -1
    except (OSError, AttributeError):
        return -1
    return watch
