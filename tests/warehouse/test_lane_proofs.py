"""Every row of every lane has a name, and a proof that shows its rule, what is behind it and the arithmetic."""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING

import pytest
from rich.console import Console

from era_parser import Source
from flows.explain import LANES
from flows.lane_proof import show_lane
from tests.conftest import AS_OF, EXAMPLES, judge_all, weigh_all
from warehouse.archive import ArchiveError, keep
from warehouse.database import open_warehouse
from warehouse.encounter_proof import encounter_file, prove_risk, prove_row, prove_units
from warehouse.explain import UnknownDisputeError
from warehouse.therapy_proof import prove_letter

if TYPE_CHECKING:
    from pathlib import Path

    import duckdb

    from warehouse.lane_proof import LaneProof

NAMES = {
    "out.under_billed": ("under_billed_id", "U-"),
    "out.compliance": ("risk_id", "R-"),
    "out.threshold": ("threshold_id", "T-"),
    "out.modifier": ("modifier_id", "M-"),
    "out.distinct_share": ("share_id", "S-"),
}
FILE = "encounters_2026-06-24.csv"


@pytest.fixture(scope="module")
def archive(example_archive: Path) -> Path:
    for file in (EXAMPLES / "encounters").iterdir():
        keep(example_archive, Source.from_path(file))
    return example_archive


def printed(proof: LaneProof) -> str:
    out = io.StringIO()
    show_lane(Console(file=out, width=400), proof)
    return out.getvalue()


def named(con: duckdb.DuckDBPyConnection, table: str, account: str, where: str = "true") -> str:
    column, _ = NAMES[table]
    ((name,),) = con.execute(
        f"select {column} from {table} where patient_account = ? and {where}",  # noqa: S608  (our own names)
        [account],
    ).fetchall()
    return str(name)


@pytest.mark.parametrize("table", NAMES)
def test_every_row_has_a_name_of_its_own_and_a_proof(
    example: duckdb.DuckDBPyConnection, archive: Path, table: str
) -> None:
    column, prefix = NAMES[table]
    query = f"select {column} from {table} order by 1"  # noqa: S608  (our own names)
    names = [row[0] for row in example.execute(query).fetchall()]
    assert names
    assert len({*names}) == len(names)
    for name in names:
        assert re.fullmatch(rf"{prefix}[0-9A-F]{{10}}", name)
        text = printed(LANES[prefix](example, archive, name.lower()))
        assert text.startswith(f"{name}  ")
        assert "The rule" in text
        assert re.search(r"\.(835|edi|csv|txt)( row |:|, segment )\d+", text), name


def test_units_are_proven_by_minutes_segments_and_both_prices(
    example: duckdb.DuckDBPyConnection, archive: Path
) -> None:
    """D1009: 25 minutes are 2 units; 49.02 by the minutes - 27.75 as billed = 21.27."""
    text = printed(prove_units(example, archive, named(example, "out.under_billed", "D1009")))
    assert f"{FILE} row 2" in text
    assert "SVC*HC:97140" in text
    assert "by the minutes $49.02 - as billed $27.75 = $21.27" in text
    assert "file by 2027-01-22 (205 days left)" in text
    assert text.index("Price of the day as billed") < text.index("Price of the day by the minutes")
    minutes = re.search(r"97140 +25 +25 +2 +2 +1 +eight_minute +UNDER_BILLED +1", text)
    assert minutes, text


@pytest.mark.parametrize(
    ("account", "risk", "rows"),
    [
        ("D1008", "OVER_BILLED_UNITS", [3, 4]),
        ("D2001", "UNSPECIFIED_DIAGNOSIS", [31, 32, 33]),
        ("D1074", "NEAR_IDENTICAL_NOTES", [7, 8, 9, 10]),
        ("D1078", "CLINICIAN_OVERLAP", [13, 14]),
        ("C5001", "MANUAL_THERAPY_REGION", [34, 35]),
    ],
)
def test_a_risk_names_the_rows_behind_it(
    example: duckdb.DuckDBPyConnection, archive: Path, account: str, risk: str, rows: list[int]
) -> None:
    name = named(example, "out.compliance", account, f"risk_code = '{risk}'")
    text = printed(prove_risk(example, archive, name))
    assert [int(row) for row in re.findall(rf"{FILE} row (\d+)", text)] == rows


