"""The example's encounters against expected_encounters.csv: worked out by hand, with the arithmetic beside."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

from tests.conftest import EXAMPLES

if TYPE_CHECKING:
    import duckdb

TABLES = {
    "under_billed": "select patient_account, service_date, units_by_code, standing, unbilled_amount from out.under_billed",
    "compliance": "select patient_account, service_date, risk_code, detail, risk_amount from out.compliance",
    "region_pair": "select patient_account, service_date, concat(manipulation_code, ', ', manual_code), standing, null"
    " from out.region_pair",
    "encounter_finding": "select null, null, concat('row ', row_number), finding_code, null from out.encounter_finding",
    "unit": "select patient_account, service_date, procedure_code, standing, null from out.unit",
}


def test_every_finding_of_the_example_is_expected(example: duckdb.DuckDBPyConnection) -> None:
    with (EXAMPLES / "expected_encounters.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    for table, sql in TABLES.items():
        wanted = [tuple(row.values())[1:6] for row in rows if row["table"] == table]
        got = [
            tuple("" if cell is None else str(cell) for cell in row)
            for row in example.execute(sql).fetchall()
        ]
        if table == "unit":
            assert set(wanted) <= set(got)
        else:
            assert sorted(wanted) == sorted(got), table
    assert {row["result"] for row in rows if row["table"] == "unit"} == {"AGREES", "CANNOT_TELL"}


def test_units_that_were_not_billed_are_no_dispute(example: duckdb.DuckDBPyConnection) -> None:
    disputed = example.execute(
        "select count(*) from out.dispute where patient_account in ('D1009', 'M2016', 'D1034')"
    )
    assert disputed.fetchall() == [(0,)]
