"""Workbooks in the inbox, and the commands that do the same: without a night, on a home with a journal."""

from __future__ import annotations

import datetime as dt
import io
import json
from functools import partial
from typing import TYPE_CHECKING

import openpyxl
import pytest
from typer.testing import CliRunner

from flows.cli import app
from flows.edits import take_in_edits
from flows.home import make_home
from flows.inbox import remittances
from flows.leftovers import left_open
from flows.recovery import recover_published
from flows.saved import bring_in_saved
from tests.conftest import judge_all
from warehouse import publish as publishing
from warehouse.archive import bring_back
from warehouse.database import open_warehouse
from warehouse.journal import Journal
from warehouse.publish import publish

if TYPE_CHECKING:
    from pathlib import Path

    import duckdb

    from flows.home import Home
    from warehouse.edition import Edition

TODAY = dt.date(2026, 7, 1)
STATE = {
    "when_date": "2026-06-30",
    "dispute_id": "D-0123456789",
    "version": "abcdef0123",
    "standing": "short",
    "status": "new",
    "allowed_amount": "38.00",
    "expected_amount": "40.00",
    "shortfall_amount": "2.00",
    "recovered_amount": "0.00",
    "file_hash": "00",
    "claim": 1,
    "line": 1,
}


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = make_home(tmp_path / "home")
    Journal(home.folder("journal")).add("published", [STATE])
    return home


def worklist(**cells: object) -> bytes:
    row = {
        "dispute_id": "D-0123456789",
        "version": "abcdef0123",
        "status": "new",
        "assignee": None,
        "note": None,
        "decision_date": None,
    }
    book = openpyxl.Workbook()
    assert book.active is not None
    book.active.append(list(row))
    book.active.append(list((row | cells).values()))
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def shortpay(home: Home, *arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["dispute", *arguments, "--home", str(home.path)])
    return result.exit_code, " ".join(result.output.split())


def test_a_workbook_in_the_inbox_is_taken_in(home: Home) -> None:
    data = worklist(status="sent", note="portal")
    (home.folder("inbox") / "worklist (2).xlsx").write_bytes(data)
    (home.folder("inbox") / "remit.835").write_bytes(b"ISA")
    assert take_in_edits(home, TODAY) == {"workbooks": 1, "edits": 1}
    (event,) = Journal(home.folder("journal")).read("event")
    assert (event["status"], event["note"], event["when_date"]) == ("sent", "portal", "2026-07-01")
    assert [path.name for path in home.folder("inbox").iterdir()] == ["remit.835"]
    with open_warehouse(home.warehouse) as con:
        ((name, file_hash, outcome),) = con.execute(
            "select name, file_hash, outcome from era.file_seen"
        ).fetchall()
    assert (name, outcome) == ("worklist (2).xlsx", "edits")
    assert bring_back(home.folder("archive"), file_hash) == data


def test_any_other_workbook_is_set_aside_with_the_reason(home: Home) -> None:
    (home.folder("inbox") / "rates.xlsx").write_bytes(b"PK\x03\x04")
    assert take_in_edits(home, TODAY) == {"set_aside": 1}
    (reason,) = [json.loads(path.read_text()) for path in home.folder("quarantine").glob("*.json")]
    assert (reason["file"], reason["code"]) == ("rates.xlsx", "NOT_A_WORKLIST")
    assert not list(home.folder("inbox").iterdir())


@pytest.mark.parametrize("mark", ["~$worklist.xlsx", "~$rklist.xlsx", ".~lock.worklist.xlsx#"])
def test_one_that_is_still_open_waits(home: Home, mark: str) -> None:
    (home.folder("inbox") / "worklist.xlsx").write_bytes(worklist(status="sent"))
    (home.folder("inbox") / mark).write_bytes(b"ann")
    assert take_in_edits(home, TODAY) == {}
    assert remittances(home.folder("inbox")) == []
    (said,) = left_open(home.folder("inbox"))
    assert "open in a spreadsheet program: 1;" in said
    assert (home.folder("inbox") / "worklist.xlsx").exists()


def test_one_that_was_saved_just_after_edits_were_taken_is_no_remittance(home: Home) -> None:
    assert take_in_edits(home, TODAY) == {}
    (home.folder("inbox") / "WORKLIST.XLSX").write_bytes(worklist(status="sent"))
    assert remittances(home.folder("inbox")) == []
    assert take_in_edits(home, TODAY) == {"workbooks": 1, "edits": 1}


