"""`shortpay rebuild`: the warehouse made anew from archive, journal, contracts and reference as they stand."""

from __future__ import annotations

import datetime as dt
import os
import shutil
from functools import partial
from typing import TYPE_CHECKING

import duckdb

from contracts import read_practice, read_reference, read_terms
from flows.encounters import brought_back, mended
from flows.encryption import prepare
from flows.progress import note, step
from flows.recovery import BUILT, REBUILDING, recover_published
from flows.saved import bring_in_saved
from flows.settings import read_settings
from warehouse import judge, night
from warehouse.arrivals import arrivals_of, level
from warehouse.conformance import level_opinions
from warehouse.damage import DamagedError
from warehouse.database import make_warehouse, open_warehouse
from warehouse.durable import database_files, sync_folder, write_whole
from warehouse.encounters.models import look_at_lanes, show, weigh
from warehouse.encounters.store import open_store
from warehouse.journal import ARRIVAL, Journal
from warehouse.publish import publish, readable
from warehouse.rule_set import keep_rules
from warehouse.sealing import is_there

if TYPE_CHECKING:
    from pathlib import Path

    from flows.home import Home


def rebuild(home: Home, as_of: dt.date | None, *, incomplete: bool = False) -> tuple[dt.date, Path | None]:
    """Make the warehouse anew beside the old one, put it in its place, publish; return the day and the old file.

    `as_of`: left out, the day of the last publication, else of the journal's last entry. The old file is kept
    under another name. Raises DamagedError where files cannot be given back, unless `incomplete`: then the
    warehouse is made without them. A rebuild that dies leaves the old file in its place.
    """
    prepare(home)  # sealed files that no key opens are not lost
    ours = _put_in_place(home)
    recover_published(home)
    journal = Journal(home.folder("journal"))
    _remember_arrivals(home, journal)
    as_of = as_of or _last_day(home, journal)
    fresh = _make(home, journal, as_of, incomplete=incomplete)
    write_whole(home.path / BUILT, b"")
    aside = _swap(fresh, home.warehouse, keep=not ours)
    step("publish")
    with open_warehouse(home.warehouse) as con:
        publish(con, home.folder("published"), as_of, partial(bring_in_saved, home))
    shutil.rmtree(fresh.parent)
    (home.path / BUILT).unlink()
    return as_of, aside


def _put_in_place(home: Home) -> bool:
    """Whether the warehouse is one that a rebuild has put there and died before it was published: nothing to keep."""
    return (home.path / BUILT).exists() and not (home.path / REBUILDING / home.warehouse.name).exists()


def _make(home: Home, journal: Journal, as_of: dt.date, *, incomplete: bool) -> Path:
    """Make the warehouse in a folder of its own, with the steps of a night."""
    step("terms")
    practice, terms = read_practice(home.settings), read_terms(home.rules.contracts)
    reference, rules = read_reference(home.rules.reference), keep_rules(home.rules, home.folder("archive"))
    folder = home.path / REBUILDING
    if folder.exists():
        shutil.rmtree(folder)
    folder.mkdir(mode=0o700)
    fresh = folder / home.warehouse.name
    make_warehouse(fresh)
    with open_warehouse(fresh) as con:
        step("parse and load")
        lost = level(con, journal, home.folder("archive"))
        if lost and not incomplete:
            raise DamagedError(_lost(lost))
        level_opinions(con, journal)
        night.settle_rules(con, rules, terms, reference)
    step("adjudicate, compare, price, judge")
    night.run(fresh, rules.name, terms, reference, practice)
    with open_warehouse(fresh) as con:
        step("rank")
        judge.rank(con, as_of, journal, read_settings(home.settings).schedule.next_night(as_of))
        step("units and notes")
        note(*mended(home))
        with open_store(home.warehouse) as encounters:
            note(*brought_back(encounters, con, home))
            weigh(con, encounters, terms, reference, practice)
        show(con, as_of)
        look_at_lanes(con)
        con.execute("checkpoint")
    return fresh


def _lost(lost: list[str]) -> str:
    names = ", ".join(file_hash[:12] for file_hash in lost[:5]) + (" …" if len(lost) > 5 else "")
    return (
        f"{len(lost)} files of the archive are missing or damaged ({names}; all of them: shortpay verify). Restore them"
        " from a backup, or go on without them: --incomplete. The warehouse was left as it is"
    )


def _swap(fresh: Path, warehouse: Path, *, keep: bool) -> Path | None:
    """Put the new file in the old one's place at once; `keep` the old one and its log beside under another name."""
    aside = _free_name(warehouse) if keep and warehouse.exists() else None
    if aside is None:
        for log in database_files(warehouse)[1:]:
            log.unlink(missing_ok=True)
    else:
        _keep_aside(warehouse, aside)
        for old, kept in zip(database_files(warehouse)[1:], database_files(aside)[1:], strict=True):
            if old.is_file():
                old.replace(kept)
    fresh.replace(warehouse)
    sync_folder(warehouse.parent)
    return aside


def _free_name(warehouse: Path) -> Path:
    """The first name that is free, or that a rebuild which died then has given to this very file."""
    number = 1
    while (aside := warehouse.with_name(f"warehouse.old-{number}.duckdb")).exists():
        if aside.samefile(warehouse):
            break
        number += 1
    return aside


def _keep_aside(warehouse: Path, aside: Path) -> None:
    """Give the old file a second name, so that there is a warehouse at any instant; else its new name alone."""
    if aside.exists():
        return
    try:
        os.link(warehouse, aside)
    except OSError:  # a file system without links
        warehouse.replace(aside)


def _remember_arrivals(home: Home, journal: Journal) -> None:
    """Where the journal knows of no arrival, as in homes of an earlier version, ask what was published last."""
    if journal.read(ARRIVAL) or not is_there(home.published):
        return
    with readable(home.published) as con:
        journal.restore(ARRIVAL, arrivals_of(con))


def _last_day(home: Home, journal: Journal) -> dt.date:
    try:
        with readable(home.published) as con:
            return con.execute("select as_of_date from out.publication").fetchall()[0][0]  # type: ignore[no-any-return]
    except (DamagedError, duckdb.Error, IndexError):
        days = [entry["seen_date"] for entry in journal.read(ARRIVAL)]
        days += [entry["when_date"] for entry in journal.read("published")]
        return dt.date.fromisoformat(max(days)) if days else home.today()
