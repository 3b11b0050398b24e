"""Thresholds, modifiers, and how often services are billed as distinct."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, cast

import pytest

from tests.warehouse.ledger.histories import Case, cases
from tests.warehouse.therapy.conftest import FOLDER

if TYPE_CHECKING:
    import duckdb

KNOWN = {"title", "why", "cite", "history", "threshold", "modifier"}
ALL = [pytest.param(case, id=case.name) for case in cases(FOLDER)]


def rows(case: Case, name: str) -> list[str]:
    return sorted(cast("list[str]", case.row.get(name, [])))


@pytest.mark.parametrize("case", ALL)
def test_thresholds(case: Case, therapy: duckdb.DuckDBPyConnection) -> None:
    assert set(case.row) <= KNOWN
    assert case.row["why"]
    assert case.row["cite"]
    suffix = f"Q{case.number:06d}"
    found = therapy.execute(
        "select concat(replace(patient_account, $suffix, ''), ' ', discipline, ' ', service_year, ' ',"
        " threshold_status, ' ', counted_amount, ' left ', left_amount)"
        " from out.threshold where ends_with(patient_account, $suffix) order by 1",
        {"suffix": suffix},
    ).fetchall()
    assert [text for (text,) in found] == rows(case, "threshold")


@pytest.mark.parametrize("case", ALL)
def test_modifiers(case: Case, therapy: duckdb.DuckDBPyConnection) -> None:
    found = therapy.execute(
        "select concat(replace(replace(m.source_file, $prefix, ''), '.835', ''), v.claim, '/', v.line, ' ', m.finding_code)"
        " from out.modifier m join core.verdict v using (line_id) where starts_with(m.source_file, $prefix) order by 1",
        {"prefix": case.prefix},
    ).fetchall()
    assert [text for (text,) in found] == rows(case, "modifier")


def test_every_status_and_finding_has_a_case() -> None:
    told = " ".join(
        text for case in cases(FOLDER) for text in [*rows(case, "threshold"), *rows(case, "modifier")]
    )
    for word in (
        "below",
        "near 2",
        "above, KX billed",
        "above without KX",
        "near the review",
        "above the review",
        "denied for want",
        "NO_DISCIPLINE",
        "SEVERAL_DISCIPLINES",
        "MIXED_DAY",
        "ASSISTANT_WITHOUT_DISCIPLINE",
        "DISTINCT_TWICE",
        "MODIFIER_DROPPED",
    ):
        assert word in told, word


def test_the_share_of_distinct_services_stands_beside_the_past(therapy: duckdb.DuckDBPyConnection) -> None:
    """97112 with 97530: none of one day in the first quarter, one of two in the second."""
    found = therapy.execute(
        "select quarter_date::varchar, day_count, distinct_count, distinct_share, earlier_day_count, earlier_share"
        " from out.distinct_share where procedure_code = '97112' and other_code = '97530' order by 1"
    ).fetchall()
    assert found == [
        ("2026-01-01", 1, 0, Decimal(0), 0, None),
        ("2026-04-01", 2, 1, Decimal("0.5000"), 1, Decimal(0)),
    ]
