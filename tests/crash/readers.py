"""Analysts who open the published database in a loop while nights run: every open succeeds, every state is whole.

    python -m tests.crash.readers [--opens 1000] [--readers 2]

Each reader opens published/shortpay.duckdb for reading, checks that what it reads adds up within the database and
agrees with worklist.csv, and closes it. Nights go on until enough opens are done. Prints counts; exit status 1 where
an open failed or a state was not whole.
"""

from __future__ import annotations

import argparse
import datetime as dt
import hashlib
import json
import sys
import tempfile
import time
from collections import Counter
from functools import partial
from pathlib import Path

import duckdb

from flows.example import nights, place_example
from tests.crash.plain import do, finish, run_night, start
from tests.crash.scenes import NO_OPINIONS

PATIENCE = 5
"""Times a reader looks again where database and CSV are of two nights: it may have looked between two renames."""


def read(published: Path) -> str:
    """Open, check, close; return what was seen: whole, or what was wrong."""
    with duckdb.connect(str(published / "shortpay.duckdb"), read_only=True) as con:
        lines = con.execute("select count(*), sum(charge_amount) from core.verdict").fetchall()
        counted = con.execute("select sum(line_count), sum(charge_amount) from out.coverage").fetchall()
        disputes = con.execute("select count(*) from out.dispute where is_open").fetchall()
        listed = con.execute("select count(*) from out.worklist").fetchall()
        undescribed = con.execute(
            "select count(*) from duckdb_tables() where comment is null or schema_name = 'work'"
        ).fetchall()
        told = con.execute("select worklist_csv_sha256 from out.publication").fetchall()[0][0]
        rows = con.sql("select * from out.worklist").pl().write_csv().encode()
    if lines != counted:
        return f"coverage {counted} is not of {lines}"
    if disputes != listed or undescribed != [(0,)]:
        return f"{disputes} disputes, {listed} listed, {undescribed} tables without a comment"
    if hashlib.sha256(rows).hexdigest() != told:
        return "the worklist is not of its edition"
    csv = hashlib.sha256((published / "worklist.csv").read_bytes()).hexdigest()
    return "whole" if csv == told else "of two nights"


def reader(published: Path, stop: Path, told: Path) -> None:
    """Read until told to stop; write down how often what was seen."""
    counts: Counter[str] = Counter()
    longest = 0.0
    while not stop.exists():
        for _ in range(PATIENCE):
            began = time.perf_counter()
            try:
                seen = read(published)
            except Exception as error:  # noqa: BLE001  (any failure at all is counted)
                seen = f"{type(error).__name__}: {error}"[:120]
            longest = max(longest, time.perf_counter() - began)
            counts["opens"] += 1
            if seen != "of two nights":
                break
            counts["looked again"] += 1
        counts[seen] += 1
        fresh = told.with_suffix(".fresh")
        fresh.write_text(json.dumps({"counts": counts, "longest": longest}))
        fresh.replace(told)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--opens", type=int, default=1000)
    parser.add_argument("--readers", type=int, default=2)
    arguments = parser.parse_args()
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(prefix="readers-", dir=memory if memory.is_dir() else None) as name:
        folder = Path(name)
        home = place_example(folder / "home")
        home.settings.write_text(home.settings.read_text() + NO_OPINIONS)
        dropped = nights(home)
        dropped[0].drop(home)
        do(partial(run_night, home.path, dropped[0].date))
        told = [folder / f"reader-{number}" for number in range(arguments.readers)]
        children = [start(partial(reader, home.folder("published"), folder / "stop", path)) for path in told]
        done = 1
        while done < len(dropped) or _opens(told) < arguments.opens:
            if done < len(dropped):
                dropped[done].drop(home)
            day = dropped[min(done, len(dropped) - 1)].date + dt.timedelta(
                days=max(0, done - len(dropped) + 1)
            )
            do(partial(run_night, home.path, day))
            done += 1
        (folder / "stop").touch()
        codes = [finish(child) for child in children]
        counts: Counter[str] = Counter()
        for path in told:
            counts.update(json.loads(path.read_text())["counts"])
        longest = max(json.loads(path.read_text())["longest"] for path in told)
    print(f"{done} nights, {arguments.readers} readers, the longest open and read {longest:.2f} s")
    for what, count in counts.most_common():
        print(f"{count:>8,}  {what}")
    sys.exit(bool(counts.keys() - {"opens", "looked again", "whole"} or any(codes)))


def _opens(told: list[Path]) -> int:
    return sum(json.loads(path.read_text())["counts"]["opens"] for path in told if path.exists())


if __name__ == "__main__":
    main()
