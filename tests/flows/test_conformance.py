"""The second opinion of a night: kept once a file, within the limits, whatever happens to a process."""

import multiprocessing
import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from era_parser import Source, parse
from era_parser.conformance import NotChecked, Opinion
from flows import intake
from flows.conformance import check_new_files
from flows.conformance_workers import Job, WorkerError, opinions
from flows.home import Home, make_home
from flows.settings import Limits
from tests.conftest import AS_OF
from warehouse.archive import archive_path, keep
from warehouse.database import open_warehouse
from warehouse.publish import readable

FIXTURES = Path(__file__).parents[1] / "fixtures" / "835"


def job(archive: Path, name: str) -> Job:
    source = Source.from_path(FIXTURES / f"{name}.835")
    keep(archive, source)
    file = parse([source]).tables["file"]
    return Job(archive, source.file_hash, file["segment_count"][0], file["interchange_count"][0])


def struck(jobs: list[Job], victim: int, blow: Callable[[int], None]) -> Iterator[Job]:
    """Hand out jobs; before number `victim` is, something happens to the one process there is."""
    for number, each in enumerate(jobs):
        if number == victim:
            (worker,) = multiprocessing.active_children()
            assert worker.pid
            blow(worker.pid)
        yield each


@pytest.fixture
def three(tmp_path: Path) -> list[Job]:
    names = ("pass/one-claim", "pass/reversal", "fail/BAD_DATE-plain")
    return [job(tmp_path / "archive", name) for name in names]


@pytest.mark.parametrize(
    ("number", "reason"),
    [(signal.SIGKILL, NotChecked.WORKER_DIED), (signal.SIGSTOP, NotChecked.TIMED_OUT)],
    ids=["dies", "hangs"],
)
def test_a_process_that_dies_or_hangs_costs_its_file_the_opinion(
    three: list[Job], number: signal.Signals, reason: NotChecked
) -> None:
    found = list(opinions(struck(three, 1, lambda pid: os.kill(pid, number)), 4, 60, workers=1))
    assert [each for each, _ in found] == three
    assert [said.opinion for _, said in found] == [Opinion.CONFORMS, Opinion.NOT_CHECKED, Opinion.FAULTS]
    assert found[1][1].not_checked == reason
    assert multiprocessing.active_children() == []


def test_no_process_at_all_is_an_error_and_judges_nothing(three: list[Job]) -> None:
    killed = struck(three, 1, lambda pid: os.kill(pid, signal.SIGKILL))
    with pytest.raises(WorkerError):
        list(opinions(killed, 4, 60, workers=2))
    assert multiprocessing.active_children() == []


def test_a_file_that_the_archive_cannot_return_waits(three: list[Job]) -> None:
    archive_path(three[0].archive, three[0].file_hash).unlink()
    assert {each.file_hash for each, _ in opinions(three, 30, 60)} == {each.file_hash for each in three[1:]}


def test_after_the_budget_nothing_is_handed_out(three: list[Job]) -> None:
    assert list(opinions(three, 30, 0)) == []


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """Give a home with one conforming, one faulty, one 4010 and one refused file loaded."""
    place = make_home(tmp_path / "home")
    plain = (FIXTURES / "pass" / "one-claim.835").read_bytes()
    old = plain.replace(b"^*00501*", b"U*00401*").replace(b"005010X221A1", b"004010X091A1")
    files = {"plain": plain, "old": old, "empty": b""}
    files["faulty"] = (FIXTURES / "fail" / "BAD_DATE-plain.835").read_bytes()
    for name, data in files.items():
        (place.folder("inbox") / f"{name}.835").write_bytes(data)
    intake.read_in(place, intake.remittances(place.folder("inbox")), AS_OF)
    return place


def test_each_file_is_judged_once_and_analysts_see_it(home: Home) -> None:
    assert check_new_files(home, Limits()) == {"CONFORMS": 1, "FAULTS": 1, "NOT_CHECKED": 1}
    published = home.published.stat()
    with readable(home.published) as con:
        rows = con.execute(
            "select source_file, conformance, fault_count, first_fault, not_checked_code from out.conformance"
        ).fetchall()
        faults = con.execute(
            "select f.segment_tag, f.element, f.fault_code, d.file_hash is not null from era.conformance_fault f"
            " left join era.date d on d.file_hash = f.file_hash and d.segment = f.segment"
        ).fetchall()
    assert rows == [
        ("faulty.835", "FAULTS", 1, "segment 20 DTM02: not a date", None),
        ("old.835", "NOT_CHECKED", None, None, "OTHER_GUIDE"),
        ("plain.835", "CONFORMS", 0, None, None),
    ]
    assert faults == [("DTM", "DTM02", "8", True)]
    assert check_new_files(home, Limits()) == {}
    again = home.published.stat()
    assert (again.st_ino, again.st_mtime_ns) == (published.st_ino, published.st_mtime_ns)


def test_limits_leave_files_unchecked_until_they_allow_them(home: Home) -> None:
    assert check_new_files(home, Limits(minutes=0)) == {}
    assert not home.published.exists()
    assert check_new_files(home, Limits(megabytes=0.0001)) == {"NOT_CHECKED": 3}
    assert check_new_files(home, Limits(megabytes=0.0001)) == {}
    assert check_new_files(home, Limits()) == {"CONFORMS": 1, "FAULTS": 1, "NOT_CHECKED": 1}
    with open_warehouse(home.warehouse) as con:
        assert con.execute("select count(*) from era.conformance").fetchall() == [(3,)]


def test_another_release_of_pyx12_is_asked_again(home: Home) -> None:
    check_new_files(home, Limits())
    with open_warehouse(home.warehouse) as con:
        con.execute("update era.conformance set pyx12_version = '3.0.0'")
    assert check_new_files(home, Limits()).total() == 3
    with open_warehouse(home.warehouse) as con:
        assert con.execute("select count(*) from era.conformance_fault").fetchall() == [(1,)]
