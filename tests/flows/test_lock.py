"""One run at a time in a home: the lock names its holder, dies with it, and is taken over with a word."""

import datetime as dt
import fcntl
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from flows import lock
from flows.home import Home, HomeError, make_home
from flows.lock import Holder, LockedError, hold, holder_of

ROOT = Path(__file__).parents[2]
HOLDS = """
import sys, time
from pathlib import Path
from flows.home import Home
from flows.lock import hold
with hold(Home(Path(sys.argv[1])), "a night"):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return make_home(tmp_path / "home")


@pytest.fixture
def other(home: Home) -> Iterator[subprocess.Popen[str]]:
    """Give another process that holds the lock."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLDS, home.path],
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def said(home: Home, what: str = "a night", **more: object) -> list[str]:
    """Return what is said when the lock is taken."""
    told: list[str] = []
    with hold(home, what, say=told.append):
        assert holder_of(home)[1]
    return told


def write(home: Home, host: str, silent: float) -> None:
    """Leave the lock file of a holder on a machine that last touched it so many seconds ago."""
    holder = Holder.me("a night").model_copy(update={"host": host, "pid": 77})
    path = home.path / lock.LOCK
    path.write_text(holder.model_dump_json())
    os.utime(path, (time.time() - silent,) * 2)


def test_the_file_names_the_holder_and_is_empty_afterwards(home: Home) -> None:
    with hold(home, "a night"):
        named = json.loads((home.path / lock.LOCK).read_text())
        assert named["pid"] == os.getpid()
        assert named["what"] == "a night"
        assert dt.datetime.fromisoformat(named["started"]).tzinfo
        assert (home.path / lock.LOCK).stat().st_mode & 0o777 == 0o600
    assert (home.path / lock.LOCK).read_bytes() == b""
    assert holder_of(home) == (None, False)
    assert said(home) == []


def test_a_living_holder_is_a_refusal_that_names_it(home: Home, other: subprocess.Popen[str]) -> None:
    with (
        pytest.raises(LockedError, match=rf"a night has been running since \d.*process {other.pid} on"),
        hold(home, "run"),
    ):
        pytest.fail("two at a time")
    named, lives = holder_of(home)
    assert named is not None
    assert (named.pid, lives) == (other.pid, True)


def test_a_backup_that_holds_the_lock_is_named_as_one(home: Home) -> None:
    """`flock` of docs/operations.md writes no name into the file."""
    with (home.path / lock.LOCK).open("w") as backup:
        fcntl.flock(backup, fcntl.LOCK_EX)
        with pytest.raises(LockedError, match="or a backup holds the lock; wait"), hold(home, "run"):
            pytest.fail("two at a time")
    assert said(home) == []


def test_a_killed_holder_is_taken_over_and_that_is_said(home: Home, other: subprocess.Popen[str]) -> None:
    os.kill(other.pid, signal.SIGKILL)
    other.wait()
    named, lives = holder_of(home)
    assert named is not None
    assert (named.pid, lives) == (other.pid, False)
    assert said(home) == [f"taken over from a run that died: {named}"]
    assert said(home) == []


def test_who_waits_gets_it_when_the_other_is_done(home: Home, other: subprocess.Popen[str]) -> None:
    threading.Timer(1.5, other.terminate).start()
    with hold(home, "a night", patience=30, say=lambda _: None):
        assert other.wait(5) == -signal.SIGTERM


def test_the_same_process_may_hold_it_twice(home: Home) -> None:
    with hold(home, "run"):
        with hold(home, "a night"):
            pass
        assert holder_of(home)[1]


def test_a_process_forked_from_the_holder_holds_nothing(home: Home) -> None:
    """It outlives the holder's block; a lock that it had inherited would still be held then."""
    with hold(home, "a night"):
        child = os.fork()
        if child == 0:
            time.sleep(30)
            os._exit(0)
    try:
        assert said(home) == []
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


def test_a_holder_on_another_machine_lives_as_long_as_it_keeps_the_file_fresh(home: Home) -> None:
    write(home, "elsewhere", silent=60)
    with pytest.raises(LockedError, match="process 77 on elsewhere"), hold(home, "a night"):
        pytest.fail("two machines at a time")
    write(home, "elsewhere", silent=600)
    assert len(said(home)) == 1


def test_on_this_machine_the_systems_word_counts(home: Home) -> None:
    write(home, Holder.me("").host, silent=1)
    assert len(said(home)) == 1


def test_without_locks_on_the_file_system_freshness_decides(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lock, "_locked", lambda _: None)
    write(home, Holder.me("").host, silent=1)
    with pytest.raises(LockedError), hold(home, "a night"):
        pytest.fail("two at a time")


def test_the_holder_keeps_the_file_fresh(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lock, "BEAT_SECONDS", 0.05)
    with hold(home, "a night"):
        os.utime(home.path / lock.LOCK, (0, 0))
        time.sleep(0.3)
        assert (home.path / lock.LOCK).stat().st_mtime > 0


def test_a_home_that_cannot_be_written_is_said(home: Home) -> None:
    (home.path / lock.LOCK).mkdir()
    with pytest.raises(HomeError, match="cannot be written"), hold(home, "a night"):
        pytest.fail("held a folder")
