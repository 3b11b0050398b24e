"""What waits in the inbox: taken in once, whole, however it comes and goes."""

from __future__ import annotations

import datetime as dt
import errno
import os
import shutil
from pathlib import Path

import pytest

from flows import intake
from flows.home import Home, HomeError, make_home
from flows.inbox import Waiting, discover
from flows.recovery import recover
from tests.conftest import AS_OF, EXAMPLES
from warehouse.archive import archive_path, bring_back
from warehouse.damage import DamagedError
from warehouse.database import open_warehouse
from warehouse.journal import ARRIVAL, Journal

REMITTANCE = EXAMPLES / "nights" / "2026-06-24" / "UHC_87726_ERA_20260611.edi"
OTHER = EXAMPLES / "nights" / "2026-06-24" / "ERA_60054_20260115_2208.835"


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = make_home(tmp_path / "home")
    recover(home)
    shutil.copy(REMITTANCE, home.folder("inbox") / "a.835")
    shutil.copy(OTHER, home.folder("inbox") / "b.835")
    return home


def take_in(home: Home) -> dict[str, int]:
    files = intake.remittances(home.folder("inbox"))
    intake.archive(home, files)
    return dict(intake.read_in(home, files, AS_OF))


def arrivals(home: Home) -> list[tuple[object, ...]]:
    with open_warehouse(home.warehouse) as con:
        found = con.execute("select arrival, name, outcome from era.file_seen order by arrival").fetchall()
    told = [
        (entry["number"], entry["name"], entry["outcome"])
        for entry in Journal(home.folder("journal")).read(ARRIVAL)
    ]
    assert found == told
    return found


def waiting(home: Home) -> list[str]:
    return sorted(path.name for path in home.folder("inbox").iterdir())


def test_a_file_that_was_loaded_but_not_removed_is_not_counted_twice(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Waiting, "clear", lambda _: True)  # killed before the file is removed
    assert take_in(home) == {"loaded": 2}
    monkeypatch.undo()
    assert waiting(home) == ["a.835", "b.835"]
    assert take_in(home) == {}
    assert waiting(home) == []
    shutil.copy(REMITTANCE, home.folder("inbox") / "a.835")  # the same bytes again: that is an arrival
    assert take_in(home) == {"duplicate": 1}
    assert arrivals(home) == [(1, "a.835", "loaded"), (2, "b.835", "loaded"), (3, "a.835", "duplicate")]


