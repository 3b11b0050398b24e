"""Files that are whole or not there: written beside, put on the disk, then put in place; and leftovers of a crash."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

PARTIAL = ".partial"


def write_whole(path: Path, data: bytes) -> None:
    """Write a file so that a reader sees all of it or the one before, after a loss of power too."""
    partial = partial_of(path)
    with partial.open("wb") as out:
        out.write(data)
        out.flush()
        os.fsync(out.fileno())
    put_in_place(partial, path)


def partial_of(path: Path) -> Path:
    """Where a file is written until it is whole; `remove_partials` finds what a crash left of it."""
    return path.with_name(f".{path.name}{PARTIAL}")


def put_in_place(partial: Path, path: Path) -> None:
    """Give a file that is on the disk its name, for good."""
    partial.replace(path)
    sync_folder(path.parent)


def make_folder(folder: Path) -> None:
    """Make a folder, and the ones above it, that a loss of power does not take back."""
    if not folder.is_dir():
        make_folder(folder.parent)
        folder.mkdir(mode=0o700, exist_ok=True)
        sync_folder(folder.parent)


def sync(path: Path) -> None:
    """Put a file that another library has written on the disk."""
    with path.open("rb") as written:
        os.fsync(written.fileno())


def sync_folder(folder: Path) -> None:
    """Put the names in a folder on the disk; where folders cannot be opened (Windows), the system sees to it."""
    if os.name == "nt":  # pragma: no cover
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def remove_partials(folder: Path) -> None:
    """Remove what writes that a crash cut short have left in a folder."""
    for path in folder.glob(f".*{PARTIAL}"):
        path.unlink(missing_ok=True)


def database_files(path: Path) -> list[Path]:
    """Return a DuckDB file and what stands beside it: write-ahead logs and the folder for what memory cannot hold."""
    beside = (".wal", ".wal.checkpoint", ".wal.recovery", ".tmp")
    return [path, *(path.with_name(path.name + end) for end in beside)]


def remove_database(path: Path) -> None:
    """Remove a DuckDB file with all that stands beside it; a log without its file would spoil the next one."""
    for own in reversed(database_files(path)):
        if own.is_dir():
            shutil.rmtree(own)
        else:
            own.unlink(missing_ok=True)
