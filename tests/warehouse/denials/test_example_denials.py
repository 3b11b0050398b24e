"""The example practice's denials against expected_denials.csv, and the proof of each."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

from rich.console import Console

from flows.denial_proof import show_denial
from tests.conftest import EXAMPLES
from warehouse.denial_proof import prove_denial

if TYPE_CHECKING:
    from pathlib import Path

    import duckdb

WORKED_OUT = "arithmetic"


def found(con: duckdb.DuckDBPyConnection, columns: list[str]) -> list[dict[str, str]]:
    rows = con.execute(
        "select n.*, l.line_control_number from out.denial n join core.line l on l.line_id = n.line_id"
        " order by n.service_date, n.patient_account, l.line_control_number"
    )
    names = [column[0] for column in rows.description or []]
    told = [dict(zip(names, row, strict=True)) for row in rows.fetchall()]
    return [{name: "" if row[name] is None else str(row[name]) for name in columns} for row in told]


def test_every_denial_is_as_a_careful_biller_would_work_it(example: duckdb.DuckDBPyConnection) -> None:
    with (EXAMPLES / "expected_denials.csv").open(encoding="utf-8", newline="") as file:
        expected = list(csv.DictReader(file))
    columns = [name for name in expected[0] if name != WORKED_OUT]
    wanted = [{name: row[name] for name in columns} for row in expected]
    key = ("service_date", "patient_account", "line_control_number")
    assert found(example, columns) == sorted(wanted, key=lambda row: [row[name] for name in key])


def test_every_row_can_be_explained(example: duckdb.DuckDBPyConnection, example_archive: Path) -> None:
    for denial_id, code in example.execute("select denial_id, procedure_code from out.denial").fetchall():
        out = io.StringIO()
        show_denial(Console(file=out, width=300), prove_denial(example, example_archive, denial_id.lower()))
        text = out.getvalue()
        assert text.startswith(f"Denial {denial_id}")
        for words in (
            f"SVC*HC:{code}",
            "What to do",
            "rule: ",
            "the file must contain: ",
            "The claim's history",
        ):
            assert words in text


def test_the_proof_names_the_row_of_the_edit(
    example: duckdb.DuckDBPyConnection, example_archive: Path
) -> None:
    ((denial_id,),) = example.execute(
        "select denial_id from out.denial where patient_account = 'D1106'"
    ).fetchall()
    proof = prove_denial(example, example_archive, denial_id)
    ((code, edits_of, finding, told),) = proof.findings
    assert (code, edits_of, finding) == ("97140", "ncci", "DELETED")
    assert "ptp_edit.csv row 3" in told
    assert any("36.89" in step[1] or str(step[3]) == "36.89" for step in proof.steps)
