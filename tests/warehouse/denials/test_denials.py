"""The denial cases of tests/cases/denials: what to do about each refused line, by when, for how much, with what proof."""

from __future__ import annotations

import datetime as dt
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from contracts import edits, read_practice
from era_parser import Source, parse
from tests.conftest import EXAMPLES
from tests.warehouse.denials.practice import reference_of, terms_of
from tests.warehouse.ledger.histories import Case, edi, read_history
from warehouse import judge, night
from warehouse.database import open_warehouse
from warehouse.load import load

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import duckdb

AS_OF = dt.date(2026, 7, 1)
FOLDER = Path(__file__).parents[2] / "cases" / "denials"
KNOWN = {"title", "rule", "history", "expect", "says", "short"}


def cases() -> list[Case]:
    rows = [
        (path.stem, row)
        for path in sorted(FOLDER.glob("*.toml"))
        for row in tomllib.loads(path.read_text(encoding="utf-8"))["case"]
    ]
    return [
        Case(number, theme, row, read_history(number, str(row["history"])))
        for number, (theme, row) in enumerate(rows, start=1)
    ]


ALL = [pytest.param(case, id=case.name) for case in cases()]


def judged(folder: Path, nights: Sequence[Sequence[Source]]) -> duckdb.DuckDBPyConnection:
    """Judge files night by night; the lists are made once at the end."""
    terms, reference = terms_of(folder / "contracts"), reference_of(folder / "reference")
    practice = read_practice(EXAMPLES / "shortpay.toml")
    warehouse = folder / "warehouse.duckdb"
    for files in nights:
        with open_warehouse(warehouse) as con:
            judge.store_terms(con, terms, reference)
            load(con, files, parse(files), AS_OF)
        night.run(warehouse, "the same all along", terms, reference, practice)
    con = open_warehouse(warehouse)
    judge.rank(con, AS_OF)
    return con


@pytest.fixture(scope="module", autouse=True)
def small_edition() -> Iterator[None]:
    """The small edition of the cases is taken for whole."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(edits, "WHOLE_EDITION", 1)
        yield


@pytest.fixture(scope="module")
def denials(
    tmp_path_factory: pytest.TempPathFactory, small_edition: None
) -> Iterator[duckdb.DuckDBPyConnection]:
    sources = [Source(case.source_name(file.name), edi(file)) for case in cases() for file in case.files]
    with judged(tmp_path_factory.mktemp("denials"), [sources]) as con:
        yield con


def rows(con: duckdb.DuckDBPyConnection, case: Case) -> list[dict[str, Any]]:
    found = con.sql(
        "select * from out.denial where starts_with(source_file, $prefix) order by source_file, claim, line",
        params={"prefix": case.prefix},
    )
    return [dict(zip(found.columns, row, strict=True)) for row in found.fetchall()]


def told(case: Case, row: dict[str, Any]) -> str:
    place = f"{row['source_file'].removeprefix(case.prefix).removesuffix('.835')}{row['claim']}/{row['line']}"
    parts = [place, row["status"], row["strategy"]]
    parts += [
        str(row[name] if row[name] is not None else "-")
        for name in ("edit_finding", "recoverable_amount", "deadline_date")
    ]
    if row["status"] == "paid":
        parts.append(f"recovered {row['recovered_amount']}")
    return " ".join(parts)


@pytest.mark.parametrize("case", ALL)
def test_cases(case: Case, denials: duckdb.DuckDBPyConnection) -> None:
    assert set(case.row) <= KNOWN
    assert case.row["rule"]
    found = rows(denials, case)
    assert [told(case, row) for row in found] == case.row["expect"], case.row["rule"]
    text = " ".join(
        str(row[name]) for row in found for name in ("argument", "edit_proof", "contains", "deadline_source")
    )
    for words in case.row.get("says", []):  # type: ignore[attr-defined]
        assert words in text
    short = denials.execute(
        "select source_file, claim, line from core.verdict where verdict = 'UNDERPAID' and starts_with(source_file, ?)",
        [case.prefix],
    ).fetchall()
    places = [
        f"{name.removeprefix(case.prefix).removesuffix('.835')}{claim}/{line}" for name, claim, line in short
    ]
    assert places == case.row.get("short", [])


def test_there_are_enough_cases() -> None:
    assert len(ALL) >= 50


def test_every_row_has_what_a_biller_needs(denials: duckdb.DuckDBPyConnection) -> None:
    lacking = denials.execute(
        "select denial_id from out.denial where argument is null or contains is null or rule_source is null"
        " or argument like '%{%'"
        " or (status = 'open' and deadline_source is null) or (expected_amount is null and price_reason is null)"
        " or (edit_finding is not null and edit_proof is null)"
    ).fetchall()
    assert not lacking


def test_every_denied_line_that_stands_has_one_row(denials: duckdb.DuckDBPyConnection) -> None:
    missing = denials.execute(
        "select source_file, line from core.verdict v where verdict in ('DENIED', 'BUNDLED')"
        " and not exists (from out.denial d where d.line_id = v.line_id)"
    ).fetchall()
    assert not missing
    (count, ids) = denials.execute("select count(*), count(distinct denial_id) from out.denial").fetchall()[0]
    assert count == ids


def test_a_denial_is_no_underpayment(denials: duckdb.DuckDBPyConnection) -> None:
    both = denials.execute("select line_id from out.denial semi join out.dispute using (line_id)").fetchall()
    assert not both


def test_open_ones_come_first_by_deadline(denials: duckdb.DuckDBPyConnection) -> None:
    open_rows = denials.execute("select deadline_date from out.denial where status = 'open'").fetchall()
    days = [day or dt.date.max for (day,) in open_rows]
    assert days == sorted(days)
    statuses = [status for (status,) in denials.execute("select status from out.denial").fetchall()]
    assert "open" not in statuses[statuses.count("open") :]


def test_nights_and_their_order_change_nothing(denials: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    nights: dict[int, list[Source]] = {}
    for case in cases():
        for number, file in enumerate(case.files[::-1]):
            nights.setdefault(number, []).append(Source(case.source_name(file.name), edi(file)))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(night, "SMALL", 1.0)
        with judged(tmp_path, list(nights.values())) as con:
            for table in (
                "core.denial",
                "out.denial",
                "core.denied_line",
                "core.denied_price",
                "core.denied_edit",
                "core.denied_step",
            ):
                wanted, found = (
                    sorted(map(repr, one.execute(f"from {table}").fetchall())) for one in (denials, con)
                )
                assert found == wanted, table
