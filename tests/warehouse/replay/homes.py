"""A home folder taken through nights without the scheduler: the steps of flows.nightly, and a replay as the command asks it."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from era_parser import Source, parse
from flows.home import Home
from flows.replay import replayed
from tests.conftest import EXAMPLES
from warehouse import judge, night
from warehouse.archive import keep
from warehouse.database import open_warehouse
from warehouse.journal import Journal
from warehouse.load import load
from warehouse.publish import publish, readable
from warehouse.rule_set import keep_rules, read_rules

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence
    from pathlib import Path

    from warehouse.replay import Replay


def example_home(path: Path) -> Home:
    """A home with the example's settings, contracts and tables, before its first night."""
    home = Home(path)
    home.make_folders()
    shutil.copy(EXAMPLES / "shortpay.toml", home.settings)
    for name in ("contracts", "reference"):
        shutil.copytree(EXAMPLES / name, home.folder(name), dirs_exist_ok=True)
    return home


def run(home: Home, as_of: dt.date, sources: Sequence[Source] = ()) -> None:
    """One night."""
    rules = read_rules(home.rules)
    kept = keep_rules(home.rules, home.folder("archive"))
    for source in sources:
        keep(home.folder("archive"), source)
    with open_warehouse(home.warehouse) as con:
        load(con, sources, parse(sources), as_of)
        night.settle_rules(con, kept, rules.terms, rules.reference)
    night.run(home.warehouse, kept.name, rules.terms, rules.reference, rules.practice)
    with open_warehouse(home.warehouse) as con:
        judge.rank(con, as_of, Journal(home.folder("journal")))
        publish(con, home.folder("published"), as_of)


def ask(home: Home, dispute_id: str, today: dt.date) -> Replay:
    """Replay a dispute as `shortpay explain ID --replay` does."""
    with readable(home.published) as con:
        return replayed(con, home, dispute_id, today)
