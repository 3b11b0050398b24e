"""The example practice against expected.csv: verdicts and amounts worked out by hand rules, line by line."""

import csv
from collections import defaultdict
from decimal import Decimal
from pathlib import Path

import duckdb
import polars as pl
import pytest

from contracts import (
    GROUP_SCHEMA,
    LINE_SCHEMA,
    explain_short,
    read_practice,
    read_reference,
    read_terms,
)
from tests.conftest import EXAMPLES
from warehouse.database import model_sql

EXPECTED = Path(__file__).parents[2] / "examples" / "expected.csv"
KEY = (
    "source_file",
    "patient_account",
    "payer_claim_number",
    "line_control_number",
    "service_date",
    "procedure_code",
)
ASSERTED = (
    "verdict",
    "allowed_amount",
    "expected_amount",
    "shortfall_amount",
    "cause",
    "dispute_by",
    "contract",
)
AMOUNTS = {"PAID_AS_EXPECTED", "UNDERPAID", "OVERPAID", "CHARGE_BELOW_RATE"}
Lines = dict[tuple[str, ...], list[dict[str, str]]]


def by_key(rows: list[dict[str, str]]) -> Lines:
    found: Lines = defaultdict(list)
    for row in rows:
        found[tuple(row[name] for name in KEY)].append(row)
    return found


def judged(con: duckdb.DuckDBPyConnection) -> Lines:
    cursor = con.execute(
        "select v.*, d.dispute_by from core.verdict v left join out.dispute d on d.line_id = v.line_id"
        " order by v.file_hash, v.claim, v.line"
    )
    names = [column[0] for column in cursor.description or []]
    text = [["" if value is None else str(value) for value in row] for row in cursor.fetchall()]
    return by_key([dict(zip(names, row, strict=True)) for row in text])


def test_every_line_is_as_a_careful_human_would_judge_it(example: duckdb.DuckDBPyConnection) -> None:
    with EXPECTED.open(encoding="utf-8", newline="") as file:
        expected = by_key(list(csv.DictReader(file)))
    found = judged(example)
    assert {key: len(rows) for key, rows in found.items()} == {
        key: len(rows) for key, rows in expected.items()
    }
    off = []
    for key, rows in expected.items():
        for wanted, got in zip(rows, found[key], strict=True):
            names = ASSERTED if wanted["verdict"] in AMOUNTS else ("verdict",)
            different = {name: (wanted[name], got[name]) for name in names if wanted[name] != got[name]}
            if different:
                off.append((key, different, wanted["arithmetic"]))
    assert not off


def test_expected_covers_every_verdict() -> None:
    with EXPECTED.open(encoding="utf-8", newline="") as file:
        verdicts = {row["verdict"] for row in csv.DictReader(file)}
    assert len(verdicts) == 17


def test_coverage_adds_up_to_all_lines_and_dollars(example: duckdb.DuckDBPyConnection) -> None:
    lines, charged, paid = example.execute(
        "select sum(line_count), sum(charge_amount), sum(paid_amount) from out.coverage"
    ).fetchall()[0]
    stored = example.execute(
        "select count(*), sum(charge_amount), sum(paid_amount) from era.service_line"
    ).fetchall()[0]
    assert (lines, charged, paid) == stored


def test_the_worklist_is_ranked_by_expiry_then_dollars(example: duckdb.DuckDBPyConnection) -> None:
    rows = example.execute("select dispute_by, -shortfall_amount, dispute_id from out.worklist").fetchall()
    assert rows == sorted(rows)
    assert len({row[2] for row in rows}) == len(rows)


def test_every_payment_balances(example: duckdb.DuckDBPyConnection) -> None:
    assert example.execute("from out.cash where difference_amount <> 0").fetchall() == []
    (interest,) = example.execute("select sum(interest_amount) from out.cash").fetchall()[0]
    assert interest < Decimal(0)


def test_causes_do_not_depend_on_what_else_is_looked_at(
    example: duckdb.DuckDBPyConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A third of the patient-days at a time, in any order of rows and few in memory, has the same causes as all of them."""
    monkeypatch.setattr("contracts.causes._CASES", 4)
    lines = example.sql(model_sql("core.line_to_price")).pl()
    lines = lines.cast({name: kind for name, kind in LINE_SCHEMA.items() if name in lines.columns})
    groups = example.table("core.judged_amount").pl().select(*GROUP_SCHEMA)
    terms, reference = read_terms(EXAMPLES / "contracts"), read_reference(EXAMPLES / "reference")
    practice = read_practice(EXAMPLES / "shortpay.toml")
    parts = []
    for third in range(3):
        days = lines["patient_day"].unique().sort().gather_every(3, third)
        some = lines.filter(pl.col("patient_day").is_in(days.implode())).sample(
            fraction=1, shuffle=True, seed=third
        )
        parts.append(
            explain_short(some, groups.join(some, on="line_id", how="semi"), terms, reference, practice)
        )
    found = pl.concat(parts).sort("line_id", "cause_rank")
    stored = example.sql("from core.cause order by line_id, cause_rank").pl()
    assert found.rows() == stored.rows()
