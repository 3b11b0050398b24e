"""The de-identified extract: every column classed, no mark of a person in it, hashes keyed, dates kept or shifted."""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
from typing import TYPE_CHECKING

import duckdb
import pytest
from typer.testing import CliRunner

from era_parser import Source, parse
from flows.cli import app
from flows.home import make_home
from flows.keys import key_text
from tests.conftest import AS_OF, judge_all, weigh_all
from tests.marks import Marks, remittance
from warehouse.database import open_warehouse
from warehouse.deidentify import KeyTooShortError, deidentify, keyed
from warehouse.load import load
from warehouse.personal import CLASSES, SCHEMAS, class_of, omitted, stated
from warehouse.publish import publish
from warehouse.registry import descriptions

if TYPE_CHECKING:
    from pathlib import Path

KEY = b"0123456789abcdef0123456789abcdef"


def published_columns(database: Path) -> set[tuple[str, str]]:
    with duckdb.connect(str(database), read_only=True) as con:
        rows = con.execute(
            "select schema_name || '.' || table_name, column_name from duckdb_columns()"
            " where database_name = current_database()"
        ).fetchall()
    return {(table, column) for table, column in rows}


@pytest.fixture(scope="module")
def marked(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Marks]:
    """Publish two nights of remittances in which every text is marked; one remittance pays in full."""
    folder = tmp_path_factory.mktemp("marked")
    marks = Marks()
    con = open_warehouse(folder / "warehouse.duckdb")
    for paid in ("48.15", "60.20"):
        source = Source(f"{marks.name()}.835", remittance(marks, 5, paid))
        load(con, [source], parse([source]), AS_OF)
    judge_all(con)
    (folder / "encounters").mkdir()
    ((account,),) = con.execute("select min(patient_account) from core.claim").fetchall()
    (folder / "encounters" / f"{marks.name()}.csv").write_text(
        "account,date,code,minutes,clinician,assistant\n"
        f"{account},2026-05-12,97110,45,{marks.name()},{marks.name()}\n"
    )
    weigh_all(con, folder / "encounters")
    publish(con, folder, AS_OF)
    con.close()
    return folder / "shortpay.duckdb", marks


@pytest.fixture(
    scope="module", params=[False, pytest.param(True, marks=pytest.mark.slow)], ids=["kept", "shifted"]
)
def extract(request: pytest.FixtureRequest, marked: tuple[Path, Marks]) -> Path:
    target: Path = marked[0].with_name(f"deidentified-{request.param}.duckdb")
    rows = deidentify(marked[0], target, KEY, shift=request.param)
    assert rows["out.worklist"] > 0
    return target


def all_texts(database: Path) -> str:
    with duckdb.connect(str(database), read_only=True) as con:
        columns = con.execute(
            "select schema_name, table_name, column_name from duckdb_columns() where database_name = current_database()"
        ).fetchall()
        return " ".join(
            " ".join(
                str(value) for (value,) in con.table(f"{schema}.{table}").select(f'"{column}"').fetchall()
            )
            for schema, table, column in columns
        )


def test_no_mark_is_in_any_value_or_byte(extract: Path, marked: tuple[Path, Marks]) -> None:
    database, marks = marked
    before, after, data = all_texts(database), all_texts(extract), extract.read_bytes()
    assert len(marks.all) > 500
    assert [mark for mark in marks.all if mark not in before] == []
    assert [mark for mark in marks.all if mark in after or mark.encode() in data] == []
    assert KEY not in data


def test_every_published_column_has_a_class(marked: tuple[Path, Marks]) -> None:
    """A new column without a class would be left out of extracts: add it to warehouse/personal.csv."""
    known = {(t, c) for t, c in published_columns(marked[0]) if t.split(".")[0] in SCHEMAS and not omitted(t)}
    assert sorted(f"{t}.{c}" for t, c in known if class_of(t, c) is None) == []
    assert {*stated().values()} <= CLASSES
    used = {column for _, column in known}
    assert sorted(column for table, column in stated() if not table and column not in used) == []
    assert [table for table, _ in stated() if table and table not in descriptions()] == []


def test_a_column_without_a_class_stays_out(marked: tuple[Path, Marks], tmp_path: Path) -> None:
    copy = tmp_path / "shortpay.duckdb"
    copy.write_bytes(marked[0].read_bytes())
    with duckdb.connect(str(copy)) as con:
        con.execute("alter table core.claim add column maiden_name varchar default 'SMITH'")
    deidentify(copy, tmp_path / "extract.duckdb", KEY, shift=False)
    columns = published_columns(tmp_path / "extract.duckdb")
    assert ("core.claim", "maiden_name") not in columns
    assert ("core.claim", "charge_amount") in columns
    assert ("core.claim", "patient_aliases") not in columns


