"""What stands in the inbox and is not taken in: links, pipes, sockets and devices ever, what a program has open tonight."""

from __future__ import annotations

import os
import stat
from collections import Counter
from typing import TYPE_CHECKING

from flows.inbox import open_in_a_program, waiting

if TYPE_CHECKING:
    from pathlib import Path

_KINDS = ((stat.S_ISLNK, "link"), (stat.S_ISFIFO, "pipe"), (stat.S_ISSOCK, "socket"), (stat.S_ISBLK, "device"),
          (stat.S_ISCHR, "device"))  # fmt: skip


def left_alone(inbox: Path) -> list[str]:
    """Say how many of each kind there are; their names, which may hold patients', are not said."""
    found: Counter[str] = Counter()
    for folder, folders, files in os.walk(inbox):
        for name in (*folders, *files):
            mode = os.lstat(os.path.join(folder, name)).st_mode  # noqa: PTH118  (a name may be no text)
            found.update(kind for is_one, kind in _KINDS if is_one(mode))
    if not found:
        return []
    told = ", ".join(f"{count} {kind}{'s' if count > 1 else ''}" for kind, count in sorted(found.items()))
    return [f"left in the inbox unopened: {told}; only plain files are read"]


def left_open(folder: Path) -> list[str]:
    """Say how many files wait since a spreadsheet program has them open, or has left its mark when it died."""
    count = sum(open_in_a_program(path) for path in waiting(folder))
    if not count:
        return []
    told = f"left in {folder.name} for the next night, open in a spreadsheet program: {count}"
    return [
        f"{told}; close them, and where nobody has them open remove the mark beside each (~$… or .~lock…)"
    ]