def test_one_that_cannot_be_removed_is_said_and_not_counted_again(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    unlink = Path.unlink

    def refuse(path: Path, *, missing_ok: bool = False) -> None:
        if path.suffix == ".835":
            raise OSError(errno.EROFS, "Read-only file system")
        unlink(path, missing_ok=missing_ok)

    monkeypatch.setattr(Path, "unlink", refuse)
    assert take_in(home) == {"loaded": 2, "stuck": 2}
    assert take_in(home) == {"stuck": 2}
    assert len(arrivals(home)) == 2


def test_one_that_somebody_writes_to_waits(home: Home) -> None:
    with (home.folder("inbox") / "a.835").open("ab") as upload:
        assert take_in(home) == {"loaded": 1}
        upload.write(b"\n")
    assert waiting(home) == ["a.835"]
    assert take_in(home) == {"loaded": 1}


def test_what_somebody_deleted_on_a_share_is_not_taken_in(home: Home) -> None:
    for folder in (".recycle", "day/.Trash-1000/files", "day"):
        (home.folder("inbox") / folder).mkdir(parents=True, exist_ok=True)
        shutil.copy(REMITTANCE, home.folder("inbox") / folder / "c.835")
    assert [file.path.relative_to(home.folder("inbox")).as_posix() for file in discover(home.folder("inbox"))] == [
        "a.835", "b.835", "day/c.835",
    ]  # fmt: skip


def test_a_path_that_no_database_opens_under_is_refused_in_words(tmp_path: Path) -> None:
    with pytest.raises(HomeError, match=r"under a path with \? in it"):
        make_home(tmp_path / "why?" / "home")


@pytest.mark.parametrize("what", ["removed", "written to"])
def test_one_that_goes_or_grows_while_it_is_read_is_left_alone(
    home: Home, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    read = Path.read_bytes
    stay = (home.folder("inbox") / "a.835").read_bytes()

    def meddled(path: Path) -> bytes:
        if path.name == "a.835" and what == "removed":
            path.unlink(missing_ok=True)
        data = read(path)
        if path.name == "a.835":
            path.write_bytes(data + b"\n")
        return data

    files = intake.remittances(home.folder("inbox"))
    with monkeypatch.context() as patch:
        patch.setattr(Path, "read_bytes", meddled)
        assert dict(intake.read_in(home, files, AS_OF)) == {"loaded": 1}
    assert waiting(home) == ([] if what == "removed" else ["a.835"])
    assert arrivals(home) == [(1, "b.835", "loaded")]
    (home.folder("inbox") / "a.835").write_bytes(stay)
    assert take_in(home) == {"loaded": 1}


def test_what_was_killed_between_journal_and_warehouse_is_loaded_from_the_archive(home: Home) -> None:
    empty = home.path / "empty.duckdb"
    shutil.copy(home.warehouse, empty)
    take_in(home)
    with open_warehouse(home.warehouse) as con:
        expected = con.execute("select * from era.service_line order by all").fetchall()
    shutil.copy(empty, home.warehouse)
    assert recover(home) == []
    with open_warehouse(home.warehouse) as con:
        assert con.execute("select * from era.service_line order by all").fetchall() == expected
    assert len(arrivals(home)) == 2


def test_what_the_archive_cannot_give_back_is_tried_again(home: Home) -> None:
    empty = home.path / "empty.duckdb"
    shutil.copy(home.warehouse, empty)
    take_in(home)
    entry = Journal(home.folder("journal")).read(ARRIVAL)[0]
    kept = archive_path(home.folder("archive"), entry["file_hash"])
    whole = kept.read_bytes()
    kept.write_bytes(whole[:200])
    shutil.copy(empty, home.warehouse)
    for _ in range(2):
        assert recover(home) == [entry["file_hash"]]
    with open_warehouse(home.warehouse) as con:
        con.execute("create schema work")
        con.execute("create table work.judged as select 2 as arrival, 'rules' as fingerprint")
    shutil.copy(REMITTANCE, home.folder("inbox") / "again.835")
    intake.archive(
        home, intake.remittances(home.folder("inbox"))
    )  # the bytes are at hand: the archive is mended
    assert kept.read_bytes() == whole
    assert bring_back(home.folder("archive"), entry["file_hash"]) == REMITTANCE.read_bytes()
    assert recover(home) == []
    with open_warehouse(home.warehouse) as con:
        judged = "select count(*) from duckdb_tables() where schema_name = 'work' and table_name = 'judged'"
        assert con.execute(judged).fetchall() == [(0,)]  # it came before what was judged: all is decided anew


def test_a_clock_that_is_wrong_makes_no_difference_to_files(home: Home) -> None:
    future = dt.datetime(2036, 1, 1, tzinfo=dt.UTC).timestamp()
    os.utime(home.folder("inbox") / "a.835", (future, future))
    assert take_in(home) == {"loaded": 2}


@pytest.mark.parametrize("damage", ["missing", "empty", "cut", "overwritten"])
def test_a_warehouse_that_is_not_whole_stops_the_night(home: Home, damage: str) -> None:
    take_in(home)
    data = home.warehouse.read_bytes()
    holed = bytearray(data)
    holed[12_288 + 100 :: 4096] = b"x" * len(holed[12_288 + 100 :: 4096])
    spoiled: dict[str, bytes | bytearray] = {"empty": b"", "cut": data[:40_000], "overwritten": holed}
    if damage == "missing":
        home.warehouse.unlink()
    else:
        home.warehouse.write_bytes(spoiled[damage])
    with pytest.raises(DamagedError, match="shortpay rebuild"):
        recover(home)


def test_leftovers_of_a_crash_are_swept_up(home: Home) -> None:
    left = [
        home.folder("archive") / "ab" / ".x.gz.partial",
        home.folder("quarantine") / ".y.partial",
        home.folder("published") / ".shortpay.duckdb.next",
        home.folder("published") / ".shortpay.duckdb.next.wal",
        home.path / "night.duckdb",
        home.path / "night.duckdb.wal",
        home.path / ".rebuild" / "warehouse.duckdb",
    ]
    for path in left:
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"half")
    recover(home)
    assert [path for path in left if path.exists()] == []