def test_a_row_of_an_encounter_file_is_explained_by_its_place(
    example: duckdb.DuckDBPyConnection, archive: Path
) -> None:
    file_hash = Source.from_path(EXAMPLES / "encounters" / FILE).file_hash
    for row, words in (
        (12, "OVERLAPPING_MINUTES: start and stop overlap"),
        (40, "NO_ACCOUNT"),
        (31, "NO_REMITTANCE"),
    ):
        text = printed(prove_row(example, archive, f"{FILE}:{row}", (file_hash, row)))
        assert text.startswith(f"{FILE}:{row}  ")
        assert words in text
    assert encounter_file(example, "nobody.csv:2") is None


def test_no_word_of_a_note_is_printed(example: duckdb.DuckDBPyConnection, archive: Path) -> None:
    """Row 14's note is a formula with markup: neither the table nor the proof of its risks repeats it."""
    notes = (EXAMPLES / "encounters" / FILE).read_text(encoding="utf-8")
    assert "HYPERLINK" in notes
    names = [row[0] for row in example.execute("select risk_id from out.compliance").fetchall()]
    assert "HYPERLINK" not in "".join(printed(prove_risk(example, archive, name)) for name in names)


def test_names_stay_when_a_later_visit_comes(example: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    """A diagnosis that goes on keeps its name though its last day moves, and so do all other rows."""
    before = dict(example.execute("select risk_id, service_date from out.compliance").fetchall())
    units = example.execute("select under_billed_id from out.under_billed order by 1").fetchall()
    later = tmp_path / "later_2026-06-29.csv"
    later.write_text("account,date,code,minutes,diagnosis\nD2001,2026-06-22,97110,15,M54.50\n")
    (tmp_path / FILE).write_bytes((EXAMPLES / "encounters" / FILE).read_bytes())
    folder = tmp_path / "warehouse"
    folder.mkdir()
    path = example.execute(
        "select path from duckdb_databases() where database_name = current_database()"
    ).fetchall()[0][0]
    example.execute("checkpoint")
    (folder / "warehouse.duckdb").write_bytes(open(path, "rb").read())  # noqa: PTH123, SIM115
    encounters = tmp_path / "encounters"
    encounters.mkdir()
    for file in (later, tmp_path / FILE):
        file.rename(encounters / file.name)
    with open_warehouse(folder / "warehouse.duckdb") as con:
        weigh_all(con, encounters)
        after = dict(con.execute("select risk_id, service_date from out.compliance").fetchall())
        assert con.execute("select under_billed_id from out.under_billed order by 1").fetchall() == units
    assert {*before} == {*after}
    assert [str(after[name]) for name in before if after[name] != before[name]] == ["2026-06-22"]


@pytest.mark.parametrize("name", ["U-0000000000", "R-0", "T-x", "M-", "S-0000000000", "L-9999"])
def test_a_name_that_nobody_bears_is_said(
    example: duckdb.DuckDBPyConnection, archive: Path, name: str
) -> None:
    with pytest.raises(UnknownDisputeError, match=re.escape(name)):
        LANES[name[:2]](example, archive, name)


def test_a_lost_encounter_file_is_said(example: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    with pytest.raises(ArchiveError):
        prove_risk(example, tmp_path, named(example, "out.compliance", "D1079"))


def test_a_letter_tells_its_days_and_what_must_be_sent(tmp_path: Path) -> None:
    with open_warehouse(tmp_path / "warehouse.duckdb") as con:
        judge_all(con)
        con.execute(
            "insert into life.letter values ('e', 1, ?, 'ann', 'L-0001', 'recoupment_demand', '2026-06-20', null, 'Medicare',"
            " 'D1005', null, 412.50, null, null)", [AS_OF],
        )  # fmt: skip
        judge_all(con)
        text = printed(prove_letter(con, tmp_path, "l-0001"))
        con.execute(
            "insert into life.letter (id, number, letter_id, answered_date) values ('f', 2, 'L-0001', '2026-06-28')"
        )
        judge_all(con)
        answered = printed(prove_letter(con, tmp_path, "L-0001"))
    assert "by 2026-07-30 (29 days left): 40 days after its date" in text
    assert "redetermination request for each claim on it" in text
    assert "answered on 2026-06-28" in answered
