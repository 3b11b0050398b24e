"""The twelve points: cases as data, and what the list as a whole promises."""

from __future__ import annotations

import csv
import datetime as dt
import tomllib
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest
from rich.console import Console
from typer.testing import CliRunner

from contracts import Reference, edits
from contracts.reference import EditFile, schema_of
from era_parser import Source
from flows.check import check_file, show_checked, write_checked
from flows.cli import app
from flows.home import HomeError
from tests.conftest import EXAMPLES
from warehouse.check import Billed, check_encounters, points
from warehouse.encounters import read_encounters
from warehouse.encounters.regions import meeting

if TYPE_CHECKING:
    import duckdb

CASES = tomllib.loads((Path(__file__).parents[2] / "cases" / "check" / "points.toml").read_text("utf-8"))[
    "case"
]
AS_OF = dt.date(2024, 8, 15)
DAY = dt.date(2024, 8, 1)


def reference(case: dict[str, Any], folder: Path) -> Reference:
    """Give the editions of a case: 2024Q3, whole, in the stored form."""
    pairs = [
        (
            "2024Q3",
            one,
            other,
            dt.date(1996, 1, 1),
            None if end == "*" else dt.date.fromisoformat(end),
            indicator,
            "",
            "",
            row,
        )
        for row, (one, other, end, indicator) in enumerate(case.get("pairs", []), start=2)
    ]
    path = folder / "ptp.parquet"
    pl.DataFrame(pairs, schema=schema_of("ptp_edit"), orient="row").write_parquet(path)
    most = [
        ("2024Q3", dt.date(2024, 7, 1), dt.date(2024, 9, 30), code, units, indicator, "", "mue", row)
        for row, (code, units, indicator) in enumerate(case.get("most_units", []), start=2)
    ]
    edition = EditFile(
        "2024Q3", "", dt.date(2024, 7, 1), dt.date(2024, 9, 30), "ptp.txt", edits.WHOLE_EDITION, path
    )
    return Reference(mue=pl.DataFrame(most, schema=schema_of("mue"), orient="row"), edit_files=(edition,))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["title"])
def test_points(case: dict[str, Any], tmp_path: Path) -> None:
    assert case["source"]
    read = read_encounters(Source("case.csv", str(case["file"]).strip().encode()))
    assert not read.findings
    billed = frozenset(Billed("A", DAY, code) for code in case["billed"]) if "billed" in case else None
    allowed = {("A", 2024, "PT and SLP"): Decimal(case["allowed"])} if "allowed" in case else None
    found = check_encounters(read, AS_OF, reference=reference(case, tmp_path), billed=billed, allowed=allowed)
    got: dict[str, set[str]] = {}
    for one in found:
        got.setdefault(one.point, set()).add(one.result)
    assert {name: got[name] for name in case["expect"]} == {
        name: {wanted} for name, wanted in case["expect"].items()
    }


def test_there_are_twelve_points_and_each_has_a_case_of_every_kind_it_can_give() -> None:
    names = [point["name"] for point in points()]
    assert len(names) == len(set(names)) == 12
    assert all(point["rule"] and point["source"] and point["settle"] for point in points())
    given = {(name, result) for case in CASES for name, result in case["expect"].items()}
    never = {("documentation", "FAIL"), ("assistant", "FAIL")}
    lacking = {(name, result) for name in names for result in ("PASS", "FAIL", "CANNOT_TELL")} - given - never
    assert not lacking


def test_the_example_file_is_checked_against_what_was_decided(example: duckdb.DuckDBPyConnection) -> None:
    rows = example.execute(
        "select distinct patient_account, service_date, procedure_code from core.verdict"
        " where verdict not in ('REVERSED', 'SUPERSEDED')"
    ).fetchall()
    (file,) = (EXAMPLES / "encounters").iterdir()
    read = read_encounters(Source.from_path(file))
    found = check_encounters(read, dt.date(2026, 7, 1), billed=frozenset(Billed(*row) for row in rows))
    decided = {one.patient_account for one in found if one.point == "duplicate" and one.result == "FAIL"}
    assert "D1009" in decided
    assert "D2001" not in decided


def test_the_command_prints_and_writes_the_list(tmp_path: Path) -> None:
    path, out = tmp_path / "claims.csv", tmp_path / "out.csv"
    path.write_text("account,date,code,units,minutes,payer\n=A1,2026-06-20,97140,2,15,Medicare\n")
    done = CliRunner().invoke(app, ["check", str(path), "--as-of", "2026-07-01", "--out", str(out)])
    assert done.exit_code == 0, done.output
    assert "Units by the minutes: fail" in done.output
    assert "would settle it" in done.output
    with out.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 12
    assert {row["patient_account"] for row in rows} == {"'=A1"}


def test_a_home_that_is_none_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "claims.csv"
    path.write_text("account,date,code\nA1,2026-06-20,97140\n")
    done = CliRunner().invoke(app, ["check", str(path), "--home", str(tmp_path)])
    assert isinstance(done.exception, HomeError)


@pytest.mark.parametrize("account", ["=A1", "+A1", "@A1", "\uff1dA1"])
def test_an_account_that_begins_like_a_formula_is_a_text(account: str, tmp_path: Path) -> None:
    path, out = tmp_path / "claims.csv", tmp_path / "out.csv"
    path.write_text(f"account,date,code\n{account},2026-06-20,97140\n")
    write_checked(out, check_file(path, None, dt.date(2026, 7, 1))[1])
    with out.open(newline="", encoding="utf-8") as file:
        assert {row["patient_account"] for row in csv.DictReader(file)} == {f"'{account}"}


def test_text_of_a_note_is_not_printed(tmp_path: Path) -> None:
    path, out = tmp_path / "claims.csv", tmp_path / "out.csv"
    path.write_text('account,date,code,note\nA1,2026-06-20,97140,"<b>Quillwort</b> came"\n')
    read, found = check_file(path, None, dt.date(2026, 7, 1))
    console = Console(record=True, width=200)
    show_checked(console, read, found)
    write_checked(out, found)
    assert "Quillwort" not in console.export_text() + out.read_text()


@pytest.mark.parametrize(
    ("one", "other", "standing"),
    [
        (["lumbar"], ["lumbar, thoracic"], "SAME"),
        (["cervical"], ["thoracic"], "CONTIGUOUS"),
        (["lower extremity"], ["lumbar"], "SEPARATE"),
        (["upper extremity"], ["cervical"], "CANNOT_TELL"),
        ([None], ["cervical"], "CANNOT_TELL"),
        (["lumbar", None], ["sacral"], "CONTIGUOUS"),
    ],
)
def test_regions_meet(one: list[str | None], other: list[str | None], standing: str) -> None:
    assert meeting(one, other) == meeting(other, one) == standing


def test_the_warehouse_and_the_list_see_regions_alike(example: duckdb.DuckDBPyConnection) -> None:
    rows = example.execute(
        "select manual_region, manipulation_region, standing from out.region_pair"
    ).fetchall()
    assert {row[2] for row in rows} >= {"SAME", "CONTIGUOUS", "SEPARATE"}
    assert [meeting([one], [other]) for one, other, _ in rows] == [standing for *_, standing in rows]
