from __future__ import annotations

import datetime as dt
import tomllib
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from contracts import MEDICARE_TERMS, DisputeWindow, TermsError, dispute_by, parse_contract

CASES = tomllib.loads((Path(__file__).parents[1] / "cases" / "windows" / "windows.toml").read_text())["case"]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["count"][:30])
def test_last_days_counted_by_hand(case: dict[str, Any]) -> None:
    assert dispute_by(case["anchor"], window(**case["window"])) == case["last"]


def window(**given: Any) -> DisputeWindow:
    return DisputeWindow.model_validate({"level": "first", **given})


@pytest.mark.parametrize(
    ("given", "anchor", "last"),
    [
        ({"days": 365}, dt.date(2026, 1, 15), dt.date(2027, 1, 15)),
        ({"days": 365}, dt.date(2023, 3, 1), dt.date(2024, 2, 29)),
        ({"days": 1, "unit": "business"}, dt.date(2026, 1, 2), dt.date(2026, 1, 5)),  # Friday to Monday
        (
            {"days": 1, "unit": "business"},
            dt.date(2026, 7, 2),
            dt.date(2026, 7, 6),
        ),  # Friday 3 July is the holiday observed
        (
            {"days": 65, "unit": "business"},
            dt.date(2026, 1, 2),
            dt.date(2026, 4, 7),
        ),  # King's and Presidents' days left out
        ({"days": 120, "from": "receipt", "receipt_days": 5}, dt.date(2026, 2, 26), dt.date(2026, 7, 1)),
    ],
)
def test_last_day(given: dict[str, Any], anchor: dt.date, last: dt.date) -> None:
    assert dispute_by(anchor, window(**given)) == last


def test_medicare_levels() -> None:
    first, second, reopening = MEDICARE_TERMS.terms.dispute
    assert (first.level, first.days, first.receipt_days, first.from_) == (
        "redetermination",
        120,
        5,
        "receipt",
    )
    assert (second.level, second.days, second.receipt_days, second.from_) == (
        "reconsideration",
        180,
        5,
        "decision",
    )
    assert (reopening.level, reopening.days, reopening.from_, reopening.fallback) == (
        "reopening",
        365,
        "remittance",
        True,
    )
    assert first.reopened_by == "decision"
    assert all("42 CFR 405" in level.source for level in MEDICARE_TERMS.terms.dispute)


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"days": 0},
        {"days": 30, "unit": "working"},
        {"days": 30, "receipt_days": 5},
        {"days": 30, "reopened_by": "appeal"},
        {"days": 30, "from": "service", "reopened_by": "decision"},
        {"days": 30, "effective": "2026-02-01", "until": "2026-01-31"},
    ],
)
def test_windows_that_say_too_little_or_too_much(given: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        window(**given)


TWICE = """\
contract = "plan"
payer = "Plan"
effective = 2026-01-01
[[rate]]
basis = "percent_of_charge"
percent = 60
[[dispute]]
level = "appeal"
days = 180
{until}
[[dispute]]
level = "appeal"
days = 90
effective = 2026-07-01
"""


def test_a_level_amended_stands_twice_but_not_for_one_day() -> None:
    older, newer = parse_contract(TWICE.format(until="until = 2026-06-30"), "plan.toml").terms.dispute
    assert [older.counts_from(day) for day in (dt.date(2026, 6, 30), dt.date(2026, 7, 1))] == [True, False]
    assert [newer.counts_from(day) for day in (dt.date(2026, 6, 30), dt.date(2026, 7, 1))] == [False, True]
    with pytest.raises(TermsError, match="stands twice"):
        parse_contract(TWICE.format(until=""), "plan.toml")
