"""Letters of payers: their clocks run from the day they are written down until they are answered."""

from __future__ import annotations

import datetime as dt
import shutil
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from contracts import Practice, Reference, Terms
from flows.cli import app
from flows.home import make_home
from warehouse import judge
from warehouse.database import open_warehouse
from warehouse.journal import Journal

if TYPE_CHECKING:
    from pathlib import Path

    from flows.home import Home

TODAY = dt.date(2026, 7, 20)
CASES = [
    # kind, dated, days of the letter, and what is due: step, last day, with the arithmetic
    ("documentation_request", "2026-07-01", None, [("answer", "2026-08-15")]),  # 1 July + 45
    (
        "recoupment_demand",
        "2026-07-01",
        None,
        [("ask for the stay", "2026-07-31"), ("last day before recoupment", "2026-08-10")],  # + 30; + 40
    ),
    ("redetermination_decision", "2026-07-01", None, [("reconsideration", "2027-01-02")]),  # + 5 + 180
    ("documentation_request", "2026-07-01", 30, [("answer", "2026-07-31")]),  # the letter's own 30
    ("other", "2026-07-01", 10, [("answer", "2026-07-11")]),  # passed, and still listed
]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    monkeypatch.setattr("flows.home.Home.today", lambda _: TODAY)
    return make_home(tmp_path / "home")


def said(home: Home, *arguments: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, ["letter", *arguments, "--home", str(home.path)])
    return done.exit_code, done.output


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Judge a warehouse without remittances, once: letters are ranked alone."""
    path = tmp_path_factory.mktemp("judged") / "warehouse.duckdb"
    with open_warehouse(path) as con:
        judge.store_terms(con, Terms(), Reference())
        judge.adjudicate(con)
        judge.compare(con)
        judge.price(con, Terms(), Reference(), Practice())
        judge.judge(con)
    return path


def due(home: Home, judged: Path, as_of: dt.date = TODAY) -> list[tuple[object, ...]]:
    if not home.warehouse.exists():
        shutil.copy(judged, home.warehouse)
    with open_warehouse(home.warehouse) as con:
        judge.rank(con, as_of, Journal(home.folder("journal")))
        return con.execute(
            "select due, deadline_date::varchar from out.deadline where about = 'letter'"
        ).fetchall()


@pytest.mark.parametrize(("kind", "dated", "days", "wanted"), CASES)
def test_a_letter_starts_its_clocks(
    home: Home, judged: Path, kind: str, dated: str, days: int | None, wanted: list[tuple[str, str]]
) -> None:
    given = [] if days is None else ["--days", str(days)]
    assert said(home, "add", kind, "--dated", dated, *given) == (
        0,
        f"L-0001: {kind} of {dated}; the next night lists its days\n",
    )
    assert due(home, judged) == wanted
    assert said(home, "done", "l-0001")[0] == 0
    assert due(home, judged) == []
    assert due(home, judged, dt.date(2026, 7, 19)) == [], "as of the day before, it had not been written down"


def test_a_kind_that_nobody_knows_is_refused(home: Home) -> None:
    code, output = said(home, "add", "postcard", "--dated", "2026-07-01")
    assert code == 2
    assert "recoupment_demand" in output
    assert said(home, "add", "other", "--dated", "2026-07-01")[0] == 2, "without its days"


def test_a_letter_of_tomorrow_and_an_unknown_number_are_refused(home: Home) -> None:
    assert said(home, "add", "documentation_request", "--dated", "2026-07-21")[0] == 2
    assert said(home, "done", "L-0009")[0] != 0
    assert said(home, "add", "documentation_request", "--dated", "2026-07-10")[0] == 0
    for day in ("2026-07-09", "2026-07-21"):  # before it was written; still to come
        assert said(home, "done", "l-0001", "--on", day)[0] == 2
    assert said(home, "done", "l-0001", "--on", "2026-07-10")[0] == 0
    assert said(home, "add", "documentation_request", "--dated", "2026-07-01", "--amount", "12.345")[0] == 2
