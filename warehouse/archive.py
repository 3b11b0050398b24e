"""The archive (every file as received, by its hash) and the quarantine (what could not be read, with the reason)."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import os
import re
import shutil
import zlib
from typing import IO, TYPE_CHECKING

from era_parser import Source
from warehouse.durable import PARTIAL, make_folder, partial_of, put_in_place, sync, write_whole
from warehouse.sealing import SUFFIX, SealError, is_sealed, recipients_of, seal, seal_file, unseal

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator
    from pathlib import Path

    from era_parser import Refusal

_BLOCK = 4_000_000


class ArchiveError(Exception):
    """An archived file is missing or is not what its name says."""


class ChangedWhileReadError(Exception):
    """A file of the inbox was written to, or taken away, while it was read."""


def archive_path(archive: Path, file_hash: str) -> Path:
    """Where the bytes with this hash are kept, compressed, and sealed where the folder is (see `sealing`)."""
    return archive / file_hash[:2] / f"{file_hash}.gz"


def keep(archive: Path, source: Source) -> Path:
    """Put a file into the archive, whole or not at all; a copy there that has been damaged is replaced."""
    path = archive_path(archive, source.file_hash)
    if not _holds(path, source.file_hash):
        make_folder(path.parent)
        write_whole(path, seal(archive, gzip.compress(source.data, mtime=0)))
    return path


def keep_file(archive: Path, file: Path) -> str:
    """Put a file of any size into the archive, block by block; return its hash. Raises OSError."""
    with file.open("rb") as data:
        file_hash = hashlib.file_digest(data, "sha256").hexdigest()
    path = archive_path(archive, file_hash)
    if _holds(path, file_hash):
        return file_hash
    make_folder(path.parent)
    partial, digest = partial_of(path), hashlib.sha256()
    with file.open("rb") as data, partial.open("wb") as raw:
        with gzip.GzipFile(filename="", fileobj=raw, mode="wb", mtime=0) as packed:
            while block := data.read(_BLOCK):
                digest.update(block)
                packed.write(block)
        raw.flush()
        os.fsync(raw.fileno())
    if digest.hexdigest() != file_hash:
        partial.unlink()
        raise ChangedWhileReadError(file.name)
    _sealed_in_place(archive, partial, path)
    return file_hash


def _sealed_in_place(folder: Path, partial: Path, path: Path) -> None:
    """Give a file that is written beside its name, sealed where the folder is."""
    recipients = recipients_of(folder)
    if recipients:
        seal_file(partial, path, recipients)
        partial.unlink()
    else:
        put_in_place(partial, path)


def bring_back(archive: Path, file_hash: str) -> bytes:
    """Return the bytes as they came. Raises ArchiveError where they are missing or damaged."""
    return b"".join(blocks(archive, file_hash))


def bring_back_to(archive: Path, file_hash: str, file: Path) -> None:
    """Write the bytes as they came to a file of their own, block by block. Raises ArchiveError, OSError."""
    with file.open("wb") as out:
        for block in blocks(archive, file_hash):
            out.write(block)


def blocks(archive: Path, file_hash: str) -> Iterator[bytes]:
    """Give the bytes as they came, block by block. Raises ArchiveError, at their end where they are not the right ones."""
    path = archive_path(archive, file_hash)
    digest = hashlib.sha256()
    try:
        with _packed(path) as raw, gzip.open(raw) as packed:
            while block := packed.read(_BLOCK):
                digest.update(block)
                yield block
    except SealError as error:
        raise ArchiveError(f"{path}: {error}") from error
    except (OSError, EOFError, zlib.error) as error:
        raise ArchiveError(f"{path}: cannot be read ({error}); restore it from a backup") from error
    if digest.hexdigest() != file_hash:
        raise ArchiveError(
            f"{path}: its content does not have the hash of its name; restore it from a backup"
        )


def _packed(path: Path) -> IO[bytes]:
    """Open an archived file as it was compressed; of a sealed one that much is held in memory. Raises SealError."""
    with path.open("rb") as file:
        sealed = is_sealed(file.read(64))
    return io.BytesIO(unseal(path.read_bytes())) if sealed else path.open("rb")


def _holds(path: Path, file_hash: str) -> bool:
    """Whether the archive has the file, whole; a sealed one that no key here opens is left as it is."""
    try:
        return path.exists() and all(True for _ in blocks(path.parents[1], file_hash))
    except ArchiveError as error:
        return isinstance(error.__cause__, SealError)


def clear_partials(archive: Path) -> None:
    """Remove what writes that a crash cut short have left."""
    for partial in archive.rglob(f".*{PARTIAL}"):
        partial.unlink(missing_ok=True)


def quarantine(folder: Path, source: Source | Path, refusal: Refusal, seen: dt.date) -> Path:
    """Put a refused file beside a .json that says why and what to do."""
    told = (refusal.name, refusal.file_hash, seen)
    path = _place(folder, refusal.name, refusal.file_hash)
    _put(path, source)
    return _say_why(path, told, refusal.code.value, refusal.message, refusal.byte_offset)


def set_aside(
    folder: Path, source: Source | Path, told: tuple[str, str, dt.date], code: str, message: str
) -> Path:
    """Put a file that is not taken in beside a .json that says why and what to do; `told`: its name, hash, the day."""
    path = _place(folder, *told[:2])
    _put(path, source)
    return _say_why(path, told, code, message, None)


def _place(folder: Path, name: str, file_hash: str) -> Path:
    safe = re.sub(r"[^A-Za-z0-9._-]", "_", name)[-80:]
    return folder / f"{file_hash[:12]}-{safe}"


def _put(path: Path, source: Source | Path) -> None:
    make_folder(path.parent)
    place = path.with_name(path.name + SUFFIX) if recipients_of(path.parent) else path
    if isinstance(source, Source):
        write_whole(place, seal(path.parent, source.data))
    else:
        shutil.copyfile(source, partial_of(path))
        sync(partial_of(path))
        _sealed_in_place(path.parent, partial_of(path), place)


def _say_why(
    path: Path, told: tuple[str, str, dt.date], code: str, message: str, byte_offset: int | None
) -> Path:
    name, file_hash, seen = told
    reason = {
        "file": name,
        "sha256": file_hash,
        "seen": seen.isoformat(),
        "code": code,
        "byte_offset": byte_offset,
        "message": message,
    }
    write_whole(path.with_name(path.name + ".json"), json.dumps(reason, indent=2).encode() + b"\n")
    return path
