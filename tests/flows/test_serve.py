"""`shortpay serve` for real, once: it catches up, fails, tells, refuses a second, and leaves nothing behind."""

import importlib.metadata
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.flows.sinks import Sinks, sinks

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples"
COMMAND = [sys.executable, "-m", "flows.cli"]
IN_THE_BACKGROUND = 'trap "" INT; exec "$@"'  # as a shell starts `command &`: SIGTERM has to do alone
MARK = "ZZTOPMARK"  # in what people wrote and in the inbox; nowhere else
PLANS = tuple(map(int, importlib.metadata.version("sqlalchemy").split(".")[:2])) < (2, 1)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Give a home whose contracts cannot be used: each night fails at its first step, which is quick."""
    home = tmp_path / "home"
    (home / "inbox").mkdir(parents=True)
    shutil.copy(EXAMPLES / "shortpay.toml", home)
    shutil.copytree(EXAMPLES / "contracts", home / "contracts")
    (home / "contracts" / "bad.toml").write_text(f'contract = "{MARK}"\n')
    (home / "inbox" / f"{MARK}.835").write_bytes(b"ISA")
    return home


@pytest.fixture
def sunk() -> Iterator[Sinks]:
    with sinks() as found:
        yield found


@pytest.fixture
def serving(home: Path, sunk: Sinks, tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    with (tmp_path / "serve.log").open("wb") as log:
        process = subprocess.Popen(
            ["sh", "-c", IN_THE_BACKGROUND, "sh", *COMMAND, "serve", "--home", home],
            stdout=log,
            stderr=log,
            cwd=ROOT,
            env=environment(sunk),
        )
        yield process
        process.kill()
        process.wait()


def environment(sunk: Sinks) -> dict[str, str]:
    return os.environ | {
        "SHORTPAY_ALERTS": sunk.urls,
        "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]),
    }


def until(done: Callable[[], object], seconds: float = 300) -> None:
    end = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < end
        time.sleep(0.2)


def planned(home: Path) -> int:
    """How many runs Prefect's schedule has planned."""
    with sqlite3.connect(f"file:{home / '.prefect' / 'prefect.db'}?mode=ro", uri=True) as con:
        query = "select count(*) from flow_run where auto_scheduled and state_type = 'SCHEDULED'"
        return int(con.execute(query).fetchone()[0])


def test_serve(home: Path, sunk: Sinks, serving: subprocess.Popen[bytes], tmp_path: Path) -> None:
    until(lambda: len(sunk.mails) == len(sunk.hooks) == 1)
    ((subject, text),) = sunk.mails
    assert subject == "shortpay: the night failed"
    assert "in what people wrote; see: shortpay contracts check" in " ".join(text.split())

    status = json.loads((home / "published" / "status.json").read_text())
    assert status["last"]["outcome"] == "failed"

    second = subprocess.run(
        [*COMMAND, "serve", "--home", home],
        capture_output=True, text=True, cwd=ROOT, env=environment(sunk), check=False,
    )  # fmt: skip
    assert second.returncode == 1
    assert "shortpay serve has been running since" in second.stderr
    assert f"process {serving.pid} " in second.stderr

    if PLANS:  # with SQLAlchemy 2.1 Prefect 3.8 plans nothing; pyproject.toml keeps it out
        until(lambda: planned(home) >= 1)
    children = {int(pid) for pid in _children(serving.pid)}
    assert children
    log = tmp_path / "serve.log"
    before = log.stat().st_size
    serving.send_signal(signal.SIGTERM)
    assert serving.wait(30) == 0
    until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in children), 15)

    assert b"no night has run here yet: one runs now" in log.read_bytes()
    assert b"Traceback" not in log.read_bytes()[before:]
    left = [path for path in (home / ".prefect").rglob("*") if path.is_file()]
    assert left
    assert not [path for path in left if MARK.encode() in path.read_bytes()]
    assert MARK not in text + sunk.hooks[0]


def _children(pid: int) -> list[str]:
    found = subprocess.run(["pgrep", "-P", str(pid)], capture_output=True, text=True, check=False)
    return found.stdout.split()
