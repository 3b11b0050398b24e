"""The heavy ones, for `make hostile`: files of millions of parts and gigabytes, each in a process with 3 GB of memory.

What is made is made sparse, or removed again; the largest takes 400 MB of the disk. Whole nights have 6 GB.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from flows.home import make_home
from tests.hostile.crowds import SHAPES, remittance
from tests.warehouse.ledger.terms import write_terms

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).parents[2]
MEMORY = 3_000_000_000
SECONDS = 900
ONE = (ROOT / "tests" / "fixtures" / "835" / "pass" / "one-claim.835").read_bytes()
ENVELOPE = ONE[: ONE.index(b"ST*835")]
BODY = ONE[ONE.index(b"ST*835") : ONE.index(b"GE*")]
END = ONE[ONE.index(b"GE*") :]
READ = """
import sys
from pathlib import Path
from era_parser import parse_chunks
rows, codes = 0, []
for part in parse_chunks([Path(sys.argv[1])]):
    rows += sum(len(frame) for frame in part.tables.values())
    codes += [refusal.code.value for refusal in part.refusals]
print(*(codes or ["READ"]), rows)
"""


INTAKE = """
import datetime as dt, sys
from pathlib import Path
from flows import intake
from flows.home import Home
home = Home.open(Path(sys.argv[1]).parents[1])
counts = intake.read_in(home, intake.remittances(home.folder("inbox")), dt.date(2026, 7, 1))
print(*(f"{count} {outcome}" for outcome, count in sorted(counts.items())))
"""

NIGHT = """
import datetime as dt, sys
from pathlib import Path
import duckdb
from tests.crash.plain import run_night
home = Path(sys.argv[1]).parents[1]
run_night(home, dt.date(2026, 7, 1))
with duckdb.connect(str(home / "published" / "shortpay.duckdb"), read_only=True) as con:
    loaded = con.execute("select count(*) from out.file where outcome = 'loaded'").fetchall()[0][0]
    verdicts = con.execute("select verdict, count(*) from core.verdict group by all order by all").fetchall()
