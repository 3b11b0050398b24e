"""What was agreed, read from the contract files of the year's home by this package's own reader."""

from __future__ import annotations

import csv
import datetime as dt
import tomllib
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import Any

from benchmarks.year.tables import HOME


@dataclass(frozen=True)
class Row:
    """A row of a fee schedule."""

    code: str
    modifiers: frozenset[str]
    setting: str
    rate: Decimal
    effective: dt.date
    until: dt.date


@dataclass(frozen=True)
class Rate:
    """One `[[rate]]` of a contract."""

    basis: str
    codes: tuple[str, ...] = ()
    percent: Decimal = Decimal(100)
    year: int | None = None
    factor: str = "clinician"
    amount: Decimal = Decimal(0)
    rows: tuple[Row, ...] = ()


@dataclass(frozen=True)
class Deal:
    """A contract: how its lines are priced. `reductions`: none, medicare or percent."""

    name: str
    payer: str
    effective: dt.date
    until: dt.date
    rates: tuple[Rate, ...]
    lesser_of: str = "line"
    reductions: str = "none"
    reduced_to: Decimal = Decimal(1)
    assistant: Decimal | None = None
    visit_maximum: Decimal | None = None
    rounding: str = "unit"
    sequestration: bool = False
    capitated: bool = False
    carved_out: tuple[str, ...] = ()
    tolerance: Decimal = Decimal("0.01")


MEDICARE = Deal(
    "medicare",
    "Medicare",
    dt.date(2022, 1, 1),
    dt.date.max,
    (Rate("medicare"),),
    reductions="medicare",
    assistant=Decimal("0.85"),
    sequestration=True,
)


def _day(text: str, otherwise: dt.date) -> dt.date:
    return dt.date.fromisoformat(text) if text else otherwise


@cache
def _schedule(file: str) -> tuple[Row, ...]:
    with (HOME / "contracts" / file).open(encoding="utf-8") as handle:
        return tuple(
            Row(
                row["code"],
                frozenset(row["modifier"].split(":")) - {""},
                row["setting"],
                Decimal(row["rate"]),
                _day(row["effective"], dt.date.min),
                _day(row["until"], dt.date.max),
            )
            for row in csv.DictReader(handle)
        )


def _rate(found: dict[str, Any]) -> Rate:
    year = found.get("year")
    return Rate(
        basis=found["basis"],
        codes=tuple(found.get("codes", ())),
        percent=Decimal(str(found.get("percent", 100))),
        year=year if isinstance(year, int) else None,
        factor=found.get("conversion_factor", "clinician"),
        amount=Decimal(found.get("amount", "0")),
        rows=_schedule(found["file"]) if "file" in found else (),
    )


def _deal(found: dict[str, Any]) -> Deal:
    clauses = found["terms"]
    assistant = clauses.get("assistant_percent")
    maximum = clauses.get("visit_maximum")
    return Deal(
        name=found["contract"],
        payer=found["payer"],
        effective=found["effective"],
        until=found.get("until", dt.date.max),
        rates=tuple(_rate(rate) for rate in found.get("rate", ())),
        lesser_of=clauses.get("lesser_of", "line"),
        reductions=clauses.get("multiple_procedure", "none"),
        reduced_to=Decimal(clauses.get("multiple_procedure_percent", 100)) / 100,
        assistant=None if assistant is None else Decimal(assistant) / 100,
        visit_maximum=None if maximum is None else Decimal(maximum),
        rounding=clauses.get("rounding", "unit"),
        sequestration=clauses.get("sequestration", False),
        capitated=clauses.get("capitated", False),
        carved_out=tuple(clauses.get("carve_out_codes", ())),
        tolerance=Decimal(clauses.get("tolerance", "0.01")),
    )


@cache
def deals() -> tuple[Deal, ...]:
    """All contract files of the home, and Medicare."""
    paths = sorted((HOME / "contracts").glob("*.toml"))
    read = (tomllib.loads(path.read_text(encoding="utf-8"), parse_float=Decimal) for path in paths)
    return (*(_deal(found) for found in read), MEDICARE)


@cache
def in_force(name: str, day: dt.date) -> Deal:
    """The contract of a name on a date of service. Raises LookupError where there is none."""
    for deal in deals():
        if deal.name == name and deal.effective <= day <= deal.until:
            return deal
    raise LookupError(f"{name} is not in force on {day}")
