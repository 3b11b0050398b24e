"""A home for its owner alone: folders 0700, files 0600. Where the system has no such modes, nothing is done."""

from __future__ import annotations

import os
import stat
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

OTHERS = stat.S_IRWXG | stat.S_IRWXO


@dataclass(frozen=True)
class Tightened:
    """How many files and folders were open to others.

    `mended` were ours, `foreign` belong to someone else, `stuck` are ours where the system lets nobody close them.
    """

    mended: int = 0
    foreign: int = 0
    stuck: int = 0

    def told(self) -> list[str]:
        """What an operator should know; nothing where all was private."""
        said = []
        if self.mended:
            said.append(f"{self.mended} files and folders of the home were open to others: closed")
        if self.foreign:
            said.append(
                f"{self.foreign} files and folders of the home are open to others and belong to another user:"
                " have them closed (chmod -R go= HOME), or deliver as the user who runs shortpay"
            )
        if self.stuck:
            said.append(
                f"{self.stuck} files and folders of the home are open to others and cannot be closed where they are"
                " (read-only, or a share that knows no such rights): see that nobody else reaches them"
            )
        return said


def private() -> None:
    """Let this process, and those it starts, make files that the owner alone can open. Once, before anything is written."""
    os.umask(OTHERS)


def tighten(home: Path) -> Tightened:
    """Take the rights of others off everything in a home that is open to them; links are not followed."""
    if not hasattr(os, "geteuid"):
        return Tightened()
    wide = [(path, status) for path, status in _everything(home) if stat.S_IMODE(status.st_mode) & OTHERS]
    ours = [(path, status.st_mode) for path, status in wide if status.st_uid == os.geteuid()]
    closed = Counter(_closed(path, mode) for path, mode in ours)
    return Tightened(closed["mended"], len(wide) - len(ours), closed["stuck"])


def _closed(path: str, mode: int) -> str:
    try:
        os.chmod(path, stat.S_IMODE(mode) & ~OTHERS)  # noqa: PTH101  (a path as scandir gives it)
    except FileNotFoundError:
        return "gone"
    except OSError:
        return "stuck"
    return "mended"


def _everything(home: Path) -> Iterator[tuple[str, os.stat_result]]:
    """The home, its folders and plain files, each with what the system says of it; what goes while we look is left out."""
    yield str(home), home.stat()
    waiting = [str(home)]
    while waiting:
        try:
            entries = list(os.scandir(waiting.pop()))
        except OSError:
            continue
        for entry in entries:
            try:
                status = entry.stat(follow_symlinks=False)
            except OSError:
                continue
            if stat.S_ISDIR(status.st_mode):
                waiting.append(entry.path)
            if stat.S_ISDIR(status.st_mode) or stat.S_ISREG(status.st_mode):
                yield entry.path, status
