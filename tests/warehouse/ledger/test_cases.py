"""The ledger cases of tests/cases/ledger: which decision survives, what was allowed, which verdict, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import pytest

from tests.warehouse.ledger.expectations import (
    cash,
    deadlines,
    differences,
    expected,
    findings,
    seen,
    takebacks,
)
from tests.warehouse.ledger.histories import Case, cases

if TYPE_CHECKING:
    import duckdb

KNOWN = {"title", "why", "cite", "history", "expect", "findings", "takebacks", "cash", "dispute_by"}
TABLES = (
    ("core.adjudication", "file_hash, claim"),
    ("core.comparable_line", "file_hash, claim, line"),
    ("core.verdict", "file_hash, claim, line"),
    ("core.line_finding", "file_hash, claim, line, finding_code"),
    ("core.provider_adjustment", "file_hash, segment, position"),
    ("core.takeback", "thread"),
    ("out.worklist", "dispute_id"),
    ("out.cash", "file_hash, payment"),
    ("out.coverage", "verdict"),
)
ALL = [pytest.param(case, id=case.name) for case in cases()]


def rows(case: Case, name: str) -> list[str]:
    return sorted(cast("list[str]", case.row.get(name, [])))


@pytest.mark.parametrize("case", ALL)
def test_verdicts(case: Case, histories: duckdb.DuckDBPyConnection) -> None:
    assert set(case.row) <= KNOWN
    assert case.row["why"]
    assert case.row["cite"]
    wanted = expected(cast("list[str]", case.row["expect"]))
    off = differences(wanted, seen(histories, case.prefix))
    assert not off, "\n".join([str(case.row["why"]), *off])


@pytest.mark.parametrize("case", ALL)
def test_findings(case: Case, histories: duckdb.DuckDBPyConnection) -> None:
    assert findings(histories, case.prefix) == rows(case, "findings")


@pytest.mark.parametrize("case", ALL)
def test_takebacks(case: Case, histories: duckdb.DuckDBPyConnection) -> None:
    assert takebacks(histories, case.prefix) == rows(case, "takebacks")


@pytest.mark.parametrize("case", ALL)
def test_cash(case: Case, histories: duckdb.DuckDBPyConnection) -> None:
    assert cash(histories, case.prefix) == rows(case, "cash")


@pytest.mark.parametrize(
    "case", [param for param in ALL if "dispute_by" in cast("Case", param.values[0]).row]
)
def test_deadlines(case: Case, histories: duckdb.DuckDBPyConnection) -> None:
    assert deadlines(histories, case.prefix) == rows(case, "dispute_by")


def test_there_are_enough_cases() -> None:
    assert len(ALL) >= 150


def test_the_order_of_files_and_nights_changes_nothing(
    histories: duckdb.DuckDBPyConnection, histories_backwards: duckdb.DuckDBPyConnection
) -> None:
    for table, order in TABLES:
        forward, backward = (con.table(table).order(order) for con in (histories, histories_backwards))
        assert forward.fetchall() == backward.fetchall(), table
