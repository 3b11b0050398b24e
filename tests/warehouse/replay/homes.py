"""A home folder taken through nights without the scheduler: the steps of flows.nightly, and a replay as the command asks it."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from contracts import TermsError, read_practice, read_reference, read_terms
from era_parser import Source, parse
from flows.home import Home
from tests.conftest import EXAMPLES
from warehouse import judge, night
from warehouse.archive import keep
from warehouse.database import open_warehouse
from warehouse.journal import Journal
from warehouse.load import load
from warehouse.publish import publish, readable
from warehouse.replay import Records, Replay, replay
from warehouse.rule_set import Rules, keep_rules, rules_now

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence
    from pathlib import Path


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
    rules = rules_of(home)
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


def rules_of(home: Home) -> Rules:
    terms, reference = read_terms(home.rules.contracts), read_reference(home.rules.reference)
    return Rules(rules_now(home.rules), terms, reference, read_practice(home.settings))


def ask(home: Home, dispute_id: str, today: dt.date) -> Replay:
    """Replay a dispute as `shortpay explain ID --replay` does."""
    try:
        now: Rules | TermsError = rules_of(home)
    except TermsError as error:
        now = error
    with readable(home.published) as con:
        records = Records(con, home.folder("archive"), Journal(home.folder("journal")), dispute_id)
        return replay(records, now, today)


def disputes(home: Home, where: str = "true") -> list[str]:
    with readable(home.published) as con:
        rows = con.execute(f"select dispute_id from out.dispute where {where} order by dispute_id").fetchall()
        return [row[0] for row in rows]
