"""What lines have in common: disputes of one cause, and small differences that no dispute shows."""

from __future__ import annotations

import datetime as dt
from contextlib import contextmanager
from decimal import Decimal
from typing import TYPE_CHECKING

from contracts import Practice, Reference, read_terms
from era_parser import Source, parse
from warehouse import judge
from warehouse.database import open_warehouse
from warehouse.load import load

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    import duckdb

AS_OF = dt.date(2026, 7, 1)
TERMS = """\
contract = "plan"
payer = "Example"
effective = {effective}
{until}
[match]
payer_id = ["PAYER"]
[[rate]]
basis = "fee_schedule"
file = "{file}"
[terms]
tolerance = "0.50"
[[dispute]]
level = "review"
days = 180
"""
Line = tuple[str, str]


def remittance(lines: Sequence[Line]) -> bytes:
    """One payment of one claim a line: code and allowed amount, each charged 100.00, on 2026-05-01."""
    paid = sum(Decimal(allowed) for _, allowed in lines)
    claims = [
        f"CLP*A{number}*1*100*{allowed}**12*C{number}*11*1~NM1*QC*1*DOE*P{number}****MI*M{number}~"
        f"SVC*HC:{code}:GP*100*{allowed}**1~DTM*472*20260501~CAS*CO*45*{100 - Decimal(allowed)}~REF*6R*A{number}-1~"
        for number, (code, allowed) in enumerate(lines, 1)
    ]
    body = (
        f"ST*835*0001~BPR*I*{paid}*C*ACH************20260601~TRN*1*T1*1512345678~DTM*405*20260601~"
        "N1*PR*Example*XV*PAYER~N3*BOX 1~N4*DALLAS*TX*75201~N1*PE*Practice*XX*1234567893~LX*1~"
        + "".join(claims)
    )
    count = body.count("~") + 1
    return (
        "ISA*00*          *00*          *ZZ*PAYER          *ZZ*PRACTICE       *260601*1200*^*00501*000000001*0*P*:~"
        f"GS*HP*PAYER*PRACTICE*20260601*1200*1*X*005010X221A1~{body}SE*{count}*0001~GE*1*1~IEA*1*000000001~"
    ).encode()


@contextmanager
def judged(folder: Path, lines: Sequence[Line]) -> Iterator[duckdb.DuckDBPyConnection]:
    """A warehouse of the lines under a contract that was amended: 97140 39.60 to 40.00, 97110 44.00 all the time."""
    for name, rate in (("old", "39.60"), ("new", "40.00")):
        (folder / f"{name}.csv").write_text(
            f"code,modifier,setting,rate,effective,until\n97140,,,{rate},,\n97110,,,44.00,,\n97530,,,50.00,,\n"
        )
    (folder / "old.toml").write_text(
        TERMS.format(effective="2025-01-01", until="until = 2026-03-31", file="old.csv")
    )
    (folder / "new.toml").write_text(TERMS.format(effective="2026-04-01", until="", file="new.csv"))
    terms = read_terms(folder)
    sources = [Source("one.835", remittance(lines))]
    with open_warehouse(folder / "warehouse.duckdb") as con:
        load(con, sources, parse(sources), AS_OF)
        judge.store_terms(con, terms, Reference())
        judge.adjudicate(con)
        judge.compare(con)
        judge.price(con, terms, Reference(), Practice())
        judge.judge(con)
        judge.rank(con, AS_OF)
        yield con


def projects(con: duckdb.DuckDBPyConnection) -> list[tuple[object, ...]]:
    return con.execute(
        "select cause, rate_row, dispute_count, under_tolerance_count, under_tolerance_amount from out.project order by all"
    ).fetchall()


def test_a_thousand_forty_cent_lines_surface_as_one_project(tmp_path: Path) -> None:
    with judged(tmp_path, [("97140", "39.60")] * 1000) as con:
        assert con.execute("from out.dispute").fetchall() == []
        assert projects(con) == [("before_amendment", "new.csv row 2", 0, 1000, Decimal("400.00"))]
        ((explanation,),) = con.execute("select explanation from out.project").fetchall()
        assert (
            "1000 lines of 2026-05-01, owed at new.csv row 2, short by 400.00 although each is within"
            in explanation
        )
        assert "old.csv row 2: 39.60 a unit" in explanation
        assert con.execute("select count(*) from out.project_line").fetchall() == [(1000,)]


def test_small_differences_need_twenty_lines(tmp_path: Path) -> None:
    with judged(tmp_path, [("97140", "39.60")] * 19) as con:
        assert projects(con) == []


def test_without_a_cause_the_same_cents_must_be_missing_from_most_of_a_row(tmp_path: Path) -> None:
    with judged(tmp_path, [("97110", "43.77")] * 20 + [("97110", "44.00")] * 20) as con:
        assert projects(con) == [("unexplained", "new.csv row 3", 0, 20, Decimal("4.60"))]


def test_differences_both_ways_are_no_project(tmp_path: Path) -> None:
    with judged(tmp_path, [("97110", "43.77")] * 20 + [("97110", "44.23")]) as con:
        assert projects(con) == []


def test_differences_that_differ_are_no_project(tmp_path: Path) -> None:
    with judged(tmp_path, [("97110", f"43.{cents}") for cents in range(60, 99)]) as con:
        assert projects(con) == []


def test_disputes_of_one_cause_and_row_form_a_project_with_its_first_expiry(tmp_path: Path) -> None:
    lines = [("97530", "46.00"), ("97110", "40.48"), ("97110", "40.48"), ("97110", "39.11")]
    with judged(tmp_path, lines) as con:
        assert projects(con) == [
            ("flat_percentage", "new.csv row 3", 2, 0, Decimal("0.00")),
            ("flat_percentage", "new.csv row 4", 1, 0, Decimal("0.00")),
            ("unexplained", "new.csv row 3", 1, 0, Decimal("0.00")),
        ]
        found = con.execute(
            "select distinct d.project, p.first_dispute_by from out.dispute d join out.project p using (project)"
            " where d.procedure_code = '97110' and d.cause = 'flat_percentage'"
        ).fetchall()
        assert len(found) == 1
        assert found[0][1] == dt.date(2026, 11, 28)
        ((evidence,),) = con.execute(
            "select distinct cause_evidence from out.dispute where procedure_code = '97530'"
        ).fetchall()
        assert evidence.endswith("50.00 x 92 % = 46.00; 1 x 46.00 = 46.00; 3 lines of the payer show it")


def test_a_percentage_that_one_line_shows_is_not_said(tmp_path: Path) -> None:
    with judged(tmp_path, [("97530", "46.00"), ("97110", "39.11"), ("97110", "39.12")]) as con:
        assert con.execute("select distinct cause from core.verdict where cause is not null").fetchall() == [
            ("unexplained",)
        ]
