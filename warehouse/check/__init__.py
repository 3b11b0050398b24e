"""The list before a claim goes out: twelve points over an encounter or claims file, each PASS, FAIL or CANNOT_TELL a patient-day.

Where two answers of one point differ the worse stands: a failure before a doubt before a pass. Rules and sources:
data/point.toml. Nothing of it is a verdict on a payer, and nothing is kept.
"""

from __future__ import annotations

import tomllib
from collections import Counter
from dataclasses import replace
from functools import cache
from importlib.resources import files
from itertools import groupby, permutations
from typing import TYPE_CHECKING, Any, NamedTuple

import polars as pl

from contracts import PAIR_SCHEMA, UNITS_SCHEMA, Reference, Terms, hold_pairs, hold_units, timed_codes
from warehouse.encounters.units import judge_units

from . import edit_points, modifier_points, record_points
from .visit import CANNOT_TELL, FAIL, PASS, Answer, Billed, Known, Visit

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Mapping
    from decimal import Decimal

    from warehouse.encounters import Encounters

__all__ = ["CANNOT_TELL", "FAIL", "PASS", "Billed", "Checked", "check_encounters", "points"]

_CHECKS = modifier_points.POINTS | edit_points.POINTS | record_points.POINTS
_ORDER = {FAIL: 0, CANNOT_TELL: 1, PASS: 2}


class Checked(NamedTuple):
    """One point of one patient-day; `row_number` is the row it is about, `said` why it is no pass."""

    point: str
    result: str
    patient_account: str
    service_date: dt.date
    row_number: int
    said: str


@cache
def points() -> list[dict[str, str]]:
    """Return the twelve points in their order: name, title, rule, source, settle."""
    text = (files("warehouse.check") / "data" / "point.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)["point"]  # type: ignore[no-any-return]


def check_encounters(
    read: Encounters,
    as_of: dt.date,
    terms: Terms | None = None,
    reference: Reference | None = None,
    billed: frozenset[Billed] | None = None,
    allowed: Mapping[tuple[str, int, str], Decimal] | None = None,
) -> list[Checked]:
    """Ask every point of every patient-day of a file; one row each, in order of point, day and account.

    `billed`: lines that remittances show decided; `allowed`: Medicare's allowed dollars so far by account, year and
    disciplines (PT and SLP, or OT); without them their points cannot tell.
    """
    visits = visits_of(read)
    known = replace(
        _known(visits, read, Known(as_of, terms or Terms(), reference or Reference())),
        billed=billed,
        allowed=allowed,
    )
    found = []
    for point in points():
        for visit in visits:
            answers = sorted(
                _CHECKS[point["name"]](visit, known),
                key=lambda one: (_ORDER[one.result], one.row_number or 0, one.said),
            )
            worst = answers[0] if answers else Answer(PASS, "")
            said = "; ".join(dict.fromkeys(one.said for one in answers if one.result == worst.result))
            row = worst.row_number or visit.first_row
            found.append(
                Checked(point["name"], worst.result, visit.patient_account, visit.service_date, row, said)
            )
    return found


def visits_of(read: Encounters) -> list[Visit]:
    """Return the patient-days of a file in order of day and account."""
    rows = read.rows.sort("service_date", "patient_account", "row_number").to_dicts()
    grouped = groupby(rows, key=lambda row: (row["patient_account"], row["service_date"]))
    return [Visit(account, date, tuple(lines)) for (account, date), lines in grouped]


def _known(visits: list[Visit], read: Encounters, known: Known) -> Known:
    """Add what the file itself tells, and what the editions tell of its codes and days."""
    days = Counter(
        (visit.patient_account, code)
        for visit in visits
        for code in {code for line in visit.lines for code in (line["diagnosis_codes"] or "").split(", ")}
        if code in record_points.unspecified_diagnoses()
    )
    return replace(
        known,
        pairs=_pairs(visits, known.reference),
        most_units=_most_units(visits, known.reference),
        has_modifiers=read.counted == "segment" or not read.rows["modifiers"].is_null().all(),
        unspecified_days=days,
        units=_units(visits, known),
    )


def _pairs(visits: list[Visit], reference: Reference) -> dict[tuple[str, str, dt.date], dict[str, Any]]:
    asked = [(*pair, visit.service_date) for visit in visits for pair in permutations(visit.codes(), 2)]
    answers = hold_pairs(pl.DataFrame(asked, schema=PAIR_SCHEMA, orient="row"), reference)
    return {(row["code"], row["other_code"], row["service_date"]): row for row in answers.to_dicts()}


def _most_units(visits: list[Visit], reference: Reference) -> dict[tuple[str, dt.date], dict[str, Any]]:
    asked = [(code, visit.service_date) for visit in visits for code in visit.codes()]
    answers = hold_units(pl.DataFrame(asked, schema=UNITS_SCHEMA, orient="row"), reference)
    return {(row["code"], row["service_date"]): row for row in answers.to_dicts()}


def _units(visits: Iterable[Visit], known: Known) -> pl.DataFrame | None:
    """Judge the file's own units by its minutes, as the warehouse judges those of remittances."""
    rows = [row for visit in visits for row in _asked(visit, known)]
    return judge_units(pl.DataFrame(rows, schema=_ASKED, orient="row")) if rows else None


_ASKED: dict[str, pl.DataType] = {
    "day": pl.String(),
    "patient": pl.String(),
    "patient_account": pl.String(),
    "service_date": pl.Date(),
    "procedure_code": pl.String(),
    "minutes": pl.Int64(),
    "billed_units": pl.Int64(),
    "units_rule": pl.String(),
    "day_problem": pl.String(),
    "day_unproven": pl.Boolean(),
    "row_number": pl.Int32(),
}


def _asked(visit: Visit, known: Known) -> list[tuple[object, ...]]:
    told = {row["procedure_code"]: row["unit_minutes"] for row in timed_codes().to_dicts()}
    timed = [line for line in visit.lines if told.get(line["procedure_code"])]
    untold = sorted(
        {line["procedure_code"] or "?" for line in visit.lines if line["procedure_code"] not in told}
    )
    lacking = sorted({line["procedure_code"] for line in timed if None in (line["minutes"], line["units"])})
    problem = (
        f"whether {untold[0]} counts minutes is not in our table" if untold
        else f"minutes or units of {lacking[0]} are missing" if lacking
        else None
    )  # fmt: skip
    contract = known.contract(visit)
    rule = contract.terms.terms.units_rule if contract else None
    by_code = groupby(
        sorted(timed, key=lambda line: str(line["procedure_code"])), key=lambda line: line["procedure_code"]
    )
    day = f"{visit.service_date}|{visit.patient_account}"
    return [
        (
            day,
            visit.patient_account,
            visit.patient_account,
            visit.service_date,
            code,
            None if problem else sum(line["minutes"] for line in lines),
            None if problem else sum(line["units"] for line in lines),
            rule,
            problem,
            False,
            lines[0]["row_number"],
        )
        for code, lines in ((code, list(lines)) for code, lines in by_code)
    ]
