"""From a download to entries: which of its files are read, under which release, and what they hold."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from contracts.loaded import Entry, Fetched, sha256_of
from contracts.problems import Problem, TermsError
from contracts.reference import KEYS, PROVENANCE

from .identify import Evidence, posted_on
from .kinds import READERS, Reading
from .sheets import Sheet, recognise, texts

if TYPE_CHECKING:
    import polars as pl

    from .download import Download, Member
    from .rules import Rules

_PREFERENCE = (".csv", ".txt", ".prn", ".xlsx")
"""Of one table in several formats the first that fits a layout is read."""
_OUR_WORDS = ("release", "edition", "effective", "until", "source")
"""Columns that releases.toml fills: no part of what CMS says, so that an edit there makes no other file of it."""
_ORDER = ("rvu",)
"""Read first: a PPRRVU file names its release, its neighbours in a download do not."""


@dataclass
class Report:
    """What a load did: files taken, files that were there already, names passed over with the reason."""

    taken: list[Entry] = field(default_factory=list)
    known: list[Entry] = field(default_factory=list)
    passed_over: list[tuple[str, str]] = field(default_factory=list)


def entries_of(
    download: Download, rules: Rules, release: str | None, day: str, report: Report
) -> list[tuple[Entry, pl.DataFrame]]:
    """Return the files of a download that are loaded, with their rows. Raises TermsError with all that is wrong.

    What is passed over goes to `report`. `release` is what a person said; `day` the day of loading.
    """
    report.passed_over += download.passed_over
    sheets, problems = _sheets(download, rules, report)
    if not sheets and not problems:
        problems.append(Problem(download.name, None, _nothing(rules)))
    found: list[tuple[Entry, pl.DataFrame]] = []
    left_out: list[Problem] = []
    sibling, posted = release, ""
    for sheet in sheets:
        own = Evidence((download.name, sheet.member.path), sheet.head, stated=release)
        reading = _read(sheet, own, sibling, rules)
        problems += reading.problems
        if reading.left_out:
            report.passed_over.append((sheet.member.path, reading.left_out))
            left_out.append(Problem(sheet.member.path, None, reading.left_out))
            continue
        posted = posted_on(own, rules) or posted
        if sheet.layout.kind == "rvu":
            sibling = reading.release
        if not problems:
            fetched = Fetched(download.name, download.sha256, day)
            found.append((_entry(sheet, reading, posted, fetched, rules), reading.rows))
    if problems or not found:
        raise TermsError(problems or left_out)
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
