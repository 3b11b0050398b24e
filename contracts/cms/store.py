"""The rows of loaded files on disk, and the tables made of them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from io import BytesIO
from typing import TYPE_CHECKING

import polars as pl

from contracts.loaded import FOLDER, MANIFEST, Entry, Manifest, Table, sha256_of, write_whole
from contracts.problems import Problem, TermsError
from contracts.reference import KINDS, LAZY_KIND, Reference

from .effect import in_effect
from .merge import build, cross_checks, inputs

if TYPE_CHECKING:
    from pathlib import Path

    from .rules import Rules


@dataclass(frozen=True)
class Store:
    """The folder of rows. A file that no loaded.toml names is as good as not there."""

    home: Path

    def keep(self, entry: Entry, rows: pl.DataFrame) -> None:
        """Write an entry's rows, without the name it came under.

        On disk, for a dozen national files of ZIP+4 would not fit into the memory together.
        """
        self.write(entry.file, _parquet(rows.drop("source_file")))

    def rows(self, entry: Entry) -> pl.DataFrame:
        return self.read(entry.file)

    def content(self, name: str) -> bytes:
        return (self.home / name).read_bytes()

    def read(self, name: str) -> pl.DataFrame:
        try:
            return pl.read_parquet(self.home / name, glob=False)
        except (OSError, pl.exceptions.PolarsError):
            message = (
                f"{FOLDER}/{name} is not as it was loaded: move {MANIFEST} and {FOLDER}/ away and load again"
            )
            raise TermsError([Problem(MANIFEST, None, message)]) from None

    def write(self, name: str, data: bytes) -> None:
        self.home.mkdir(exist_ok=True)
        if not (self.home / name).is_file():
            write_whole(self.home / name, data)

    def drop_all_but(self, names: set[str]) -> None:
        """Remove what is referred to nowhere: leftovers of a refused load, or of a crash."""
        for path in self.home.iterdir() if self.home.is_dir() else ():
            if path.name not in names:
                path.unlink(missing_ok=True)


def tables_of(store: Store, before: Manifest, entries: list[Entry], rules: Rules) -> Manifest:
    """Build the tables that change and return the manifest to put in place. Raises TermsError where files contradict."""
    marked, problems = in_effect([_dated(one, rules) for one in entries], rules)
    if problems:
        raise TermsError(problems)
    frames: dict[str, pl.DataFrame] = {}
    tables: dict[str, Table] = {}
    for name in KINDS:
        if name == LAZY_KIND:
            tables |= _editions(store, before, marked)
            continue
        used = inputs(name, marked)
        made_of = sha256_of(
            repr([(one.identity, one.member, one.effective, one.until) for one in used]).encode()
        )
        old = before.tables.get(name)
        if old and old.made_of == made_of:
            tables[name] = old
        elif used:
            frames[name] = build(name, used, store.rows)
            data = _parquet(frames[name])
            sha256 = sha256_of(data)
            tables[name] = Table(f"table-{name}-{sha256[:16]}.parquet", sha256, made_of)
            store.write(tables[name].file, data)
    if frames:
        _check(store, marked, frames, tables, rules)
    return Manifest(tuple(marked), tables)


def _editions(store: Store, before: Manifest, marked: list[Entry]) -> dict[str, Table]:
    """Return a table for each file of the kind that stays on disk: the file as it was kept."""
    found = {}
    for one in inputs(LAZY_KIND, marked):
        name = f"{LAZY_KIND}-{one.release}-{one.part or 'whole'}"
        made_of = sha256_of(repr(one.identity).encode())
        old = before.tables.get(name)
        known = old and old.made_of == made_of
        found[name] = old if old and known else Table(one.file, sha256_of(store.content(one.file)), made_of)
    return found


def _dated(entry: Entry, rules: Rules) -> Entry:
    """Return the entry for the dates of service that its release has now."""
    release = rules.release(entry.release)
    return replace(entry, effective=release.effective, until=release.until) if release else entry


def _check(
    store: Store,
    entries: list[Entry],
    frames: dict[str, pl.DataFrame],
    tables: dict[str, Table],
    rules: Rules,
) -> None:
    needed = [name for name in ("rvu", "gpci", "conversion_factor") if name in tables]
    priced = {name: frames[name] if name in frames else store.read(tables[name].file) for name in needed}
    known = replace(Reference(), **priced)  # type: ignore[arg-type]  # the names above are of frames
    problems = cross_checks(entries, store.rows, known, rules)
    if problems:
        raise TermsError(problems)


def _parquet(frame: pl.DataFrame) -> bytes:
    out = BytesIO()
    frame.write_parquet(out, compression="zstd", statistics=False)
    return out.getvalue()