print(loaded, "loaded:", *(f"{count:,} {verdict}" for verdict, count in verdicts))
"""
CROWD = 50_000


def write(path: Path, *parts: bytes | tuple[bytes, int] | int) -> None:
    """Write bytes; (bytes, n): n times; a number: that many zeros that take no room."""
    with path.open("wb") as out:
        for part in parts:
            if isinstance(part, int):
                out.seek(part, os.SEEK_CUR)
            elif isinstance(part, bytes):
                out.write(part)
            else:
                block, times = part[0] * 1000, part[1]
                for _ in range(times // 1000):
                    out.write(block)
        out.truncate(out.tell())


EMPTY = ENVELOPE[: ENVELOPE.index(b"GS*")] + b"IEA*0*000000001~"
FILES: dict[str, tuple[tuple[bytes | tuple[bytes, int] | int, ...], str]] = {
    "5 GB in one segment": ((ENVELOPE, BODY[:-20], b"NTE*ADD*", 5_000_000_000, b"~", BODY, END), "TOO_LARGE 0"),
    "5 GB of zeros": ((5_000_000_000,), "TOO_LARGE 0|NOT_X12 0"),
    "a hundred thousand interchanges": (((EMPTY, 99_000), ONE), "READ "),
    "a million interchanges": (((EMPTY, 1_000_000), ONE), "TOO_LARGE 0"),
    "a million interchanges without a claim": (((EMPTY, 1_000_000),), "TOO_LARGE 0|NO_835 0"),
    "a million claims in one transaction": (
        (ENVELOPE, BODY[: BODY.index(b"CLP")], (b"CLP*A*1*1*1**12*B~", 1_000_000), b"SE*1*0001~", END),
        "READ ",
    ),
    "a segment of 30 million elements": ((ENVELOPE, BODY, b"CAS", (b"*", 30_000_000), b"~", END), "READ |TOO_LARGE"),
    "a procedure of ten million components": (
        (ENVELOPE, BODY[: BODY.index(b"SVC")], b"SVC*HC", (b":A", 10_000_000), b"*1*1~SE*1*1~", END), "READ |TOO_LARGE",
    ),
    "ten million blank segments": ((ENVELOPE, (b"~", 10_000_000), BODY, END), "READ "),
    "thirty million ISA that begin nothing": ((ONE, (b"ISA", 30_000_000)), "READ |TRUNCATED|TOO_LARGE"),
    "fifty million ISA with separators": (((b"ISA*", 25_000_000),), "NOT_X12|TRUNCATED|TOO_LARGE"),
    "a hundred million newlines in a segment": (
        (ENVELOPE, BODY[:-20], b"NTE*ADD*A", (b"\r\n", 50_000_000), b"B~", BODY, END), "READ |TOO_LARGE",
    ),
    "a hundred million newlines": ((ENVELOPE, (b"\r\n", 50_000_000), BODY, END), "READ |TOO_LARGE"),
}  # fmt: skip


@pytest.mark.parametrize("name", FILES)
def test_a_file_is_read_or_refused_in_time_and_memory(name: str, tmp_path: Path) -> None:
    parts, expected = FILES[name]
    path = tmp_path / "remittance.835"
    write(path, *parts)
    told, seconds, memory = apart(READ, path)
    size = path.stat().st_size / 1e6
    path.unlink()
    print(f"\n{name}: {size:,.0f} MB: {told}; {seconds:.0f} s, {memory:,} MB")  # noqa: T201  (the figures are what it is for)
    assert any(told.startswith(one) for one in expected.split("|"))


def test_a_gigabyte_in_one_segment_is_quarantined_and_the_night_goes_on(tmp_path: Path) -> None:
    home = make_home(tmp_path / "home")
    (home.folder("inbox") / "good.835").write_bytes(ONE)
    path = home.folder("inbox") / "large.835"
    write(path, ENVELOPE, BODY[:-20], b"NTE*ADD*", 1_000_000_000, b"~", BODY, END)
    told, seconds, memory = apart(INTAKE, path)
    print(f"\n1 GB in one segment through the inbox: {told}; {seconds:.0f} s, {memory:,} MB")  # noqa: T201
    assert told == "1 loaded 1 refused"
    (reason,) = home.folder("quarantine").glob("*.json")
    assert "TOO_LARGE" in reason.read_text()
    assert list(home.folder("inbox").iterdir()) == []


def apart(program: str, path: Path, limit: int = MEMORY) -> tuple[str, float, int]:
    """Run a program over a file in a bounded process; return what it said, its seconds and its peak memory in MB."""
    bound: Callable[[], None] = lambda: resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))  # noqa: E731
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    started = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", program, path], cwd=ROOT, preexec_fn=bound, capture_output=True, text=True,
        check=False, timeout=SECONDS,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[:1000] + done.stderr[-1000:]
    peak = max(before, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss) // 1024
    return done.stdout.strip(), time.monotonic() - started, peak


@pytest.mark.parametrize("name", SHAPES)
def test_a_crowd_keeps_no_night_busy(name: str, tmp_path: Path) -> None:
    home = make_home(tmp_path / "home")
    home.settings.write_text(home.settings.read_text() + "\n[conformance]\nminutes = 0\n")
    write_terms(home.folder("contracts"))
    path = home.folder("inbox") / "crowd.835"
    path.write_bytes(remittance(SHAPES[name](CROWD)))
    size = path.stat().st_size / 1e6
    told, seconds, memory = apart(NIGHT, path, 2 * MEMORY)
    outcome = told.splitlines()[-1]
    print(f"\n{name}: {size:.1f} MB, a whole night: {outcome}; {seconds:.0f} s, {memory:,} MB")  # noqa: T201
    assert outcome.startswith("1 loaded")
