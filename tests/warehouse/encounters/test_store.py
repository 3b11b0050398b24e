"""The encounters' own database: nothing twice, the latest stamp wins, no order counts, and no text leaves."""

from __future__ import annotations

import datetime as dt
import itertools
from typing import TYPE_CHECKING

import polars as pl

from contracts import Practice, Reference, Terms
from era_parser import Source
from tests.conftest import weigh_all
from warehouse import judge
from warehouse.archive import keep
from warehouse.database import open_warehouse
from warehouse.encounters import read_encounters
from warehouse.encounters.models import PUBLISHED
from warehouse.encounters.store import (
    LOADED,
    findings,
    load_encounters,
    open_store,
    restore,
    score_notes,
    stand,
    store_path,
)
from warehouse.journal import Journal
from warehouse.load import note, told

if TYPE_CHECKING:
    from pathlib import Path

    import duckdb

HEADER = "account,date,code,minutes,note\n"
SEEN = dt.date(2026, 6, 24)
FILES = {
    "june_2026-06-24.csv": "A1,2026-06-01,97140,15,\nA1,2026-06-02,97110,30,\nA2,2026-06-01,97110,,\n",
    "june_2026-06-26.csv": "A1,2026-06-01,97140,25,\n",
    "other_2026-06-26.csv": "A2,2026-06-01,97110,38,\nA2,2026-06-01,97140,15,\n",
    "again_2026-06-25.csv": "A1,2026-06-01,97140,99,\n",
}


def source(name: str, text: str) -> Source:
    return Source(name, (HEADER + text).encode())


def standing(folder: Path, files: list[Source], seen: dt.date = SEEN) -> list[tuple[object, ...]]:
    with open_store(folder / "warehouse.duckdb") as con:
        for file in files:
            load_encounters(con, file, read_encounters(file), seen)
        rows = stand(con)
    columns = ["source_file", "patient_account", "service_date", "procedure_code", "minutes", "conflicting"]
    return sorted(rows.select(columns).rows())


def bare(con: duckdb.DuckDBPyConnection) -> None:
    """A warehouse that no remittance has reached yet."""
    terms, reference = Terms(), Reference()
    judge.store_terms(con, terms, reference)
    judge.adjudicate(con)
    judge.compare(con)
    judge.price(con, terms, reference, Practice())


def test_the_latest_stamp_wins_a_patient_day_whole_in_any_order(tmp_path: Path) -> None:
    files = [source(name, text) for name, text in FILES.items()]
    wanted = [
        ("june_2026-06-24.csv", "A1", dt.date(2026, 6, 2), "97110", 30, False),
        ("june_2026-06-26.csv", "A1", dt.date(2026, 6, 1), "97140", 25, False),
        ("other_2026-06-26.csv", "A2", dt.date(2026, 6, 1), "97110", 38, False),
        ("other_2026-06-26.csv", "A2", dt.date(2026, 6, 1), "97140", 15, False),
    ]
    for number, order in enumerate(itertools.permutations(files)):
        folder = tmp_path / str(number)
        folder.mkdir()
        assert standing(folder, [*order, order[0]]) == wanted


def test_two_files_of_one_stamp_that_differ_are_in_conflict(tmp_path: Path) -> None:
    one, other = (
        source("a_2026-06-24.csv", "A1,2026-06-01,97140,15,\n"),
        source("b_2026-06-24.csv", "A1,2026-06-01,97140,25,\n"),
    )
    same = (
        source("c_2026-06-24.csv", "A2,2026-06-01,97140,15,\n"),
        source("d_2026-06-24.csv", "A2,2026-06-01,97140,15,\n\n"),
    )
    (tmp_path / "x").mkdir()
    (tmp_path / "y").mkdir()
    forth, back = (
        standing(tmp_path / "x", [one, other, *same]),
        standing(tmp_path / "y", [*same[::-1], other, one]),
    )
    assert forth == back
    assert {(row[1], row[5]) for row in forth} == {("A1", True), ("A2", False)}


