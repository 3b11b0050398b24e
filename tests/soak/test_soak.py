"""A soak small enough for the suite, and proof that its checks can fail."""

from __future__ import annotations

import datetime as dt
import subprocess
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import duckdb
import pytest

from tests.soak.compare import LeftOut, compare, differing
from tests.soak.plan import Night, all_drops, draw
from tests.soak.year import Made

if TYPE_CHECKING:
    from pathlib import Path

FILES = [
    Made(
        f"{number:03d}.835",
        f"{number:064x}",
        dt.date(2026, 1, 1) + dt.timedelta(days=number),
        5,
        0,
        refused=False,
    )
    for number in range(300)
]
ROWS = "select i as line_id, 'PAID' as verdict, date '2026-01-01' as seen_date from range(5) r(i)"


def drawn(seed: int = 7) -> list[Night]:
    return draw(FILES, 10, 4, seed)


def test_the_same_seed_plans_the_same_nights() -> None:
    assert drawn() == drawn()
    assert drawn() != drawn(8)


def test_every_file_comes_whole_and_not_before_its_day() -> None:
    nights = drawn()
    came = {drop.file: night.as_of for night in nights[::-1] for drop in night.drops if not drop.spoiled}
    assert came.keys() == {file.name for file in FILES}
    assert all(came[file.name] >= file.day for file in FILES)
    assert sum(night.late_count for night in nights) > 10
    assert sum(drop.spoiled for drop in all_drops(nights)) > 3
    assert sum(night.again_count for night in nights) > 3
    assert sum(bool(night.kills) for night in nights) == 4
    assert all(back.edition < night.number for night in nights for back in night.returns)


def test_no_name_comes_twice_on_a_night() -> None:
    """One of two would be lost in the inbox before anybody saw it."""
    for night in drawn():
        names = [drop.name for drop in night.drops]
        assert len(names) == len(set(names))


@pytest.mark.parametrize(
    ("change", "alone"),
    [
        ("select 1", (0, 0)),
        ("delete from core.line where line_id = 3", (1, 0)),
        ("insert into core.line from core.line where line_id = 3", (0, 1)),
        ("update core.line set verdict = 'DENIED' where line_id = 3", (1, 1)),
        ("update core.line set seen_date = date '2026-02-01'", (0, 0)),
        ("alter table core.line add column more integer", (3, 4)),
        ("drop table core.line", (3, 0)),
    ],
)
def test_a_row_that_is_not_the_same_is_found(tmp_path: Path, change: str, alone: tuple[int, int]) -> None:
    for name in ("a", "b"):
        with duckdb.connect(str(tmp_path / name)) as con:
            con.execute(f"create schema core; create table core.line as {ROWS}")
            con.execute(change if name == "b" else "select 1")
    without = LeftOut(columns={"core.line": frozenset({"seen_date"})})
    found = compare(tmp_path / "a", tmp_path / "b", ("core",), without)
    assert (found["core.line"]["left_only"], found["core.line"]["right_only"]) == alone
    assert bool(differing(found)) == (alone != (0, 0))
    assert (
        compare(tmp_path / "a", tmp_path / "b", ("core",), replace(without, tables=frozenset({"core.line"})))
        == {}
    )


def test_what_is_not_there_cannot_be_left_out(tmp_path: Path) -> None:
    for name in ("a", "b"):
        with duckdb.connect(str(tmp_path / name)) as con:
            con.execute(f"create schema core; create table core.line as {ROWS}")
    for without in (LeftOut(frozenset({"core.lines"})), LeftOut(columns={"core.line": frozenset({"seen"})})):
        with pytest.raises(LookupError):
            compare(tmp_path / "a", tmp_path / "b", ("core",), without)


@pytest.mark.slow
def test_after_some_nights_all_is_as_after_one() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.soak", "--lines", "1500", "--nights", "4", "--kills", "2"],
        capture_output=True,
        text=True,
        check=False,
        timeout=1800,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "verify: 0 off" in done.stdout
    assert "0 differ" in done.stdout
