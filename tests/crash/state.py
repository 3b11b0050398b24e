"""What a home holds after a night, in a form that can be compared: rows, bytes, journal, names of files."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

import duckdb

if TYPE_CHECKING:
    from pathlib import Path

SCHEMAS = ("core", "out", "life", "era", "terms")
_OF_THIS_ARRIVAL = ("id", "ticket")
"""They tell one arrival from another: two homes differ in them."""
State = dict[str, str]


def state(home: Path) -> State:
    """Digests by what they are of. To be taken in a process of its own, while nothing runs in the home."""
    return (
        _rows(home / "warehouse.duckdb", "warehouse")
        | _rows(home / "published" / "shortpay.duckdb", "published")
        | beside_rows(home)
    )


def beside_rows(home: Path) -> State:
    """The part of the state that is no table: lists, journal, names of files."""
    found = {}
    for name in ("worklist.csv", "worklist.xlsx"):
        found[f"published/{name}"] = hashlib.sha256((home / "published" / name).read_bytes()).hexdigest()
    for path in sorted((home / "journal").glob("*.jsonl")):
        found[f"journal/{path.name}"] = _journal(path)
    found["files"] = ", ".join(sorted(_names(home)))
    return found


def _rows(path: Path, label: str) -> State:
    found = {}
    with duckdb.connect(str(path), read_only=True) as con:
        tables = con.execute(
            "select schema_name || '.' || table_name from duckdb_tables() where schema_name in (select unnest(?)) order by 1",
            [list(SCHEMAS)],
        ).fetchall()
        for (table,) in tables:
            rows = sorted(map(repr, con.execute(f"from {table}").fetchall()))
            found[f"{label} {table}"] = f"{len(rows)} rows {_digest(rows)}"
    return found


def _journal(path: Path) -> str:
    entries = [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n") if line]
    if path.stem in ("arrival", "opinion"):
        entries = [
            {name: value for name, value in entry.items() if name not in _OF_THIS_ARRIVAL}
            for entry in entries
        ]
    return f"{len(entries)} lines {_digest([json.dumps(entry, sort_keys=True) for entry in entries])}"


def _names(home: Path) -> list[str]:
    left_out = {".prefect", "log"}
    return [
        str(path.relative_to(home))
        for path in home.rglob("*")
        if path.is_file() and path.relative_to(home).parts[0] not in left_out and ".lock" not in path.name
    ]


def _digest(rows: list[str]) -> str:
    return hashlib.sha256("\n".join(rows).encode()).hexdigest()[:16]


def differences(expected: State, found: State) -> list[str]:
    """Say what differs; empty where nothing does."""
    return [
        f"{name}: expected {expected.get(name)}, found {found.get(name)}"
        for name in sorted(expected.keys() | found.keys())
        if expected.get(name) != found.get(name)
    ]
