"""What `shortpay reference load` put into the reference folder: `loaded.toml` names it, `loaded/` holds it.

    loaded.toml                   what was loaded, from which download and file (sha256), and the tables in effect
    loaded/member-….parquet       the rows of one file of CMS, in the normal form of their table
    loaded/table-….parquet        one table over all of them, as `read_reference` takes it

A load writes new files beside the old ones and then puts `loaded.toml` in place: before that instant nothing has
changed, after it everything has. File names carry the hash of what is in them.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import os
import tomllib
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

from .bounded import read_bounded_text
from .problems import Problem, TermsError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

MANIFEST = "loaded.toml"
FOLDER = "loaded"
MANIFEST_BYTES = 20_000_000
_HEAD = "# Written by shortpay reference load; do not edit. To load anew, move this file and the folder loaded/ away.\n"
_FORMAT = 1


@dataclass(frozen=True, order=True)
class Fetched:
    """A download that held a file: its name, its hash, the day it was loaded. The day has no part in any result."""

    name: str
    sha256: str
    loaded: str


@dataclass(frozen=True)
class Entry:
    """One file of CMS as loaded.

    `effective` and `until` are the dates of service it is verified for; `values_sha256` is of its rows whatever the
    format they came in; `file` holds them. `in_effect` is no where another file takes its place.
    """

    kind: str
    release: str
    part: str
    effective: dt.date
    until: dt.date
    member: str
    member_sha256: str
    values_sha256: str
    posted: str
    factor: str
    rows: int
    file: str
    in_effect: bool = True
    downloads: tuple[Fetched, ...] = ()

    @property
    def slot(self) -> tuple[str, str, str]:
        """What only one file can hold."""
        return self.kind, self.release, self.part

    @property
    def identity(self) -> tuple[str, str, str, str, str]:
        return (*self.slot, self.member_sha256, self.values_sha256)

    def known_as(self, other: Entry) -> Entry:
        """Return the entry with what another loading of the same file knows; the first day it was loaded stays."""
        first: dict[tuple[str, str], Fetched] = {}
        for one in sorted((*self.downloads, *other.downloads), key=lambda one: one.loaded):
            first.setdefault((one.name, one.sha256), one)
        return replace(
            self,
            member=min(self.member, other.member),
            posted=max(self.posted, other.posted),
            downloads=tuple(sorted(first.values())),
        )


@dataclass(frozen=True)
class Table:
    """A table over all files: where it is, its hash, and the hash of what it was made of."""

    file: str
    sha256: str
    made_of: str


@dataclass(frozen=True)
class Manifest:
    """The content of loaded.toml."""

    entries: tuple[Entry, ...] = ()
    tables: Mapping[str, Table] = None  # type: ignore[assignment]  # set below: a mapping is no default

    def __post_init__(self) -> None:
        if self.tables is None:
            object.__setattr__(self, "tables", {})

    def files(self) -> set[str]:
        """Return the names of all files in loaded/ that it refers to."""
        return {one.file for one in self.entries} | {one.file for one in self.tables.values()}


def read_manifest(folder: Path) -> Manifest:
    """Return what is loaded; nothing where there is no loaded.toml. Raises TermsError where it cannot be used."""
    path = folder / MANIFEST
    try:
        stated = tomllib.loads(read_bounded_text(path, MANIFEST_BYTES))
        if stated["format"] != _FORMAT:
            raise TermsError(
                [Problem(MANIFEST, None, "was written by another version of shortpay: load the files again")]
            )
        entries = tuple(_entry(one) for one in stated.get("file", []))
        return Manifest(entries, {name: Table(**one) for name, one in stated.get("table", {}).items()})
    except FileNotFoundError:
        return Manifest()
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        message = f"cannot be read ({error}): move it and the folder {FOLDER}/ away and load the files again"
        raise TermsError([Problem(MANIFEST, None, message)]) from None


def _entry(stated: dict[str, Any]) -> Entry:
    return Entry(**(stated | {"downloads": tuple(Fetched(**one) for one in stated["downloads"])}))


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Put loaded.toml in place, whole; where it says so already, nothing is written."""
    text = _HEAD + f"format = {_FORMAT}\n"
    for name, table in sorted(manifest.tables.items()):
        text += f"\n[table.{name}]\n" + _lines(asdict(table))
    for entry in sorted(manifest.entries, key=lambda one: one.identity):
        text += "\n[[file]]\n" + _lines(asdict(entry))
    path = folder / MANIFEST
    if not path.is_file() or path.read_text(encoding="utf-8") != text:
        write_whole(path, text.encode())


def _lines(values: dict[str, Any]) -> str:
    return "".join(f"{name} = {_toml(value)}\n" for name, value in values.items())


def _toml(value: object) -> str:
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_toml(one) for one in value) + "]"
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{name} = {_toml(one)}" for name, one in value.items()) + " }"
    if isinstance(value, dt.date):
        return value.isoformat()
    return json.dumps(value)


def write_whole(path: Path, data: bytes) -> None:
    """Write a file so that a reader sees all of it or the one before."""
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    with partial.open("wb") as out:
        out.write(data)
        out.flush()
        os.fsync(out.fileno())
    partial.replace(path)


def sha256_of(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
