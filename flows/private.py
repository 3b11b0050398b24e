"""A home for its owner alone: folders 0700, files 0600. Where the system has no such modes, nothing is done."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

OTHERS = stat.S_IRWXG | stat.S_IRWXO


@dataclass(frozen=True)
class Tightened:
    """How many files and folders were open to others: `mended` were ours, `foreign` belong to someone else."""

    mended: int = 0
    foreign: int = 0

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
        return said


def private() -> None:
    """Let this process, and those it starts, make files that the owner alone can open. Once, before anything is written."""
    os.umask(OTHERS)


def tighten(home: Path) -> Tightened:
    """Take the rights of others off everything in a home that is open to them; links are not followed."""
    if not hasattr(os, "geteuid"):
        return Tightened()
    mended = foreign = 0
    for path, status in _everything(home):
        if stat.S_IMODE(status.st_mode) & OTHERS:
            if status.st_uid == os.geteuid():
                os.chmod(path, stat.S_IMODE(status.st_mode) & ~OTHERS)  # noqa: PTH101  (a path as scandir gives it)
                mended += 1
            else:
                foreign += 1
    return Tightened(mended, foreign)


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
