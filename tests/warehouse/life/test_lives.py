"""How disputes live: each case night by night; the journal in any order, read again, or given back."""

from __future__ import annotations

import datetime as dt
import random
from typing import TYPE_CHECKING

import pytest

from contracts import read_practice, read_reference, read_terms
from era_parser import Source, parse
from era_parser import registry as era_registry
from tests.conftest import EXAMPLES
from tests.warehouse.ledger.histories import edi
from tests.warehouse.ledger.terms import write_terms
from tests.warehouse.life.lives import NIGHTS, SECOND_LEVEL, Seen, cases, disputes, expected, seen, words
from warehouse import judge
from warehouse.database import open_warehouse
from warehouse.edits import Standing
from warehouse.journal import Journal
from warehouse.load import load
from warehouse.recompute import Case as Replayed
from warehouse.recompute import recompute
from warehouse.related import Related
from warehouse.rule_set import Rules, RuleSet

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import duckdb

    from contracts import Reference, Terms
    from tests.warehouse.ledger.histories import Case

CASES = cases()
LAST = NIGHTS[6]
STATE = "select * from out.life order by dispute_id"


class Practice:
    """All cases in one warehouse, a night at a time."""

    def __init__(self, folder: Path) -> None:
        write_terms(folder)
        plan = folder / "plan.toml"
        plan.write_text(plan.read_text() + SECOND_LEVEL)
        self.terms: Terms = read_terms(folder)
        self.reference: Reference = read_reference(EXAMPLES / "reference")
        self.con: duckdb.DuckDBPyConnection = open_warehouse(folder / "warehouse.duckdb")
        self.folder = folder / "journal"
        self.journal = Journal(self.folder)
        self.found: dict[int, Seen] = {}

    def night(self, number: int) -> None:
        before = NIGHTS.get(number - 1)
        sources = []
        for case in CASES:
            self.enter(case, before, NIGHTS[number])
            files = [file for file in case.files if file.night == number]
            sources += [Source(case.source_name(file.name), edi(file)) for file in files]
        load(self.con, sources, parse(sources), NIGHTS[number])
        if sources:
            judge.store_terms(self.con, self.terms, self.reference)
            judge.adjudicate(self.con)
            judge.compare(self.con)
            judge.price(self.con, self.terms, self.reference, read_practice(EXAMPLES / "shortpay.toml"))
            judge.judge(self.con)
        judge.rank(self.con, NIGHTS[number], self.journal)
        for case in CASES:
            rows = disputes(self.con, case)
            self.found.setdefault(case.number, {}).update(seen(rows, expected(case), number))

    def enter(self, case: Case, after: dt.date | None, until: dt.date) -> None:
        due = [word for word in words(case) if word.day <= until and (after is None or word.day > after)]
        if not due:
            return
        known = {row["procedure_code"]: row["dispute_id"] for row in disputes(self.con, case)}
        for word in due:
            standing = Standing(self.journal)
            dispute = known[word.code] if word.code else next(iter(known.values()))
            self.journal.add("event", [standing.event(dispute, word.changes, word.day, word.who, "case")])


@pytest.fixture(scope="module")
def practice(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Practice]:
    practice = Practice(tmp_path_factory.mktemp("lives"))
    for number in NIGHTS:
        practice.night(number)
    yield practice
    practice.con.close()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_dispute_stands_as_the_case_says(practice: Practice, case: Case) -> None:
    wanted, found = expected(case), practice.found[case.number]
    told = {key: {name: found[key].get(name) for name in tokens} for key, tokens in wanted.items()}
    assert told == wanted


def test_the_same_night_again_adds_nothing(practice: Practice) -> None:
    before = practice.con.execute(STATE).fetchall()
    written = {path.name: path.read_bytes() for path in sorted(practice.folder.glob("*.jsonl"))}
    judge.rank(practice.con, LAST, practice.journal)
    assert practice.con.execute(STATE).fetchall() == before
    assert {path.name: path.read_bytes() for path in sorted(practice.folder.glob("*.jsonl"))} == written


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_order_of_the_journal_does_not_matter(practice: Practice, tmp_path: Path, seed: int) -> None:
    before = practice.con.execute(STATE).fetchall()
    with practice.con.cursor() as con:
        con.begin()
        for book in ("event", "published"):
            lines = (practice.folder / f"{book}.jsonl").read_text().splitlines(keepends=True)
            random.Random(seed).shuffle(lines)  # noqa: S311
            (tmp_path / f"{book}.jsonl").write_text("".join(lines))
            con.execute(f"delete from life.{book}")  # noqa: S608
        judge.rank(con, LAST, Journal(tmp_path))
        assert con.execute(STATE).fetchall() == before
        con.rollback()


