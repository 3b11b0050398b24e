"""`shortpay verify` finds what is off and says where; `shortpay rebuild` makes the warehouse anew, the same."""

from __future__ import annotations

import gzip
import json
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import duckdb
import pytest
from typer.testing import CliRunner

from flows.cli import app
from flows.example import nights, place_example
from flows.home import Home
from flows.record import STATUS
from tests.crash.state import differences, state
from warehouse.encounters.store import store_path
from warehouse.journal import ARRIVAL, Journal

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture(scope="module")
def after_a_night(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home after one night, with opinions and quarantined files."""
    path = tmp_path_factory.mktemp("verify") / "home"
    home = place_example(path)
    for night in nights(home)[:2]:
        night.drop(home)
    subprocess.run(
        [sys.executable, "-m", "tests.crash.plain", str(path), "2026-06-26"], check=True, timeout=300
    )
    return path


@pytest.fixture
def home(after_a_night: Path, tmp_path: Path) -> Home:
    shutil.copytree(after_a_night, tmp_path / "home")
    return Home(tmp_path / "home")


def shortpay(command: str, home: Home, *options: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, [command, "--home", str(home.path), *options])
    return result.exit_code, " ".join(result.output.split()) + str(result.exception or "")


def test_all_is_well(home: Home) -> None:
    before = state(home.path)
    code, said = shortpay("verify", home)
    assert code == 0, said
    assert said.count("good") == 7
    assert "1 encounter files read again" in said
    assert "8 files read again" in said
    assert differences(before, state(home.path)) == []


def change(home: Home, statement: str, *values: object) -> None:
    with duckdb.connect(str(home.warehouse)) as con:
        con.execute(statement, values)


def change_store(home: Home, statement: str) -> None:
    with duckdb.connect(str(store_path(home.warehouse))) as con:
        con.execute(statement)


def archived(home: Home) -> Path:
    return min(home.folder("archive").rglob("*.gz"))


def edit(path: Path, old: bytes, new: bytes) -> None:
    data = path.read_bytes()
    assert old in data
    path.write_bytes(data.replace(old, new, 1))


Tampering = dict[str, tuple["Callable[[Home], object]", str]]
TAMPERED: list[Tampering] = [
    {
        "another file's bytes": (
            lambda home: archived(home).write_bytes(gzip.compress(b"ISA")),
            "does not have the content that its name says; restore it from a backup",
        ),
        "a stranger": (
            lambda home: (home.folder("archive") / "x.gz").write_bytes(b""),
            "archive/x.gz: is no file of the archive",
        ),
        "a cent": (
            lambda home: change(
                home, "update era.claim set paid_amount = paid_amount + 0.01 where rowid = 3"
            ),
            "era.claim, file",
        ),
        "a name": (
            lambda home: change(home, "update era.party set name = 'X' where rowid = 5"),
            "the same count and dollars as in the archive, but other values",
        ),
        "a lost line": (
            lambda home: change(home, "delete from era.service_line where rowid = 4"),
            "core.verdict: 91 lines",
        ),
        "an old edition": (
            lambda home: change(
                home, "update out.worklist set shortfall_amount = shortfall_amount + 1 where rowid = 0"
            ),
            "published/shortpay.duckdb, out.worklist: 31 rows, the warehouse 31 rows, other content; shortpay run",
        ),
        "the workbook": (
            lambda home: edit(home.folder("published") / "worklist.xlsx", b"PK", b"KP"),
            "published/worklist.xlsx: was changed since it was published",
        ),
        "a line of the journal": (
            lambda home: edit(home.folder("journal") / "published.jsonl", b'"number": 2,', b'"number": '),
            "journal/published.jsonl, line 2: cannot be read",
        ),
        "an arrival": (
            lambda home: Journal(home.folder("journal")).add(ARRIVAL, [{"name": "x"}]),
            "journal/arrival.jsonl: 1 entries are not in the warehouse; shortpay run takes them in",
        ),
    },
    {
        "a damaged archive file": (
            lambda home: edit(archived(home), b"\x1f\x8b", b"\x00\x00"),
            "does not have the content",
        ),
        "a missing archive file": (
            lambda home: max(home.folder("archive").rglob("*.gz")).unlink(),
            "is not in the archive",
        ),
        "a lost verdict": (
            lambda home: change(home, "delete from core.verdict where rowid = 4"),
            "core.verdict: 90 lines",
        ),
        "the csv": (
            lambda home: edit(home.folder("published") / "worklist.csv", b"UnitedHealthcare", b"United"),
            "published/worklist.csv: 2 lines differ from out.worklist",
        ),
        "no workbook": (
            lambda home: (home.folder("published") / "worklist.xlsx").unlink(),
            "worklist.xlsx: is not there",
        ),
        "the published database": (
            lambda home: edit(home.published, b"DUCK", b"DACK"),
            "published/shortpay.duckdb: is damaged; shortpay run publishes anew",
        ),
    },
    {
        "the warehouse": (
            lambda home: edit(home.warehouse, b"DUCK", b"DACK"),
            "make it anew from archive and journal with: shortpay rebuild",
        )
    },
    {
        "minutes in the store": (
            lambda home: change_store(home, "update row set minutes = minutes + 1 where row_number = 3"),
            "row: as many rows as in the archive, but other values; remove it: shortpay run makes it anew",
        ),
        "a lost finding": (
            lambda home: change_store(home, "delete from finding where row_number = 40"),
            "finding: 4 rows; read again from the archive 5",
        ),
        "rows of nobody": (
            lambda home: change_store(home, "insert into file (file_hash) values ('x')"),
            "encounters.duckdb: has rows of 1 files that are no arrival",
        ),
    },
    {
        "the store": (
            lambda home: edit(store_path(home.warehouse), b"DUCK", b"DACK"),
            "encounters.duckdb: is damaged; remove it: shortpay run makes it anew from the archive",
        )
    },
    {
        "no store": (
            lambda home: store_path(home.warehouse).unlink(),
            "encounters.duckdb: is not there; shortpay run makes it anew from the archive",
        )
    },
    {"no warehouse": (lambda home: home.warehouse.unlink(), "is missing")},
]


@pytest.mark.parametrize("tampered", TAMPERED, ids=", ".join)
def test_what_is_off_is_found(home: Home, tampered: Tampering) -> None:
    for tamper, _ in tampered.values():
        tamper(home)
    code, said = shortpay("verify", home)
    assert code == 1
    assert {what: expected for what, (_, expected) in tampered.items() if expected not in said} == {}


def test_a_rebuilt_warehouse_is_the_same(home: Home) -> None:
    before = state(home.path)
    data = home.warehouse.read_bytes()
    home.warehouse.write_bytes(data[:100_000])
    for path in home.folder("published").iterdir():
        if path.name != STATUS:  # what became of the last night, which a rebuild is none
            path.unlink()
    code, said = shortpay("rebuild", home, "--as-of", "2026-06-26")
    assert code == 0, said
    aside = home.path / "warehouse.old-1.duckdb"
    assert aside.name in said
    assert aside.read_bytes() == data[:100_000]
    aside.unlink()
    assert differences(before, state(home.path)) == []
    assert shortpay("verify", home)[0] == 0


@pytest.mark.slow
def test_a_rebuild_makes_damaged_encounters_anew(home: Home) -> None:
    before = state(home.path)
    edit(store_path(home.warehouse), b"DUCK", b"DACK")
    code, said = shortpay("rebuild", home, "--as-of", "2026-06-26")
    assert code == 0, said
    assert "encounters.duckdb was damaged: made anew from the archive" in said
    for name in ("warehouse.old-1.duckdb", "encounters.damaged.duckdb"):
        (home.path / name).unlink()
    assert differences(before, state(home.path)) == []
    assert shortpay("verify", home)[0] == 0


@pytest.mark.slow
def test_a_rebuilt_worklist_warns_of_the_same_windows(home: Home) -> None:
    """A night warns of windows that close before the next one, here in January: so does a rebuild."""
    nightly = home.settings.read_text()
    home.settings.write_text(nightly.replace('"30 2 * * *"', '"30 2 1 1 *"'))
    assert shortpay("rebuild", home, "--as-of", "2026-06-26")[0] == 0
    with duckdb.connect(str(home.published)) as con:
        rows = con.execute("select dispute_by < '2027-01-01', alarm is not null from out.worklist").fetchall()
    assert {True, False} == {alarmed for _, alarmed in rows}
    assert all(soon == alarmed for soon, alarmed in rows)


@pytest.mark.slow
def test_a_rebuild_that_died_before_it_published_keeps_the_old_file_and_no_other(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = state(home.path)
    damaged = home.warehouse.read_bytes()[:100_000]
    home.warehouse.write_bytes(damaged)

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as at_once:
        at_once.setattr("flows.rebuild.publish", killed)
        assert shortpay("rebuild", home)[0] != 0
    assert shortpay("rebuild", home)[0] == 0
    (aside,) = home.path.glob("warehouse.old-*")
    assert aside.read_bytes() == damaged
    aside.unlink()
    assert differences(before, state(home.path)) == []


def test_a_rebuild_without_a_file_of_the_archive_needs_leave(home: Home) -> None:
    entry = next(
        entry for entry in Journal(home.folder("journal")).read(ARRIVAL) if entry["outcome"] == "loaded"
    )
    kept = home.folder("archive") / entry["file_hash"][:2] / f"{entry['file_hash']}.gz"
    kept.unlink()
    before = home.warehouse.read_bytes()
    code, said = shortpay("rebuild", home)
    assert code == 1
    assert "1 files of the archive are missing or damaged" in said
    assert home.warehouse.read_bytes() == before
    assert shortpay("rebuild", home, "--incomplete")[0] == 0
    with duckdb.connect(str(home.warehouse), read_only=True) as con:
        assert con.execute("select count(*) from era.file").fetchall() == [(7,)]


def test_a_home_of_an_earlier_version_is_rebuilt_from_what_was_published(home: Home) -> None:
    """Its journal has no arrivals."""
    before = state(home.path)
    (home.folder("journal") / "arrival.jsonl").unlink()
    home.warehouse.unlink()
    assert shortpay("rebuild", home)[0] == 0
    found = state(home.path)
    told = [
        json.loads(line)["name"]
        for line in (home.folder("journal") / "arrival.jsonl").read_text().splitlines()
    ]
    assert len(told) == 12
    assert differences(before, found) == []
