"""Crowds: what would have to be held against each other is bounded, and what lies beyond is left in doubt, never judged.

All shapes of `crowds.py` in one warehouse, once at once and once over nights. The limits: 100 decisions and 2,000
lines of one claim, 20 patients of one name a day, 20 lines that may be of it, 200 that are (SECURITY.md).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import pytest

from era_parser import Source
from tests.hostile.crowds import SHAPES, remittance
from tests.warehouse.ledger.test_nights import judged, tables
from warehouse import night

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import duckdb

AS_A_CLAIM = "more than 100 decisions, or 2,000 lines, come as one claim"
OF_A_NAME = "more than 20 patients go by one number or name"
UNDATED = "more than 20 lines without a date that holds may be of this day"
OF_A_DAY = "more than 200 lines come for this patient, or under this account"
UNPLACED = ("no date of service", "the line spans")
"""What lines without a date say themselves."""


class Case(NamedTuple):
    shape: str
    size: int
    crowd: str | None
    """The first words of the reason for which nothing of it is judged."""

    @property
    def tag(self) -> str:
        place = CASES.index(self)
        return f"{chr(65 + place // 26)}{chr(65 + place % 26)}Q"


CASES = [
    Case("claims of their own", 130, None),
    Case("one claim number", 100, None),
    Case("one claim number", 101, AS_A_CLAIM),
    Case("one claim number without dates", 130, AS_A_CLAIM),
    Case("one claim number for all accounts", 130, AS_A_CLAIM),
    Case("each claim names the one before", 130, AS_A_CLAIM),
    Case("each claim number under two accounts", 130, None),
    Case("one patient-day", 200, None),
    Case("one patient-day", 201, OF_A_DAY),
    Case("one patient-day, half of it refused", 130, None),
    Case("one claim of many lines", 130, None),
    Case("two claims of many lines", 200, None),
    Case("two claims of many lines", 2_000, OF_A_DAY),
    Case("two claims of many lines", 2_002, AS_A_CLAIM),
    Case("reversals of one claim", 130, AS_A_CLAIM),
    Case("reversals of single lines", 130, AS_A_CLAIM),
    Case("one name, half without a number", 39, None),
    Case("one name, half without a number", 40, OF_A_NAME),
    Case("one name, numbers that begin alike", 20, None),
    Case("one name, numbers that begin alike", 21, OF_A_NAME),
    Case("one account for all patients", 200, None),
    Case("one account for all patients", 201, OF_A_DAY),
    Case("one patient, half of the lines without a date", 40, None),
    Case("one patient, half of the lines without a date", 42, UNDATED),
    Case("lines of any day of seven years", 42, UNDATED),
    Case("one patient under two numbers, no dates under the first", 20, None),
    Case("one patient under two numbers, no dates under the first", 21, UNDATED),
    Case("two numbers that begin alike, the one with a single line", 200, None),
    Case("two numbers that begin alike, the one with a single line", 201, OF_A_DAY),
    Case("takebacks that name one claim", 130, AS_A_CLAIM),
]


def sources(parts: int) -> list[list[Source]]:
    """Every case cut into so many nights."""
    nights: list[list[Source]] = [[] for _ in range(parts)]
    for case in CASES:
        claims = SHAPES[case.shape](case.size).split("CLP*")[1:]
        for part in range(parts):
            body = "".join("CLP*" + one for one in claims[part::parts])
            name = f"{case.tag}{part}"
            nights[part].append(Source(name, remittance(body, name, case.tag)))
    return nights


@pytest.fixture(scope="module")
def at_once(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    folder = tmp_path_factory.mktemp("crowds")
    with judged(folder, [[one for files in sources(3) for one in files]]) as con:
        yield con


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.shape} {case.size}")
def test_a_crowd_is_left_in_doubt_and_says_why(at_once: duckdb.DuckDBPyConnection, case: Case) -> None:
    told = at_once.execute(
        "select coalesce(reason, '') from core.verdict where starts_with(patient_account, ?)"
        " and verdict not in ('REVERSED', 'SUPERSEDED')",
        [case.tag],
    ).fetchall()
    assert told
    for (reason,) in told:
        if case.crowd:
            assert reason.startswith((case.crowd, *UNPLACED))
        else:
            assert not reason.startswith("more than")


def test_every_shape_is_a_case() -> None:
    assert {case.shape for case in CASES} == set(SHAPES)


def test_every_line_of_a_crowd_has_one_verdict(at_once: duckdb.DuckDBPyConnection) -> None:
    (counts,) = at_once.execute(
        "select (select count(*) from core.line), count(*), count(distinct line_id) from core.verdict"
    ).fetchall()
    assert len(set(counts)) == 1


def test_a_takeback_of_a_crowd_says_that_it_names_too_many(at_once: duckdb.DuckDBPyConnection) -> None:
    ties = at_once.execute("select distinct tie from core.provider_adjustment").fetchall()
    assert ties == [("names more than 100 claims",)]


@pytest.mark.slow
def test_crowds_that_come_over_nights_end_alike(
    at_once: duckdb.DuckDBPyConnection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(night, "SMALL", 1.0)  # every night apart, however much it touches
    with judged(tmp_path, sources(3)) as con:
        found, expected = tables(con), tables(at_once)
    assert [name for name in expected if found[name] != expected[name]] == []
