"""Loading downloads of CMS into a reference folder: all of what is asked for, or nothing of it."""

from __future__ import annotations

import datetime as dt
from contextlib import contextmanager
from typing import TYPE_CHECKING

from contracts.loaded import FOLDER, Entry, read_manifest, write_manifest
from contracts.problems import Problem, TermsError

from .download import open_download
from .entries import Report, entries_of
from .rules import Rules, cms_rules
from .store import Store, tables_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

Identity = tuple[str, str, str, str, str]


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
        store = Store(folder / FOLDER)
        report = Report()
        try:
            found = _found(paths, store, report, rules, release, day)
            old = {one.identity: one for one in before.entries}
            report.known = [one for one in found.values() if one.identity in old]
            report.taken = [one for one in found.values() if one.identity not in old]
            write_manifest(folder, tables_of(store, before, _united(old, found, instead=instead), rules))
        finally:  # the tables of the load before stay for one more load: a night may be reading them
            store.drop_all_but(before.files() | read_manifest(folder).files())
    return report


def _found(
    paths: Iterable[Path], store: Store, report: Report, rules: Rules, release: str | None, day: str
) -> dict[Identity, Entry]:
    found: dict[Identity, Entry] = {}
    problems: list[Problem] = []
    for path in paths:
        try:
            for entry, rows in entries_of(open_download(path, rules), rules, release, day, report):
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