def test_without_a_stamp_the_day_it_was_received_counts(tmp_path: Path) -> None:
    first, second = source("v.csv", "A1,2026-06-01,97140,15,\n"), source("v.csv", "A1,2026-06-01,97140,25,\n")
    standing(tmp_path, [first], dt.date(2026, 6, 24))
    assert [row[4] for row in standing(tmp_path, [second], dt.date(2026, 6, 25))] == [25]


def test_findings_of_replaced_rows_are_left_out(tmp_path: Path) -> None:
    old, new = (
        source("a_2026-06-24.csv", "A1,2026-06-01,97140,many,\n"),
        source("a_2026-06-25.csv", "A1,2026-06-01,97140,25,\n"),
    )
    standing(tmp_path, [old])
    with open_store(tmp_path / "warehouse.duckdb") as con:
        stand(con)
        assert findings(con)["finding_code"].to_list() == ["BAD_MINUTES"]
    standing(tmp_path, [new])
    with open_store(tmp_path / "warehouse.duckdb") as con:
        stand(con)
        assert findings(con).is_empty()


def test_the_store_is_made_again_from_the_archive(tmp_path: Path) -> None:
    warehouse, files = tmp_path / "warehouse.duckdb", [source(name, text) for name, text in FILES.items()]
    before = standing(tmp_path, files)
    with open_warehouse(warehouse) as con:
        for file in files:
            keep(tmp_path / "archive", file)
            note(con, [told(file.name, file.file_hash, SEEN, LOADED, "")], Journal(None))
        store_path(warehouse).unlink()
        with open_store(warehouse) as store:
            assert restore(store, con, tmp_path / "archive") == (len(files), [])
            assert restore(store, con, tmp_path / "archive") == (0, [])
    assert standing(tmp_path, []) == before


def test_no_text_of_a_note_reaches_what_is_published(tmp_path: Path) -> None:
    """The published file is a copy of bytes: the words must never have been in the warehouse's."""
    words = "Quillwort confided a marzipan allergy"
    (tmp_path / "encounters").mkdir()
    (tmp_path / "encounters" / "e.csv").write_text(f'{HEADER}A1,2026-06-01,97140,15,"{words}"\n')
    with open_warehouse(tmp_path / "warehouse.duckdb") as con:
        bare(con)
        weigh_all(con, tmp_path / "encounters")
        assert con.execute("select has_note from out.encounter_day").fetchall() == [(True,)]
        con.execute("checkpoint")
    for word in (b"Quillwort", b"marzipan"):
        assert word not in (tmp_path / "warehouse.duckdb").read_bytes()
        assert word in store_path(tmp_path / "warehouse.duckdb").read_bytes()


def test_notes_are_compared_once_and_with_the_ten_before_them(tmp_path: Path) -> None:
    text = "Visit {}: stiffness on rising; manual therapy to the lumbar spine, exercises as before, tolerated well."
    rows = "".join(f'A1,2026-01-{day:02d},97140,15,"{text.format(day)}"\n' for day in range(1, 31))
    standing(tmp_path, [source("n_2026-02-01.csv", rows)])
    patients = pl.DataFrame({"patient_account": ["A1"], "patient": ["P"]})
    with open_store(tmp_path / "warehouse.duckdb") as con:
        stand(con)
        scored = score_notes(con, patients)
        (pairs,) = con.execute("select count(*) from pair").fetchall()[0]
        assert pairs == sum(min(place, 10) for place in range(30))
        assert scored["similarity_percent"].drop_nulls().min() == 100
        assert score_notes(con, patients).rows() == scored.rows()
        assert con.execute("select count(*) from pair").fetchall()[0][0] == pairs


def test_a_home_without_encounters_has_the_tables_and_no_rows(tmp_path: Path) -> None:
    (tmp_path / "encounters").mkdir()
    with open_warehouse(tmp_path / "warehouse.duckdb") as con:
        bare(con)
        weigh_all(con, tmp_path / "encounters")
        for table in PUBLISHED:
            assert con.table(table).fetchall() == []