def test_journal_and_warehouse_give_back_what_the_other_lost(practice: Practice, tmp_path: Path) -> None:
    before = practice.con.execute(STATE).fetchall()
    events = len(practice.journal.read("event"))
    with practice.con.cursor() as con:
        con.begin()
        lost = Journal(tmp_path / "lost")
        judge.rank(con, LAST, lost)
        assert sorted(lost.read("event"), key=str) == sorted(
            [
                {name: entry.get(name) for name in lost.read("event")[0]}
                for entry in practice.journal.read("event")
            ],
            key=str,
        )
        for book in ("event", "published", "refused_edit"):
            con.execute(f"drop table life.{book}")
        judge.rank(con, LAST, lost)
        assert con.execute("select count(*) from life.event").fetchall() == [(events,)]
        assert con.execute(STATE).fetchall() == before
        con.rollback()


def test_an_earlier_day_can_be_run_again(practice: Practice) -> None:
    """As of June, what was set in July has not been said."""
    with practice.con.cursor() as con:
        con.begin()
        judge.rank(con, NIGHTS[2], Journal(None))
        late = con.execute(
            "select count(*) from out.life where status = 'expired' or sent_date > ?", [NIGHTS[2]]
        )
        assert late.fetchall() == [(0,)]
        con.rollback()


def test_every_dispute_is_on_one_list(practice: Practice) -> None:
    con = practice.con
    lists = (
        "select dispute_id from out.worklist union all select dispute_id from out.expired"
        " union all select dispute_id from out.closed"
    )
    assert (
        con.execute(f"{lists} order by 1").fetchall()
        == con.execute("select dispute_id from out.life order by 1").fetchall()
    )


def test_the_scorecard_adds_up(practice: Practice) -> None:
    con = practice.con
    sums = con.execute(
        "select sum(found_count), sum(won_count + partly_won_count + lost_count + invalid_count + written_off_count"
        " + expired_count), sum(recovered_amount) from out.scorecard"
    ).fetchall()
    life = con.execute(
        "select count(*), count(*) filter (where status not in ('new', 'reviewing', 'sent')), sum(recovered_amount) from out.life"
    ).fetchall()
    assert sums == life
    shares = con.execute("select found_count, invalid_count, invalid_share from out.scorecard").fetchall()
    assert all(abs(share * found - invalid) * 20000 <= found for found, invalid, share in shares)


COMPARED = (
    "standing", "status", "allowed_amount", "expected_amount", "shortfall_amount", "recovered_amount", "cause", "dispute_by",
)  # fmt: skip


@pytest.mark.slow
def test_every_published_state_comes_out_again_of_what_was_known_then(practice: Practice) -> None:
    """What `explain --replay` does, a night at a time: no file, word or state of later counts."""
    con = practice.con
    tables = {name: con.sql(f'from era."{name}"').pl() for name in era_registry.tables()}
    all_of_it = Related(
        con.sql("select file_hash, claim from era.claim").pl(),
        con.sql("select file_hash, payment from era.payment").pl(),
        con.sql("select file_hash, payment, segment, position from era.provider_adjustment").pl(),
        con.sql("from era.file_seen").pl(),
    )
    rules = Rules(RuleSet(), practice.terms, practice.reference, read_practice(EXAMPLES / "shortpay.toml"))
    events, published = practice.journal.read("event"), practice.journal.read("published")
    compared = 0
    for night in sorted({entry["when_date"] for entry in published}):
        own = [
            one
            for one in published
            if one["when_date"] == night and one["standing"] in {"short", "taken back"}
        ]
        first = min(one["number"] for one in published if one["when_date"] == night)
        case = Replayed(
            tables,
            all_of_it.arrived_by(own[0]["last_arrival"]),
            [one for one in events if one["after"] < first],
            [one for one in published if one["number"] < first],
            con.sql("from core.company").pl(),
        )
        lines = [(one["file_hash"], one["claim"], one["line"]) for one in own]
        for entry, found in zip(
            own, recompute(case, rules, dt.date.fromisoformat(night), lines), strict=True
        ):
            assert found is not None
            assert {name: str(found[name]) for name in COMPARED} == {
                name: str(entry[name]) for name in COMPARED
            }
            compared += 1
    assert compared > 80
