"""`shortpay check FILE`: the list before claims go out, printed and, if wanted, written as CSV."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from decimal import Decimal
from pathlib import Path

import duckdb
import polars as pl
from rich.console import Console
from rich.table import Table

from contracts import read_reference, read_terms
from era_parser import Source
from flows.home import Home
from warehouse.check import CANNOT_TELL, FAIL, PASS, Billed, Checked, check_encounters, points
from warehouse.check.claim_file import is_claims, read_claims
from warehouse.encounters import Encounters, read_encounters
from warehouse.plain_text import harmless
from warehouse.publish import readable
from warehouse.sealing import is_there

_LONGEST = 40
_WORDS = {PASS: "pass", FAIL: "fail", CANNOT_TELL: "cannot tell"}


def check_file(path: Path, place: Home | None, as_of: dt.date) -> tuple[Encounters, list[Checked]]:
    """Read a file and ask the twelve points. A home gives contracts, editions and remittances.

    Raises NotEncountersError where the file is neither an encounter nor a claims file, TermsError where contracts cannot be read.
    """
    source = Source.from_path(path)
    read = read_claims(source) if is_claims(source.data) else read_encounters(source)
    if place is None:
        return read, check_encounters(read, as_of)
    terms, reference = read_terms(place.folder("contracts")), read_reference(place.folder("reference"))
    if not is_there(place.published):
        return read, check_encounters(read, as_of, terms, reference)
    with readable(place.published) as con:
        billed, allowed = _billed(con), _allowed(con)
    return read, check_encounters(read, as_of, terms, reference, billed, allowed)


def _billed(con: duckdb.DuckDBPyConnection) -> frozenset[Billed]:
    """Lines that stand decided, as last published."""
    rows = con.execute(
        "select distinct patient_account, service_date, procedure_code from core.verdict"
        " where verdict not in ('REVERSED', 'SUPERSEDED', 'PREDETERMINATION') and patient_account is not null"
        " and service_date is not null"
    ).fetchall()
    return frozenset(Billed(*row) for row in rows)


def _allowed(con: duckdb.DuckDBPyConnection) -> dict[tuple[str, int, str], Decimal]:
    """Medicare's allowed dollars so far, by account, year and discipline, as last published."""
    rows = con.execute(
        "select distinct c.patient_account, t.service_year, t.discipline, t.counted_amount from out.threshold t"
        " join core.claim c on c.patient_key = t.patient_key where c.patient_account is not null"
    ).fetchall()
    return {(account, int(year), discipline): amount for account, year, discipline, amount in rows}


def show_checked(console: Console, read: Encounters, found: list[Checked]) -> None:
    """Print the twelve points with their counts, then what fails, then what nobody can tell and what would settle it."""
    for finding in read.findings:
        console.print(
            f"{read.counted} {finding.row_number}: {finding.code}: {finding.message}",
            markup=False,
            highlight=False,
            soft_wrap=True,
        )
    counts = Counter((one.point, one.result) for one in found)
    table = Table(box=None, pad_edge=False)
    table.add_column("", justify="right")
    table.add_column("point")
    for result in (PASS, FAIL, CANNOT_TELL):
        table.add_column(_WORDS[result], justify="right")
    for number, point in enumerate(points(), start=1):
        told = [str(counts[point["name"], result] or "") for result in (PASS, FAIL, CANNOT_TELL)]
        table.add_row(str(number), point["title"], *told)
    console.print(table)
    for number, point in enumerate(points(), start=1):
        for result in (FAIL, CANNOT_TELL):
            _show_answers(
                console,
                number,
                point,
                result,
                [one for one in found if (one.point, one.result) == (point["name"], result)],
                read.counted,
            )


def _show_answers(
    console: Console, number: int, point: dict[str, str], result: str, answers: list[Checked], counted: str
) -> None:
    if not answers:
        return
    console.print(f"\n[bold]{number}. {point['title']}: {_WORDS[result]}[/bold]")
    console.print(f"  {point['rule']} ({point['source']})", markup=False, soft_wrap=True)
    if result == CANNOT_TELL:
        console.print(f"  would settle it: {point['settle']}", markup=False, soft_wrap=True)
    for one in answers[:_LONGEST]:
        text = f"  {counted} {one.row_number}: {one.patient_account} on {one.service_date}: {one.said}"
        console.print(text, markup=False, soft_wrap=True)
    if len(answers) > _LONGEST:
        console.print(f"  and {len(answers) - _LONGEST} more: --out writes all")


def write_checked(path: Path, found: list[Checked]) -> None:
    """Write every answer with rule, source and what would settle it. Nothing in it can act in a spreadsheet."""
    by_name = {point["name"]: point for point in points()}
    told = [
        {**one._asdict(), **{name: by_name[one.point][name] for name in ("rule", "source", "settle")}}
        for one in found
    ]
    columns = [*Checked._fields, "rule", "source", "settle"]
    harmless(pl.DataFrame(told, schema=columns, infer_schema_length=None)).write_csv(path)
