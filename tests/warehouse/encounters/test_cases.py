"""Each case of tests/cases/encounters: units, amounts, risks, findings, regions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.warehouse.encounters.histories import account, cases

if TYPE_CHECKING:
    import duckdb

CASES = cases()


def said(con: duckdb.DuckDBPyConnection, sql: str, case: dict[str, Any]) -> list[str]:
    return [
        " ".join(str(v) for v in row if v is not None) for row in con.execute(sql, [account(case)]).fetchall()
    ]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["title"])
def test_case(encounters: duckdb.DuckDBPyConnection, case: dict[str, Any]) -> None:
    assert case["source"]
    assert case["why"]
    units = said(
        encounters,
        "select procedure_code, standing, unit_difference from out.unit where patient_account = ? order by 1",
        case,
    )
    assert units == sorted(f"{code} {standing}" for code, standing in case.get("units", {}).items())
    amounts = said(encounters, "select unbilled_amount from out.under_billed where patient_account = ?", case)
    assert amounts == ([case["amount"]] if "amount" in case else [])
    risks = said(
        encounters,
        "select risk_code, risk_amount from out.compliance where patient_account = ? order by 1",
        case,
    )
    assert risks == case.get("risks", [])
    found = encounters.execute(
        "select finding_code, row_number from out.encounter_finding where source_file = ? order by 2, 1",
        [f"case{case['number']}.csv"],
    ).fetchall()
    assert [f"{code} {row}" for code, row in found] == case.get("findings", [])
    regions = said(encounters, "select standing from out.region_pair where patient_account = ?", case)
    assert regions == ([case["region"]] if "region" in case else [])


def test_none_of_it_is_an_underpayment(encounters: duckdb.DuckDBPyConnection) -> None:
    """Verdicts and disputes are the same whether or not there are encounters."""
    names = {row[0] for row in encounters.execute("select distinct verdict from core.verdict").fetchall()}
    assert not names & {"UNDER_BILLED", "OVER_BILLED"}
    tables = encounters.execute(
        "select distinct table_name from duckdb_columns() where schema_name = 'out' and column_name = 'dispute_id'"
    ).fetchall()
    assert not {name for (name,) in tables} & {
        "unit",
        "under_billed",
        "compliance",
        "region_pair",
        "encounter_day",
    }
