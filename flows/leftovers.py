"""What stands in the inbox and is never opened: links, pipes, sockets, devices."""

from __future__ import annotations

import os
import stat
from collections import Counter
from typing import TYPE_CHECKING

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
