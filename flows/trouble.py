"""What the system says when it cannot write, read or open, in words that a person can act on. No file of the inbox is named."""

from __future__ import annotations

import errno
import re
from pathlib import Path

import duckdb

from warehouse.damage import is_damage, is_locked, rebuild_it

_REASONS = {
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "the disk quota is used up",
    errno.EFBIG: "a file may not grow any further (limit of the process)",
    errno.EROFS: "the file system is read-only",
    errno.EACCES: "this user may not write there",
    errno.EPERM: "this user may not write there",
    errno.EIO: "the disk reports an error",
}
_TEXTS = {
    "No space left": errno.ENOSPC,
    "Disk quota": errno.EDQUOT,
    "File too large": errno.EFBIG,
    "Read-only file system": errno.EROFS,
    "Permission denied": errno.EACCES,
    "Operation not permitted": errno.EPERM,
    "Input/output error": errno.EIO,
}
AGAIN = "What was done so far is kept; mend it and run again: shortpay run"


def in_plain_words(error: BaseException, home: Path | None = None) -> str | None:
    """Return what has happened and what to do; None for what is no trouble of the surroundings."""
    if isinstance(error, duckdb.Error):
        return _of_database(error, home or Path())
    if isinstance(error, OSError) and error.errno in _REASONS:
        return f"{_place(error, home)}{_REASONS[error.errno]}. {AGAIN}"
    return None


def _of_database(error: duckdb.Error, home: Path) -> str | None:
    text = str(error)
    if is_locked(error):
        who = re.search(r"\(PID \d+\)", text)
        return (
            f"warehouse.duckdb is open in another program {who[0] if who else ''}: a run that is at work, or somebody who"
            " reads it; analysts open published/shortpay.duckdb instead. Close it there and run again"
        )
    for sign, number in _TEXTS.items():
        if sign in text:
            return f"warehouse.duckdb: {_REASONS[number]}. {AGAIN}"
    return str(rebuild_it(home / "warehouse.duckdb")) if is_damage(error) else None


def _place(error: OSError, home: Path | None) -> str:
    """Name the folder of the home that is concerned, and no more than that."""
    if home is None or not isinstance(error.filename, str):
        return ""
    path = Path(error.filename)
    folder = path.relative_to(home.resolve()).parts[:1] if path.is_relative_to(home.resolve()) else ()
    return f"{'/'.join(folder)}: " if folder else ""
