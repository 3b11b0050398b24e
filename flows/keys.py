"""Keys: from the environment, or from a file that stands outside the home folder."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

from flows.home import HomeError

if TYPE_CHECKING:
    from pathlib import Path

_MOST = 100_000


def key_text(variable: str, file: Path | None, home: Path) -> str:
    """Return a key's text: from `file` if one is given, else from the environment. Raises HomeError where there is none.

    A key beside what it protects protects nothing, and one that others can read is not a secret: both are refused.
    """
    if file is None:
        text = os.environ.get(variable, "")
        if not text.strip():
            raise HomeError(f"no key: set {variable}, or name a file that holds it")
        return text
    if file.resolve().is_relative_to(home.resolve()):
        raise HomeError(f"{file} stands in the home folder, beside what it protects; keep the key elsewhere")
    try:
        status = file.stat()
        if not stat.S_ISREG(status.st_mode) or status.st_size > _MOST:
            raise HomeError(f"{file} is no key file")
        if hasattr(os, "geteuid") and stat.S_IMODE(status.st_mode) & 0o077:
            raise HomeError(f"{file} can be read by others; close it first: chmod 600 {file}")
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise HomeError(f"{file}: the key cannot be read ({type(error).__name__})") from None
