"""A small practice-year through the whole night: what the generator knows and what the pipeline says are the same."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import TYPE_CHECKING

import polars as pl
import pytest

from benchmarks.year import pipeline
from benchmarks.year.deals import in_force
from benchmarks.year.make import make_year
from benchmarks.year.pricing import Line, Slip, price_day
from benchmarks.year.score import Score, score
from benchmarks.year.tables import View, unit
from era_parser import Source, parse

if TYPE_CHECKING:
    from benchmarks.year.remittances import Remittance

LINES, SEED = 800, 835
DAY = View.of(dt.date(2026, 3, 2), "04412-11", "nonfacility", qualifying=False)


@pytest.fixture(scope="module")
def files() -> list[Remittance]:
    return make_year(LINES, SEED)


@pytest.fixture(scope="module")
def scored(files: list[Remittance], tmp_path_factory: pytest.TempPathFactory) -> Score:
    home = pipeline.make_home(tmp_path_factory.mktemp("year") / "home")
    pipeline.run(home, files, 1)
    assert pipeline.refused(home) == sum(file.refused for file in files)
    return score(files, pipeline.judged(home), pipeline.causes(home))


def test_every_line_is_in_both(scored: Score) -> None:
    assert scored.unmatched == 0
    assert scored.lines.height > LINES


def test_verdicts_and_shortfalls_are_the_truth(scored: Score) -> None:
    differs = (pl.col("verdict") != pl.col("truth")) | (pl.col("found_short") != pl.col("owed_short"))
    wrong = scored.units.filter(differs)
    assert wrong.is_empty(), wrong.select(
        "contract_of_truth", "code", "truth", "verdict", "owed_short", "found_short"
    )
    assert scored.owed.height > 50


def test_causes_are_the_truth(scored: Score) -> None:
    assert scored.numbers()["causes"][0] >= Decimal(95)  # a few are accidents: docs/year.md
    assert scored.owed["true_cause"].n_unique() >= 12


def test_files_balance_and_are_read_whole(files: list[Remittance]) -> None:
    read = parse([Source(file.name, file.data) for file in files if not file.refused])
    assert not read.refusals
    assert set(read.tables["finding"]["code"]) <= {"SEGMENT_COUNT", "BYTE_ORDER_MARK"}


def test_the_same_seed_gives_the_same_bytes(files: list[Remittance]) -> None:
    assert [file.data for file in make_year(LINES, SEED)] == [file.data for file in files]


def test_the_arithmetic_of_the_truth_by_hand() -> None:
    """(0.43 x 1.009 + 0.39 x 0.996 + 0.01 x 0.858) x 33.4009 = 27.75; half the practice expense: 21.27."""
    assert (unit("97140", DAY), unit("97140", DAY, halved=1)) == (Decimal("27.75"), Decimal("21.27"))
    lines = [Line(1, "97530", ("GP",), 2, Decimal(184)), Line(2, "97140", ("GP", "CQ"), 1, Decimal(75))]
    right = price_day(lines, in_force("medicare", DAY.values_on), DAY)
    assert right.amounts == {
        1: Decimal("60.18"),
        2: Decimal("18.08"),
    }  # 35.08 + 25.10; 21.27 x 85 % = 18.0795
    cut = price_day(lines, in_force("medicare", DAY.values_on), DAY, {1: Slip(cut_first=True)})
    assert cut.amounts[1] == Decimal("50.20")
