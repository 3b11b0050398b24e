"""The files of one night's publication: all written beside, then given their names together.

What is written beside is named in `.edition` once all of it is on the disk. From then on the edition is to be
published, whatever happens: who finds the list after a crash gives the files their names (`finish`).
"""

from __future__ import annotations

import contextlib
import json
import os
from typing import TYPE_CHECKING

from warehouse.durable import remove_database, remove_partials, sync_folder, write_whole
from warehouse.readers import wait_for_quiet
from warehouse.sealing import SUFFIX, recipients_of, seal, seal_file

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_NEXT = ".next"
_LIST = ".edition"


@contextlib.contextmanager
def edition(folder: Path) -> Iterator[Edition]:
    """Make an edition of `folder`: all that is written in the body is published at its end, or none of it."""
    finish(folder)
    made = Edition(folder)
    try:
        yield made
        write_whole(folder / _LIST, json.dumps(made.names).encode())
        _rename(folder)
    except BaseException:
        with contextlib.suppress(OSError):
            finish(folder)
        raise


class Edition:
    """An edition in the making."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.names: list[str] = []

    def beside(self, name: str) -> Path:
        """Where a file of the edition is to be written; the caller puts it on the disk (`sync`)."""
        self.names.append(name)
        return _beside(self.folder, name)

    def write(self, name: str, data: bytes) -> None:
        """Write a file of the edition, sealed where the folder is. Raises SealError."""
        written = seal(self.folder, data)
        with self.beside(name if written is data else name + SUFFIX).open("wb") as out:
            out.write(written)
            out.flush()
            os.fsync(out.fileno())

    def seal(self, name: str) -> None:
        """Seal a file that stands beside in the clear, where the folder is sealed. Raises SealError."""
        recipients = recipients_of(self.folder)
        if recipients:
            clear = _beside(self.folder, name)
            seal_file(clear, _beside(self.folder, name + SUFFIX), recipients)
            clear.unlink()
            self.names[self.names.index(name)] = name + SUFFIX


def finish(folder: Path) -> None:
    """Publish an edition that a crash has cut short, or remove what there is of it where it was not whole."""
    if not folder.is_dir():
        return
    if (folder / _LIST).exists():
        _rename(folder)
    for path in folder.glob(f".*{_NEXT}*"):
        remove_database(path)
    remove_partials(folder)


def _rename(folder: Path) -> None:
    names = json.loads((folder / _LIST).read_bytes())
    # the database first, for it waits: the others follow at once
    for name in sorted(names, key=lambda name: not name.endswith(".duckdb")):
        if _beside(folder, name).exists():
            # the log of somebody who opened the last edition for writing does not belong to this one
            (folder / f"{name}.wal").unlink(missing_ok=True)
            if name.endswith(".duckdb"):
                wait_for_quiet(folder / name)
            _beside(folder, name).replace(folder / name)
            _other_form(folder / name).unlink(missing_ok=True)
    sync_folder(folder)
    (folder / _LIST).unlink()


def _other_form(path: Path) -> Path:
    """The same file sealed, or in the clear: one of the two is published."""
    sealed = path.name.endswith(SUFFIX)
    return path.with_name(path.name.removesuffix(SUFFIX) if sealed else path.name + SUFFIX)


def _beside(folder: Path, name: str) -> Path:
    return folder / f".{name}{_NEXT}"