def test_set_and_show(home: Home) -> None:
    code, said = shortpay(
        home, "set", "d-0123456789", "--status", "Partly-Won", "--note", "letter", "--who", "ann",
        "--on", "2026-07-01", "--decided", "2026-06-30",
    )  # fmt: skip
    assert code == 0, said
    (event,) = Journal(home.folder("journal")).read("event")
    assert (event["status"], event["who"], event["decision_date"]) == ("partly won", "ann", "2026-06-30")
    assert (event["file_hash"], event["claim"], event["line"], event["after"]) == ("00", 1, 1, 1)
    code, said = shortpay(home, "show", "D-0123456789")
    assert code == 0
    assert "2026-06-30 published as new (short): allowed 38.00, expected 40.00, short 2.00" in said
    assert (
        "2026-07-01 ann set status 'partly won', note 'letter', decision_date '2026-06-30' (command)" in said
    )


def test_edits_saved_into_the_published_workbook_come_in_by_the_inbox(home: Home) -> None:
    """What a poster saved there was replaced by the next night without a word."""
    published, inbox = home.folder("published") / "worklist.xlsx", home.folder("inbox")
    published.write_bytes(worklist())
    recover_published(home)
    assert not list(inbox.iterdir()), "nobody has edited it"
    published.write_bytes(worklist(status="sent"))
    for _ in range(2):  # a night that was killed between the two, and one that was not
        recover_published(home)
        (copy,) = inbox.iterdir()
        assert copy.read_bytes() == published.read_bytes()
    assert take_in_edits(home, TODAY) == {"workbooks": 1, "edits": 1}
    recover_published(home)
    assert not list(inbox.iterdir()), "taken in once"
    (event,) = Journal(home.folder("journal")).read("event")
    assert event["source"].startswith("worklist saved in published")


def test_edits_are_safe_before_a_publication_that_was_cut_short_is_finished(home: Home) -> None:
    folder = home.folder("published")
    edited = worklist(note="saved meanwhile")
    (folder / "worklist.xlsx").write_bytes(edited)
    (folder / ".worklist.xlsx.next").write_bytes(b"the next edition")
    (folder / ".edition").write_text('["worklist.xlsx"]')
    recover_published(home)
    assert (folder / "worklist.xlsx").read_bytes() == b"the next edition"
    assert [path.read_bytes() for path in home.folder("inbox").iterdir()] == [edited]


def test_edits_saved_while_a_night_publishes_wait_for_the_next(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, edited = home.folder("published"), worklist(note="saved meanwhile")
    copied = publishing._copy_database  # the longest part of a publication

    def save_and_copy(con: duckdb.DuckDBPyConnection, tonight: Edition) -> None:
        (folder / "worklist.xlsx").write_bytes(edited)
        copied(con, tonight)

    monkeypatch.setattr(publishing, "_copy_database", save_and_copy)
    with open_warehouse(home.warehouse) as con:
        judge_all(con)
        publish(con, folder, TODAY, partial(bring_in_saved, home))
    assert (folder / "worklist.xlsx").read_bytes() != edited
    assert [path.read_bytes() for path in home.folder("inbox").iterdir()] == [edited]


def test_the_day_of_an_answer_can_be_taken_off(home: Home) -> None:
    assert shortpay(home, "set", "D-0123456789", "--on", "2026-07-01", "--decided", "2026-06-30")[0] == 0
    assert shortpay(home, "set", "D-0123456789", "--on", "2026-07-02", "--decided", "")[0] == 0
    first, second = Journal(home.folder("journal")).read("event")
    assert (first["decision_date"], second.get("decision_date")) == ("2026-06-30", None)
    assert second["decision_cleared"] is True
    assert "set decision_date ''" in shortpay(home, "show", "D-0123456789")[1]


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["set", "D-0123456789"], 2),
        (["set", "D-0123456789", "--decided", "soon"], 2),
        (["set", "D-0123456789", "--decided", "1990-06-30"], 2),
        (["set", "D-0123456789", "--status", "paid"], 2),
        (["set", "D-0123456789", "--status", "lost", "--on", "2026-07-01", "--decided", "2026-07-02"], 2),
        (["set", "D-0123456789", "--status", "sent", "--on", "2999-01-01"], 2),
        (["set", "D-9999999999", "--status", "sent"], 1),
        (["show", "D-9999999999"], 1),
    ],
)
def test_what_cannot_be_set(home: Home, arguments: list[str], code: int) -> None:
    assert shortpay(home, *arguments)[0] == code
    assert Journal(home.folder("journal")).read("event") == []
