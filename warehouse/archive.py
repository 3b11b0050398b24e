"""The archive (every file as received, by its hash) and the quarantine (what could not be read, with the reason)."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import re
import zlib
from pathlib import Path
from typing import TYPE_CHECKING

from warehouse.sealing import SUFFIX, SealError, seal, unseal

if TYPE_CHECKING:
    import datetime as dt

    from era_parser import Refusal, Source


class ArchiveError(Exception):
    """An archived file is missing or is not what its name says."""


def archive_path(archive: Path, file_hash: str) -> Path:
    """Where the bytes with this hash are kept, compressed, and sealed where the folder is (see `sealing`)."""
    return archive / file_hash[:2] / f"{file_hash}.gz"


def keep(archive: Path, source: Source) -> Path:
    """Put a file into the archive, whole or not at all; one that is there already stays as it is."""
    path = archive_path(archive, source.file_hash)
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, seal(archive, gzip.compress(source.data, mtime=0)))
    return path


def bring_back(archive: Path, file_hash: str) -> bytes:
    """Return the bytes as they came. Raises ArchiveError where they are missing or damaged."""
    path = archive_path(archive, file_hash)
    try:
        data = gzip.decompress(unseal(path.read_bytes()))
    except SealError as error:
        raise ArchiveError(f"{path}: {error}") from error
    except (OSError, EOFError, zlib.error) as error:
        raise ArchiveError(f"{path}: cannot be read ({error}); restore it from a backup") from error
    if hashlib.sha256(data).hexdigest() != file_hash:
        raise ArchiveError(
            f"{path}: its content does not have the hash of its name; restore it from a backup"
        )
    return data


def quarantine(folder: Path, source: Source, refusal: Refusal, seen: dt.date) -> Path:
    """Put a refused file beside a .json that says why and what to do."""
    return set_aside(folder, source, seen, refusal.code.value, refusal.message, refusal.byte_offset)


def set_aside(
    folder: Path, source: Source, seen: dt.date, code: str, message: str, byte_offset: int | None = None
) -> Path:
    """Put a file that is not taken in beside a .json that says why and what to do."""
    folder.mkdir(parents=True, exist_ok=True)
    safe = re.sub(r"[^A-Za-z0-9._-]", "_", source.name)[-80:]
    path = folder / f"{source.file_hash[:12]}-{safe}"
    sealed = seal(folder, source.data)
    write_whole(path if sealed is source.data else path.with_name(path.name + SUFFIX), sealed)
    reason = {
        "file": source.name,
        "sha256": source.file_hash,
        "seen": seen.isoformat(),
        "code": code,
        "byte_offset": byte_offset,
        "message": message,
    }
    write_whole(path.with_name(path.name + ".json"), json.dumps(reason, indent=2).encode() + b"\n")
    return path


def write_whole(path: Path, data: bytes) -> None:
    """Write a file so that a reader sees all of it or the one before."""
    partial = path.with_name(f".{path.name}.partial")
    with partial.open("wb") as out:
        out.write(data)
        out.flush()
        os.fsync(out.fileno())
    Path(partial).replace(path)
