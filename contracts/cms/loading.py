"""Loading downloads of CMS into a reference folder: all of what is asked for, or nothing of it."""

from __future__ import annotations

import datetime as dt
import re
from collections import defaultdict
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from io import BytesIO
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

import polars as pl

from contracts.loaded import (
    FOLDER,
    Entry,
    Fetched,
    Manifest,
    Table,
    read_manifest,
    sha256_of,
    write_manifest,
    write_whole,
)
from contracts.problems import Problem, TermsError
from contracts.reference import KEYS, KINDS, PROVENANCE, Reference

from .download import Download, Member, open_download
from .effect import in_effect
from .identify import Evidence, posted_on
from .kinds import READERS, Reading
from .merge import build, cross_checks, inputs
from .rules import Rules, cms_rules
from .sheets import Sheet, recognise, texts

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

Identity = tuple[str, str, str, str, str]
_PREFERENCE = (".csv", ".txt", ".prn", ".xlsx")
"""Of one table in several formats the first that fits a layout is read."""
_OUR_WORDS = ("release", "effective", "until", "source")
"""Columns that releases.toml fills: no part of what CMS says, so that an edit there makes no other file of it."""
_ORDER = ("rvu",)
"""Read first: a PPRRVU file names its release, its neighbours in a download do not."""


@dataclass
class Report:
    """What a load did: files taken, files that were there already, names passed over with the reason."""

    taken: list[Entry] = field(default_factory=list)
    known: list[Entry] = field(default_factory=list)
    passed_over: list[tuple[str, str]] = field(default_factory=list)


def load(
    paths: Iterable[Path],
    folder: Path,
    *,
    rules: Rules | None = None,
    release: str | None = None,
    instead: bool = False,
    today: dt.date | None = None,
) -> Report:
    """Load downloads into a reference folder in one step; loading again, or in another order, changes nothing.

    `release` names the release of files that do not say it; `instead` lets them take the place of loaded files
    that they contradict. Raises TermsError with every problem found; the folder is then as it was.
    """
    rules = rules or cms_rules()
    folder.mkdir(parents=True, exist_ok=True)
    day = (today or dt.datetime.now(dt.UTC).date()).isoformat()
    with _alone(folder):
        before = read_manifest(folder)
        store = _Store(folder / FOLDER)
        report = Report()
        try:
            found = _found(paths, store, report, rules, release, day)
            old = {one.identity: one for one in before.entries}
            report.known = [one for one in found.values() if one.identity in old]
            report.taken = [one for one in found.values() if one.identity not in old]
            write_manifest(folder, _put(store, before, _united(old, found, instead=instead), rules))
        finally:  # the tables of the load before stay for one more load: a night may be reading them
            store.drop_all_but(before.files() | read_manifest(folder).files())
    return report


def _found(
    paths: Iterable[Path], store: _Store, report: Report, rules: Rules, release: str | None, day: str
) -> dict[Identity, Entry]:
    found: dict[Identity, Entry] = {}
    problems: list[Problem] = []
    for path in paths:
        try:
            for entry, rows in _entries(open_download(path, rules), rules, release, day, report):
                known = found.get(entry.identity)
                found[entry.identity] = entry.known_as(known) if known else entry
                store.keep(entry, rows)
        except TermsError as error:
            problems += error.problems
    if problems:
        raise TermsError(problems)
    return found


def _united(old: dict[Identity, Entry], found: dict[Identity, Entry], *, instead: bool) -> list[Entry]:
    slots = {one.slot for one in found.values()} if instead else set()
    kept = {identity: one for identity, one in old.items() if one.slot not in slots or identity in found}
    for identity, entry in found.items():
        kept[identity] = entry.known_as(kept[identity]) if identity in kept else entry
    return list(kept.values())


# ---- from a download to entries ---------------------------------------------------------------------------------------------


def _entries(
    download: Download, rules: Rules, release: str | None, day: str, report: Report
) -> list[tuple[Entry, pl.DataFrame]]:
    report.passed_over += download.passed_over
    sheets, problems = _sheets(download, rules, report)
    if not sheets and not problems:
        problems.append(Problem(download.name, None, _nothing(rules)))
    found: list[tuple[Entry, pl.DataFrame]] = []
    sibling, posted = release, ""
    for sheet in sheets:
        own = Evidence((download.name, sheet.member.path), sheet.head, stated=release)
        reading = _read(sheet, own, sibling, rules)
        problems += reading.problems
        if reading.left_out:
            report.passed_over.append((sheet.member.path, reading.left_out))
            continue
        posted = posted_on(own, rules) or posted
        if sheet.layout.kind == "rvu":
            sibling = reading.release
        if not problems:
            fetched = Fetched(download.name, download.sha256, day)
            found.append((_entry(sheet, reading, posted, fetched, rules), reading.rows))
    if problems:
        raise TermsError(problems)
    return found


def _sheets(download: Download, rules: Rules, report: Report) -> tuple[list[Sheet], list[Problem]]:
    """Return the members that are read, one for each table however many formats it comes in."""
    tables: dict[str, list[Member]] = defaultdict(list)
    for member in download.members:
        tables[str(PurePosixPath(member.path).with_suffix("")).casefold()].append(member)
    sheets: list[Sheet] = []
    problems: list[Problem] = []
    for members in tables.values():
        members.sort(key=lambda one: (_preference(one), one.path))
        against: list[str] = []
        for number, member in enumerate(members):
            fit = recognise(member, rules)
            if isinstance(fit, Sheet):
                sheets.append(fit)
                report.passed_over += [
                    (one.path, f"the same table as {member.name}") for one in members[number + 1 :]
                ]
                break
            against = against or fit
        else:
            _unfit(members[0], against, rules, report, problems)
    return sorted(sheets, key=lambda one: (one.layout.kind not in _ORDER, one.member.path)), problems