def test_hashes_are_keyed_and_tie_rows_together(
    extract: Path, marked: tuple[Path, Marks], tmp_path: Path
) -> None:
    with duckdb.connect(str(marked[0]), read_only=True) as con:
        ((account,),) = con.execute("select min(patient_account) from core.claim").fetchall()
    subkey = hmac.new(KEY, b"shortpay deidentify id", hashlib.sha256).digest()
    expected = hmac.new(subkey, account.encode(), hashlib.sha256).hexdigest()[:32]
    with duckdb.connect(str(extract), read_only=True) as con:
        joined = con.execute(
            "select count(*) from core.claim c join era.claim e on e.patient_control_number = c.patient_account"
            " and e.file_hash = c.file_hash where c.patient_account = ?", [expected],
        ).fetchall()  # fmt: skip
        assert joined == [(1,)]
    assert keyed(KEY, account) == expected
    other = tmp_path / "other.duckdb"
    deidentify(marked[0], other, KEY[::-1], shift=False)
    assert expected not in all_texts(other)


def test_shifted_dates_keep_their_intervals(marked: tuple[Path, Marks], tmp_path: Path) -> None:
    kept, moved = tmp_path / "kept.duckdb", tmp_path / "moved.duckdb"
    deidentify(marked[0], kept, KEY, shift=False)
    deidentify(marked[0], moved, KEY, shift=True)
    query = "select patient_account, service_date, remittance_date, dispute_by from out.worklist order by patient_account"
    with duckdb.connect(str(kept), read_only=True) as con:
        true = con.execute(query).fetchall()
    with duckdb.connect(str(moved), read_only=True) as con:
        shifted = con.execute(query).fetchall()
        assert con.execute("select count(payment_date) from era.payment").fetchall() == [(0,)]
        assert con.execute(
            "select count(*) from duckdb_columns() where column_name = 'days_left'"
        ).fetchall() == [(0,)]
    shifts = [
        {(there - here).days for here, there in zip(a[1:], b[1:], strict=True)}
        for a, b in zip(shifted, true, strict=True)
    ]
    assert all(len(days) == 1 and 1 <= min(days) <= 365 for days in shifts)
    assert len({min(days) for days in shifts}) > 1
    assert dt.date(2026, 5, 12) in {row[1] for row in true}


def test_codes_keep_their_shape_and_names_in_their_place_are_dropped(extract: Path) -> None:
    with duckdb.connect(str(extract), read_only=True) as con:
        assert con.execute("select distinct procedure_code from era.service_line order by 1").fetchall() == [
            ("97110",),
            ("97140",),
        ]
        assert con.execute(
            "select count(remark_code), count(*) > 0 from era.remark where remark_qualifier = 'HE'"
        ).fetchall() == [(0, True)]


def test_short_keys_are_refused(tmp_path: Path) -> None:
    with pytest.raises(KeyTooShortError):
        deidentify(tmp_path / "none", tmp_path / "out", b"  short  ", shift=False)


def test_a_key_beside_what_it_protects_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = make_home(tmp_path / "home").path
    (home / "key").write_text("k" * 40)
    (tmp_path / "open").write_text("k" * 40)
    (tmp_path / "open").chmod(0o644)
    (tmp_path / "key").write_text("k" * 40)
    (tmp_path / "key").chmod(0o600)
    for file, said in ((home / "key", "beside what it protects"), (tmp_path / "open", "chmod 600")):
        with pytest.raises(Exception, match=said):
            key_text("SHORTPAY_DEIDENTIFY_KEY", file, home)
    assert key_text("SHORTPAY_DEIDENTIFY_KEY", tmp_path / "key", home) == "k" * 40
    monkeypatch.delenv("SHORTPAY_DEIDENTIFY_KEY", raising=False)
    with pytest.raises(Exception, match="set SHORTPAY_DEIDENTIFY_KEY"):
        key_text("SHORTPAY_DEIDENTIFY_KEY", None, home)


def test_the_command(marked: tuple[Path, Marks], tmp_path: Path) -> None:
    home = make_home(tmp_path / "home")
    home.published.write_bytes(marked[0].read_bytes())
    outcome = CliRunner().invoke(
        app,
        ["deidentify", "--home", str(home.path), "--shift-dates"],
        env={"SHORTPAY_DEIDENTIFY_KEY": KEY.decode()},
    )
    assert outcome.exit_code == 0, outcome.output
    assert "dates shifted" in outcome.output
    assert (home.folder("published") / "deidentified.duckdb").stat().st_mode & 0o077 == 0
