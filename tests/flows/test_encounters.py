"""encounters/ in a home: archived as it came, taken in once, what is none set aside with the reason."""

from __future__ import annotations

import datetime as dt
import io
import json
from typing import TYPE_CHECKING

import openpyxl
import pytest
from rich.console import Console
from typer.testing import CliRunner

from era_parser import Source
from flows.cli import app
from flows.encounters import take_in_encounters
from flows.home import Home, make_home
from flows.progress import showing
from warehouse.archive import bring_back
from warehouse.database import open_warehouse
from warehouse.encounters import read_encounters, reading
from warehouse.encounters.store import load_encounters, open_store, store_path

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

AS_OF = dt.date(2026, 7, 1)
GOOD = b'account,date,code,minutes,note\r\nA1,2026-06-01,97140,15,"some, text"\r\n'


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return make_home(tmp_path / "home")


def test_files_are_archived_as_they_came_and_taken_in_once(home: Home) -> None:
    (home.folder("encounters") / "a.csv").write_bytes(GOOD)
    assert take_in_encounters(home, AS_OF) == {"encounters": 1}
    (home.folder("encounters") / "b.csv").write_bytes(GOOD)
    assert take_in_encounters(home, AS_OF) == {"encounters_duplicate": 1}
    assert not list(home.folder("encounters").iterdir())
    with open_warehouse(home.warehouse) as con, open_store(home.warehouse) as store:
        arrivals = con.execute(
            "select name, outcome, message, file_hash from era.file_seen order by arrival"
        ).fetchall()
        assert [row[:2] for row in arrivals] == [("a.csv", "encounters"), ("b.csv", "duplicate")]
        assert "some" not in arrivals[0][2]
        assert store.execute("select count(*) from row").fetchall() == [(1,)]
    assert bring_back(home.folder("archive"), arrivals[0][3]) == GOOD


def test_what_is_no_encounter_file_is_set_aside(home: Home) -> None:
    (home.folder("encounters") / "bad.doc").write_bytes(b"name,amount\nSmith,3\n")
    (home.folder("encounters") / "good.csv").write_bytes(GOOD)
    assert take_in_encounters(home, AS_OF) == {"encounters_refused": 1, "encounters": 1}
    (reason,) = [json.loads(path.read_text()) for path in home.folder("quarantine").glob("*.json")]
    assert reason["code"] == "NOT_ENCOUNTERS"
    assert "patient_account" in reason["message"]
    assert "Smith" not in json.dumps(reason)


def worklist(form: str) -> bytes:
    """What a published worklist has of an encounter file, and what tells it from one."""
    heading = ["dispute_id", "status", "patient_account", "service_date", "procedure_code", "version"]
    row = ["D-0123456789", "new", "A1", "2026-06-01", "97140", "abcdef0123"]
    if form == "csv":
        return "\n".join(",".join(cells) for cells in (heading, row)).encode()
    out, book = io.BytesIO(), openpyxl.Workbook()
    assert book.active is not None
    book.active.append(heading)
    book.active.append(row)
    book.save(out)
    return out.getvalue()


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_a_worklist_is_no_encounter_file(home: Home, form: str) -> None:
    said = "no encounter file but a worklist: it belongs into inbox/"
    path = home.folder("encounters") / f"worklist.{form}"
    path.write_bytes(worklist(form))
    checked = CliRunner().invoke(app, ["check", str(path), "--home", str(home.path)])
    assert checked.exit_code == 1
    assert said in str(checked.exception)
    assert take_in_encounters(home, AS_OF) == {"encounters_refused": 1}
    (reason,) = [json.loads(path.read_text()) for path in home.folder("quarantine").glob("*.json")]
    assert (reason["code"], said in reason["message"]) == ("NOT_ENCOUNTERS", True)


def test_a_worklist_that_an_earlier_version_took_in_stays_out(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as earlier:
        earlier.setattr(reading, "_OF_WORKLIST", {"nothing has this"})
        (home.folder("encounters") / "worklist.csv").write_bytes(worklist("csv"))
        assert take_in_encounters(home, AS_OF) == {"encounters": 1}
    verified = CliRunner().invoke(app, ["verify", "--home", str(home.path)])
    assert "taken in by an earlier version: no encounter file but a worklist" in verified.output
    store_path(home.warehouse).unlink()
    assert told(home) == ""
    assert rows(home) == []


def test_a_night_that_died_after_keeping_the_rows_is_finished(home: Home) -> None:
    """The rows are in the store, the arrival is in no journal: the next night notes it as the first."""
    with open_store(home.warehouse) as store:
        source = Source("a.csv", GOOD)
        load_encounters(store, source, read_encounters(source), AS_OF)
    (home.folder("encounters") / "a.csv").write_bytes(GOOD)
    assert take_in_encounters(home, AS_OF) == {"encounters": 1}
    with open_store(home.warehouse) as store:
        assert store.execute("select count(*) from row").fetchall() == [(1,)]


def told(home: Home) -> str:
    out = io.StringIO()
    with showing(Console(file=out, width=300)):
        take_in_encounters(home, AS_OF)
    return out.getvalue()


def rows(home: Home) -> list[tuple[object, ...]]:
    with open_store(home.warehouse) as store:
        return store.execute("select file_hash, row_number, note from row order by all").fetchall()


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    for place in range(12_288, len(data), 4096):
        data[place] ^= 0xFF
    path.write_bytes(data)


def leave_the_log(path: Path) -> None:
    path.rename(path.with_name(path.name + ".wal"))


DAMAGES: dict[str, tuple[Callable[[Path], object], bool]] = {
    "no database": (lambda path: path.write_bytes(b"nonsense" * 1000), True),
    "a flipped block": (flip, True),
    "cut short": (lambda path: path.write_bytes(path.read_bytes()[:9000]), True),
    "gone, its log left": (leave_the_log, False),
    "empty": (lambda path: path.write_bytes(b""), True),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_store_is_made_anew_from_the_archive(home: Home, damage: str) -> None:
    many = b"".join(b'A%d,2026-06-01,97140,15,"text %d"\r\n' % (n, n) for n in range(2000))
    (home.folder("encounters") / "a.csv").write_bytes(GOOD + many)
    assert told(home) == ""
    before, path = rows(home), store_path(home.warehouse)
    harm, aside = DAMAGES[damage]
    harm(path)
    said = told(home)
    assert "1 encounter files read again from the archive" in said
    assert (
        ("encounters.duckdb was damaged" in said)
        == aside
        == (home.path / "encounters.damaged.duckdb").exists()
    )
    assert rows(home) == before
    assert told(home) == ""


def test_what_the_archive_lost_is_said_and_the_rest_goes_on(home: Home) -> None:
    (home.folder("encounters") / "a.csv").write_bytes(GOOD)
    (home.folder("encounters") / "b.csv").write_bytes(GOOD.replace(b"A1", b"A2"))
    take_in_encounters(home, AS_OF)
    store_path(home.warehouse).unlink()
    next(home.folder("archive").rglob("*.gz")).unlink()
    said = told(home)
    assert "1 encounter files read again" in said
    assert "1 encounter files are missing or damaged in the archive" in said
    assert len(rows(home)) == 1
