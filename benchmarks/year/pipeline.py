"""The year through the real night: home folder, inbox, and every step of `flows.nightly` in its order."""

from __future__ import annotations

import datetime as dt
import shutil
import time
from typing import TYPE_CHECKING

import duckdb

from benchmarks.year.tables import HOME, REFERENCE
from benchmarks.year.visits import END
from flows import nightly
from flows.home import Home
from flows.settings import read_settings

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import polars as pl

    from benchmarks.year.remittances import Remittance

AS_OF = END + dt.timedelta(days=5)


def make_home(folder: Path) -> Home:
    """The practice of the year, with nothing in its inbox. What was there goes."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(HOME, folder)
    for path in REFERENCE[0].glob("*.csv"):
        shutil.copy(path, folder / "reference")
    return Home.open(folder)


def one_night(home: Home, as_of: dt.date) -> dict[str, float]:
    """The tasks of the nightly flow, called as they are but without Prefect around them; seconds by step."""
    seconds: dict[str, float] = {}
    last = time.perf_counter()

    def lap(step: str) -> None:
        nonlocal last
        now = time.perf_counter()
        seconds[step], last = now - last, now

    practice, terms, reference, rules = nightly.read_contracts.fn(home.path)
    nightly.take_edits.fn(home.path, as_of)
    waiting = nightly.discover.fn(home.path)
    nightly.archive.fn(home.path, waiting)
    lap("archive")
    nightly.parse_and_load.fn(home.path, as_of, waiting)
    lap("parse and load")
    touched = nightly.touch.fn(home.path, terms, reference, rules)
    lap("touch")
    nightly.adjudicate.fn(home.path, touched)
    lap("adjudicate")
    nightly.compare.fn(home.path)
    lap("compare")
    nightly.price.fn(home.path, terms, reference, practice)
    lap("price")
    nightly.judge.fn(home.path)
    lap("judge")
    nightly.rank.fn(home.path, as_of, read_settings(home.settings).schedule.next_night(as_of))
    lap("rank")
    nightly.put_out.fn(home.path, as_of)
    lap("publish")
    return seconds


def run(home: Home, files: Sequence[Remittance], nights: int) -> list[dict[str, float]]:
    """Bring the files in over some nights, in order of their days, and let each night run; seconds by step."""
    ordered = sorted(files, key=lambda file: (file.day, file.name))
    laps = []
    for night in range(nights):
        share = ordered[len(ordered) * night // nights : len(ordered) * (night + 1) // nights]
        for file in share:
            (home.folder("inbox") / file.name).write_bytes(file.data)
        last = AS_OF if night == nights - 1 else share[-1].day if share else END
        laps.append(one_night(home, last))
    return laps


def judged(home: Home) -> pl.DataFrame:
    """What the analysts' database says of every line."""
    with duckdb.connect(str(home.published), read_only=True) as con:
        found: pl.DataFrame = con.sql("select * from core.verdict").pl()
        return found


def causes(home: Home) -> pl.DataFrame:
    """Every cause that reproduces a short line, the first and its rivals."""
    with duckdb.connect(str(home.published), read_only=True) as con:
        query = "select line_id, cause from core.cause where borne_out order by line_id, cause_rank"
        found: pl.DataFrame = con.sql(query).pl()
        return found


def refused(home: Home) -> int:
    """How many files are in quarantine."""
    return len(list(home.folder("quarantine").glob("*.json")))
