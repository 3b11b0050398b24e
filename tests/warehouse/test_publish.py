"""What is published: the same bytes for the same tables, described in full, and no text that acts."""

import io
from pathlib import Path

import duckdb
import openpyxl
import pytest

from tests.conftest import AS_OF
from warehouse import workbook as workbook_module
from warehouse.archive import bring_back
from warehouse.dictionary import dictionary
from warehouse.encounters.models import VIEWS as LANE_VIEWS
from warehouse.explain import prove
from warehouse.judge import VIEWS
from warehouse.publish import publish, readable
from warehouse.workbook import SHEETS, workbook


def test_csv_and_workbook_are_byte_equal_twice(example: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    for name in ("a", "b"):
        publish(example, tmp_path / name, AS_OF)
    for name in ("worklist.csv", "worklist.xlsx"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


def test_every_published_table_view_and_column_carries_a_comment(
    example: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    publish(example, tmp_path, AS_OF)
    with readable(tmp_path / "shortpay.duckdb") as con:
        tables = con.execute("select schema_name, table_name, comment from duckdb_tables()").fetchall()
        columns = con.execute(
            "select table_name, column_name, comment from duckdb_columns() where not internal"
        ).fetchall()
        views = con.execute(
            "select schema_name, view_name, comment from duckdb_views() where not internal"
        ).fetchall()
        assert {row[0] for row in tables} == {"era", "terms", "core", "life", "out"}
        assert {f"{row[0]}.{row[1]}" for row in views} == {*VIEWS, *LANE_VIEWS}
        described = [*tables, *views, *columns]
        assert [row for row in described if not row[2]] == []


def test_a_reader_keeps_its_edition_while_a_new_one_is_published(
    example: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    publish(example, tmp_path, AS_OF)
    with readable(tmp_path / "shortpay.duckdb") as con:
        before = con.execute("select count(*) from out.worklist").fetchall()
        publish(example, tmp_path, AS_OF)
        assert con.execute("select count(*) from out.worklist").fetchall() == before


def test_text_from_a_remittance_never_becomes_a_formula(example: duckdb.DuckDBPyConnection) -> None:
    with example.cursor() as con:
        con.begin()
        con.execute(
            "update out.worklist set patient_account = '=HYPERLINK(\"x\")', payer_claim_number = '@SUM(1)'"
        )
        book = openpyxl.load_workbook(io.BytesIO(workbook(con, AS_OF)))
        con.rollback()
    assert book.sheetnames == [*SHEETS, "Dictionary"]
    cells = [cell for row in book["Worklist"].iter_rows() for cell in row]
    assert {cell.data_type for cell in cells} <= {"s", "n", "d"}
    assert any(cell.value == '=HYPERLINK("x")' for cell in cells)


def test_every_dispute_is_proved_from_the_archived_bytes(
    example: duckdb.DuckDBPyConnection, example_archive: Path
) -> None:
    for (dispute_id,) in example.execute("select dispute_id from out.dispute").fetchall():
        (proof,) = prove(example, example_archive, dispute_id)
        assert proof.segments[0].startswith("SVC")
        assert proof.steps
        assert proof.history.decisions


def test_the_archive_returns_every_file_as_it_came(
    example: duckdb.DuckDBPyConnection, example_archive: Path
) -> None:
    nights = Path(__file__).parents[2] / "examples" / "nights"
    received = {path.name: path.read_bytes() for path in nights.rglob("*") if path.is_file()}
    arrivals = example.execute("select name, file_hash from era.file_seen").fetchall()
    assert {name: bring_back(example_archive, file_hash) for name, file_hash in arrivals} == received


def test_the_data_dictionary_in_docs_is_up_to_date(
    example: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    publish(example, tmp_path, AS_OF)
    kept = Path(__file__).parents[2] / "docs" / "dictionary.md"
    with readable(tmp_path / "shortpay.duckdb") as con:
        assert kept.read_text(encoding="utf-8") == dictionary(con), "run make dictionary"


def test_a_long_sheet_shows_the_largest_and_says_how_many_more(
    example: duckdb.DuckDBPyConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workbook_module, "ROWS", 3)
    largest = {"out.abstained": " order by charge_amount desc, file_hash, claim, line limit 3"}
    monkeypatch.setattr(workbook_module, "LARGEST", largest)
    sheet = openpyxl.load_workbook(io.BytesIO(workbook_module.workbook(example, AS_OF)))["Abstained"]
    told = example.execute("select count(*) from out.abstained").fetchall()[0][0]
    assert sheet.max_row == 5
    assert str(sheet.cell(5, 1).value).startswith(f"{told - 3} more in out.abstained")


def test_a_table_of_an_earlier_version_is_not_published(
    example: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    example.execute("create table core.left_over as select 1 as line_id")
    example.execute("create view view.left_over as select line_id from core.left_over")
    publish(example, tmp_path, AS_OF)
    with readable(tmp_path / "shortpay.duckdb") as con:
        assert con.execute(
            "select count(*) from duckdb_columns() where table_name = 'left_over'"
        ).fetchone() == (0,)


def test_views_answer_from_the_published_file_alone_and_attached_under_another_name(
    example: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    publish(example, tmp_path, AS_OF)
    with duckdb.connect() as con:
        con.execute(f"attach '{tmp_path}/shortpay.duckdb' as practice (read_only)")
        assert [view for view in VIEWS if not con.execute(f"from practice.{view}").fetchall()] == []
