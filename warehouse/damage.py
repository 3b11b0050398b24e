"""Database files that cannot be used: which, why, and what to do."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import duckdb

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_DAMAGE = (
    "Corrupt",  # a block does not have its checksum
    "corrupt",
    "not a valid DuckDB database file",
    "Could not read enough bytes",
    "Failure while replaying WAL",
    "WAL",
)


class DamagedError(Exception):
    """A database file is damaged or missing; the message says which and what to do."""


def is_damage(error: BaseException) -> bool:
    """Whether an error of DuckDB says that a file is not as it was written."""
    return (
        isinstance(error, duckdb.SerializationException | duckdb.InternalException)
        or (isinstance(error, duckdb.Error) and any(sign in str(error) for sign in _DAMAGE))
    ) and "No space left" not in str(error)


def is_locked(error: BaseException) -> bool:
    """Whether an error of DuckDB says that another program has the file open."""
    return isinstance(error, duckdb.IOException) and "Could not set lock" in str(error)


def rebuild_it(path: Path, why: str = "is damaged") -> DamagedError:
    """What to say of a warehouse that cannot be used."""
    home = path.parent
    return DamagedError(
        f"{path} {why}. Nothing is lost: make it anew from archive and journal with: shortpay rebuild --home {home}"
    )


@contextlib.contextmanager
def guarded(path: Path, advice: str = "") -> Iterator[None]:
    """Turn what DuckDB says of a damaged file into what a person can act on. Raises DamagedError."""
    try:
        yield
    except duckdb.Error as error:
        if not is_damage(error):
            raise
        raise (DamagedError(f"{path} is damaged. {advice}") if advice else rebuild_it(path)) from error
