"""Reading a file that a stranger may have made: a plain file, of a size that it may have, or not at all."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

TOML_BYTES = 1_000_000
SCHEDULE_BYTES = 64_000_000
REFERENCE_BYTES = 300_000_000
_NO_LINKS = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)


class UnfitFileError(OSError):
    """The file is a link, a pipe, a device or a folder, or larger than it may be; the message says which."""


def read_bounded(path: Path, most: int) -> bytes:
    """Return the bytes of a plain file of at most `most` bytes; links are not followed, pipes not waited for.

    Raises UnfitFileError, and OSError where it cannot be opened.
    """
    if path.is_symlink():
        raise UnfitFileError("is a link to another place; put the file itself here")
    with os.fdopen(os.open(path, os.O_RDONLY | _NO_LINKS), "rb") as file:
        status = os.fstat(file.fileno())
        if not stat.S_ISREG(status.st_mode):
            raise UnfitFileError("is no plain file (a folder, a pipe or a device)")
        if status.st_size > most:
            raise UnfitFileError(
                f"has {status.st_size:,} bytes, more than the {most:,} that such a file may have"
            )
        return file.read(most)


def read_bounded_text(path: Path, most: int = TOML_BYTES) -> str:
    """Return the text of a plain UTF-8 file, without a byte order mark. Raises as read_bounded, and UnicodeDecodeError."""
    return read_bounded(path, most).decode("utf-8-sig")
