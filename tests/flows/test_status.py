"""What is written down of nights, and what is told of it."""

import contextlib
import datetime as dt
import errno
import json
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest
from typer.testing import CliRunner

from contracts import TermsError
from contracts.problems import Problem
from flows import record
from flows.cli import app
from flows.home import Home, make_home
from flows.lock import hold
from flows.passing import passes
from flows.record import kind_of, read_record, recorded
from flows.serve import Watch, missed, not_done
from flows.settings import Schedule
from flows.status import standing
from flows.summary import Summary
from warehouse.damage import rebuild_it

NIGHT = dt.datetime(2026, 7, 1, 7, 30, tzinfo=dt.UTC)  # 2:30 in Chicago, the starter's schedule
AS_OF = dt.date(2026, 7, 1)
FOUND = Summary(
    coverage=[],
    payers=[("Payer of DOE, JANE", 1, 1, 0, 0, None)],
    next_up=[],
    open_count=3,
    open_amount=Decimal("12.50"),
    expired_count=0,
    expired_amount=Decimal(0),
    alarm_count=2,
    alarm_amount=Decimal("4.00"),
    files={"loaded": 5},
)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return make_home(tmp_path / "home")


def night(
    home: Home, monkeypatch: pytest.MonkeyPatch, at: dt.datetime, error: BaseException | None = None
) -> None:
    """Record a night that begins and ends at a time."""
    monkeypatch.setattr(record, "now", lambda: at)
    expected = contextlib.nullcontext() if error is None else pytest.raises(type(error))
    with expected, recorded(home, AS_OF) as report:
        if error is not None:
            raise error
        report(FOUND)


