"""Before a night: what the last one left unfinished is finished or taken away, and the warehouse is looked at."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from flows.saved import bring_in_saved
from warehouse import night
from warehouse.archive import clear_partials
from warehouse.arrivals import SCRATCH, level
from warehouse.conformance import level_opinions
from warehouse.damage import rebuild_it
from warehouse.database import make_warehouse, open_warehouse
from warehouse.durable import remove_partials
from warehouse.edition import finish
from warehouse.journal import ARRIVAL, Journal
from warehouse.sealing import is_there

if TYPE_CHECKING:
    from flows.home import Home

REBUILDING = ".rebuild"
"""Folder of the home in which a warehouse is made anew."""
BUILT = ".rebuild.built"
"""Stands in the home from when that warehouse is whole until it is published."""


def recover(home: Home) -> list[str]:
    """Finish what a run that died has begun, remove what it has left, bring warehouse and journal level.

    Return the hashes of files that the archive could not give back. Raises DamagedError where the warehouse is
    damaged or missing.
    """
    recover_published(home)
    journal = Journal(home.folder("journal"))
    if not home.warehouse.exists():
        if journal.read(ARRIVAL) or is_there(home.published):
            raise rebuild_it(home.warehouse, "is missing, although there were nights before")
        make_warehouse(home.warehouse)
    with open_warehouse(home.warehouse) as con:
        lost = level(con, journal, home.folder("archive"))
        level_opinions(con, journal)
    return lost


def recover_published(home: Home) -> None:
    """Finish a publication that was cut short, after what was edited in its place is safe, and sweep up."""
    bring_in_saved(home)
    finish(home.folder("published"))
    _sweep(home)


def _sweep(home: Home) -> None:
    """Remove what writes that were cut short have left; none of it is named anywhere."""
    night.discard(home.warehouse)
    (home.path / BUILT).unlink(missing_ok=True)
    clear_partials(home.folder("archive"))
    for name in ("quarantine", "journal"):
        remove_partials(home.folder(name))
    for leftover in (*home.path.glob(f"{SCRATCH}*"), home.path / REBUILDING):
        if leftover.is_dir():
            shutil.rmtree(leftover)
    spilled = home.warehouse.with_name(home.warehouse.name + ".tmp")
    if spilled.is_dir():
        shutil.rmtree(spilled)