def _unfit(member: Member, against: list[str], rules: Rules, report: Report, problems: list[Problem]) -> None:
    claimed = [kind for kind, one in rules.kinds.items() if re.search(one.named, member.name.casefold())]
    if not claimed:
        report.passed_over.append((member.path, "no table that is loaded"))
        return
    names = {one.name for one in rules.layouts if one.kind in claimed}
    reasons = [text for text in against if any(text.startswith(name) for name in names)] or against
    problems.append(Problem(member.path, None, f"fits no layout of its kind: {'; '.join(reasons)}"))


def _preference(member: Member) -> int:
    suffix = PurePosixPath(member.name).suffix.casefold()
    return _PREFERENCE.index(suffix) if suffix in _PREFERENCE else len(_PREFERENCE)


def _nothing(rules: Rules) -> str:
    pages = sorted({one.page for one in rules.kinds.values()})
    return f"holds no file that is loaded; wanted are the downloads of CMS's pages {' and '.join(pages)}"


def _read(sheet: Sheet, own: Evidence, sibling: str | None, rules: Rules) -> Reading:
    cells = texts(sheet)
    if isinstance(cells, Problem):
        return Reading(problems=(cells,))
    reader = READERS[sheet.layout.kind]
    reading = reader(sheet, cells, own, rules)
    if reading.problems and sibling and not own.stated:
        again = reader(sheet, cells, replace(own, stated=sibling), rules)
        return again if not again.problems else reading
    return reading


def _entry(sheet: Sheet, reading: Reading, posted: str, fetched: Fetched, rules: Rules) -> Entry:
    kind, member = sheet.layout.kind, sheet.member
    values = reading.rows.drop(*PROVENANCE, *_OUR_WORDS, strict=False)
    ordered = values.sort([key for key in KEYS[rules.kinds[kind].table] if key in values.columns])
    sha256 = sha256_of(ordered.write_csv().encode())
    return Entry(
        kind=kind,
        release=reading.release,
        part=reading.part,
        effective=reading.effective,
        until=reading.until,
        member=member.name,
        member_sha256=member.sha256,
        values_sha256=sha256,
        posted=posted,
        factor=reading.factor,
        rows=reading.rows.height,
        file=f"member-{kind}-{reading.release}-{sha256_of((member.sha256 + sha256).encode())[:16]}.parquet",
        downloads=(fetched,),
    )


# ---- from entries to the folder ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Store:
    """The folder of rows. A file that no loaded.toml names is as good as not there."""

    home: Path

    def keep(self, entry: Entry, rows: pl.DataFrame) -> None:
        """Write an entry's rows, without the name it came under.

        On disk, for a dozen national files of ZIP+4 would not fit into the memory together.
        """
        self.write(entry.file, _parquet(rows.drop("source_file")))

    def rows(self, entry: Entry) -> pl.DataFrame:
        return self.read(entry.file)

    def read(self, name: str) -> pl.DataFrame:
        return pl.read_parquet(self.home / name, glob=False)

    def write(self, name: str, data: bytes) -> None:
        self.home.mkdir(exist_ok=True)
        if not (self.home / name).is_file():
            write_whole(self.home / name, data)

    def drop_all_but(self, names: set[str]) -> None:
        """Remove what is referred to nowhere: leftovers of a refused load, or of a crash."""
        for path in self.home.iterdir() if self.home.is_dir() else ():
            if path.name not in names:
                path.unlink(missing_ok=True)


def _put(store: _Store, before: Manifest, entries: list[Entry], rules: Rules) -> Manifest:
    """Build the tables that change and return the manifest to put in place."""
    marked, problems = in_effect([_dated(one, rules) for one in entries], rules)
    if problems:
        raise TermsError(problems)
    frames: dict[str, pl.DataFrame] = {}
    tables: dict[str, Table] = {}
    for name in KINDS:
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


def _dated(entry: Entry, rules: Rules) -> Entry:
    """Return the entry for the dates of service that its release has now."""
    release = rules.release(entry.release)
    return replace(entry, effective=release.effective, until=release.until) if release else entry


def _check(
    store: _Store,
    entries: list[Entry],
    frames: dict[str, pl.DataFrame],
    tables: dict[str, Table],
    rules: Rules,
) -> None:
    needed = [name for name in ("rvu", "gpci", "conversion_factor") if name in tables]
    priced = {name: frames[name] if name in frames else store.read(tables[name].file) for name in needed}
    problems = cross_checks(entries, store.rows, Reference(**priced), rules)
    if problems:
        raise TermsError(problems)


def _parquet(frame: pl.DataFrame) -> bytes:
    out = BytesIO()
    frame.write_parquet(out, compression="zstd", statistics=False)
    return out.getvalue()


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Let one load at a time into a folder; another one waits. Where the system has no such lock, nothing is held."""
    try:
        import fcntl  # noqa: PLC0415  (not on every system)
    except ImportError:
        yield
        return
    with (folder / ".loading").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