def test_a_good_night_is_written_down(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    night(home, monkeypatch, NIGHT)
    written = json.loads((home.folder("published") / "status.json").read_text())
    assert written["last"]["outcome"] == "good"
    assert written["last_good"]["figures"]["open_amount"] == "12.50"
    assert written["next_due"] == "2026-07-02T07:30:00Z"
    assert "DOE" not in json.dumps(written)


def test_a_failed_night_is_written_down_and_the_good_one_kept(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    night(home, monkeypatch, NIGHT)
    later = NIGHT + dt.timedelta(days=1)
    night(home, monkeypatch, later, ValueError("Could not convert 'DOE^JANE' to DATE"))
    found = read_record(home)
    assert found is not None
    assert found.last_good is not None
    assert (found.last.outcome, found.last.problem.split(" in step")[0]) == ("failed", "ValueError")
    assert found.last_good.started == NIGHT
    assert "DOE" not in (home.folder("published") / "status.json").read_text()
    night(home, monkeypatch, later, KeyboardInterrupt())
    found = read_record(home)
    assert found is not None
    assert found.last.outcome == "stopped"


def test_a_night_that_settings_stop_is_written_down_too(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    home.settings.write_text("[shedule]\n")
    night(home, monkeypatch, NIGHT, TermsError([Problem("shortpay.toml", 1, "unknown key")]))
    found = read_record(home)
    assert found is not None
    assert found.last.problem == "1 problem in what people wrote; see: shortpay contracts check"


def test_a_night_that_a_damaged_warehouse_stopped_says_what_to_do_and_the_next_one_clears_it(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    night(home, monkeypatch, NIGHT, rebuild_it(home.warehouse))
    told = str(standing(home, NIGHT))
    assert "failed: the warehouse is missing or damaged; run: shortpay rebuild, then: shortpay run" in told
    assert kind_of(duckdb.SerializationException("DOE")) in told
    night(home, monkeypatch, NIGHT + dt.timedelta(hours=1))
    assert standing(home, NIGHT + dt.timedelta(hours=2)).healthy


def test_an_error_tells_its_kind_and_never_its_text() -> None:
    told = kind_of(OSError(errno.ENOSPC, "No space left on device", "/inbox/DOE_JANE.835"))
    assert told.startswith("OSError ENOSPC")
    assert "DOE" not in told
    assert "DOE" not in kind_of(duckdb.ConversionException("DOE"))


# hours after the night that was due; was it good; healthy, and what is said
CASES = [
    (1, True, True, ""),
    (23, True, True, ""),
    (25, True, True, ""),  # the next one is due since an hour: not yet overdue
    (27, True, False, "the night due 2026-07-02 02:30 CDT has not been done"),
    (1, False, False, "failed: ValueError"),
    (27, False, False, "the night due 2026-07-02 02:30 CDT has not been done"),
]


@pytest.mark.parametrize(("hours", "good", "healthy", "says"), CASES)
def test_whether_somebody_should_look(
    home: Home, monkeypatch: pytest.MonkeyPatch, hours: int, good: bool, healthy: bool, says: str
) -> None:
    night(home, monkeypatch, NIGHT, None if good else ValueError())
    found = standing(home, NIGHT + dt.timedelta(hours=hours))
    assert found.healthy is healthy
    assert says in str(found)
    assert found.next_due == Schedule().next_due(NIGHT + dt.timedelta(hours=hours))


def test_a_night_whose_process_died_is_told_from_one_that_runs(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(record, "now", lambda: NIGHT)
    with recorded(home, AS_OF):
        with hold(home, "a night"):
            assert "has been running since" in str(standing(home, NIGHT).running)
            assert standing(home, NIGHT).healthy
        died = standing(home, NIGHT)
    assert "died; the next one finishes it" in str(died)
    assert not died.healthy


def test_the_command_for_a_person_and_for_a_program(home: Home) -> None:
    for name in ("DOE_JANE.835", "worklist.xlsx", "half.part"):
        (home.folder("inbox") / name).touch()
    plain = CliRunner().invoke(app, ["status", "--home", str(home.path)])
    assert plain.exit_code == 1
    assert "no night has run here yet" in plain.output
    assert "Waiting in the inbox: 1 files, 1 workbooks" in plain.output
    for_a_program = CliRunner().invoke(app, ["status", "--json", "--home", str(home.path)])
    assert for_a_program.exit_code == 1
    told = json.loads(for_a_program.output)
    assert (told["healthy"], told["waiting_files"], told["waiting_workbooks"]) == (False, 1, 1)
    assert "DOE" not in plain.output + for_a_program.output


def test_a_record_that_cannot_be_read_or_written_stops_nothing(
    home: Home, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (home.folder("published") / "status.json").write_text("{half")
    assert read_record(home) is None
    (home.folder("published") / ".status.json.partial").mkdir()
    night(home, monkeypatch, NIGHT)
    assert "status.json cannot be written" in capsys.readouterr().err


def test_a_missed_night_is_caught_up_once(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("flows.serve.now", lambda: NIGHT + dt.timedelta(days=5, hours=3))
    runs: list[int] = []
    told: list[bool] = []
    watch = Watch(home, lambda: runs.append(1))
    monkeypatch.setattr(watch, "_tell", lambda _, now_run: told.append(now_run))
    watch.catch_up()
    assert (len(runs), told) == (1, [])  # a new home: nothing was missed, and one runs to show that it can
    night(home, monkeypatch, NIGHT)
    watch.catch_up()
    assert (len(runs), told) == (2, [True])  # five nights missed: one run
    night(home, monkeypatch, NIGHT + dt.timedelta(days=5, hours=3))
    watch.catch_up()
    assert len(runs) == 2
    assert missed(home, Schedule(), NIGHT + dt.timedelta(days=5, hours=4)) is None


def test_a_night_that_does_not_begin_is_planned_once_and_told_once(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    night(home, monkeypatch, NIGHT)
    runs: list[int] = []
    told: list[bool] = []
    watch = Watch(home, lambda: runs.append(1))
    monkeypatch.setattr(watch, "_tell", lambda _, now_run: told.append(now_run))
    for minutes, planned, alerts in [(0, 0, 0), (4, 0, 0), (5, 1, 0), (90, 1, 0), (120, 1, 1), (600, 1, 1)]:
        watch.look(NIGHT + dt.timedelta(days=1, minutes=minutes))
        assert (len(runs), len(told)) == (planned, alerts), minutes
    with hold(home, "a night"):  # one that waits or works is not planned again
        assert not_done(home, Schedule(), NIGHT + dt.timedelta(days=2, minutes=9)) is None
    night(home, monkeypatch, NIGHT + dt.timedelta(days=2), ValueError())
    watch.look(NIGHT + dt.timedelta(days=2, hours=5))  # it began, and has failed: told by its own hook
    assert (len(runs), len(told)) == (1, 1)


def test_a_night_that_died_is_planned_again_once(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    night(home, monkeypatch, NIGHT)
    runs: list[int] = []
    watch = Watch(home, lambda: runs.append(1))
    monkeypatch.setattr(record, "now", lambda: NIGHT + dt.timedelta(days=1))
    with recorded(home, AS_OF):  # as a killed process leaves it
        for minutes, planned in [(1, 0), (6, 1), (7, 1)]:
            watch.look(NIGHT + dt.timedelta(days=1, minutes=minutes))
            assert len(runs) == planned


PASSING = [
    (OSError(errno.ENOSPC, "full"), True),
    (OSError(errno.EBUSY, "busy"), True),
    (OSError(errno.ESTALE, "share"), True),
    (BlockingIOError(errno.EAGAIN, "busy"), True),
    (TimeoutError(errno.ETIMEDOUT, "share"), True),
    (duckdb.IOException('Could not set lock on file "warehouse.duckdb"'), True),
    (duckdb.IOException("Could not write file: No space left on device"), True),
    (duckdb.IOException("The file is not a valid DuckDB database file"), False),
    (duckdb.ConversionException("No space left"), False),
    (FileNotFoundError(errno.ENOENT, "gone"), False),
    (PermissionError(errno.EACCES, "not yours"), False),
    (TermsError([Problem("a.toml", 1, "bad")]), False),
    (ValueError("No space left"), False),
]


@pytest.mark.parametrize(("error", "may"), PASSING, ids=[repr(error)[:50] for error, _ in PASSING])
def test_which_errors_may_pass(error: Exception, may: bool) -> None:
    assert passes(error) is may
