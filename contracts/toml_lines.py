"""On which line of a TOML file a key stands: the standard library's reader does not say."""

from __future__ import annotations

import re

Path = tuple[str | int, ...]

_HEADER = re.compile(r"^\s*(\[\[?)([^\[\]]+)\]\]?\s*(#.*)?$")
_LONGEST = 2_000
"""Longer lines are no keys that a person wrote; the patterns would take long over them."""
_KEY = re.compile(r"""^\s*("[^"]*"|'[^']*'|[A-Za-z0-9_-]+)\s*=""")


def key_lines(text: str) -> dict[Path, int]:
    """Line (from 1) of every table header and key, by path: ``("rate", 0, "percent") -> 14``.

    Reads the plain layout that contract files have (headers and keys at the start of a line); keys inside
    inline tables and multi-line values are found at the line of the key that holds them.
    """
    found: dict[Path, int] = {}
    counts: dict[str, int] = {}
    table: Path = ()
    for number, line in enumerate(text.splitlines(), start=1):
        if len(line) > _LONGEST:
            continue
        header = _HEADER.match(line)
        if header:
            table = _table_path(header.group(1), header.group(2).strip(), counts)
            found.setdefault(table, number)
            continue
        key = _KEY.match(line)
        if key:
            found.setdefault((*table, key.group(1).strip("\"'")), number)
    return found


def line_of(lines: dict[Path, int], path: Path) -> int | None:
    """Return the line of `path`, or of the nearest thing around it, or 1."""
    for length in range(len(path), 0, -1):
        if path[:length] in lines:
            return lines[path[:length]]
    return 1


def _table_path(bracket: str, name: str, counts: dict[str, int]) -> Path:
    parts = tuple(part.strip().strip("\"'") for part in name.split("."))
    if bracket == "[":
        return parts
    index = counts.get(name, 0)
    counts[name] = index + 1
    return (*parts, index)
