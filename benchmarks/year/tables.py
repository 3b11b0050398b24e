"""CMS's tables as the generator reads them, and the amount of one unit: its own arithmetic, not that of `contracts`."""

from __future__ import annotations

import csv
import datetime as dt
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_UP, Decimal
from functools import cache
from pathlib import Path

HOME = Path(__file__).parent / "home"
REFERENCE = (Path(__file__).parents[2] / "examples" / "reference", HOME / "reference")
CENT = Decimal("0.01")
CONTRACTORS = {"TX": "04412", "NY": "13202"}


def cents(amount: Decimal) -> Decimal:
    """Round to the cent, half up, once."""
    return amount.quantize(CENT, ROUND_HALF_UP)


@dataclass(frozen=True)
class Values:
    """Relative values of a code in one release."""

    work: Decimal
    expense: dict[str, Decimal]
    malpractice: Decimal
    status: str
    therapy: bool


@dataclass(frozen=True)
class View:
    """The tables that a line is priced with: as of which days, where, in which setting, for which clinician.

    A payer that looks at the wrong ones looks at another view.
    """

    values_on: dt.date
    indices_of: int
    factor_on: dt.date
    locality: str
    """MAC and locality, like 04412-11; `national`: all indices 1."""
    setting: str = "nonfacility"
    qualifying: bool = False

    @classmethod
    def of(cls, day: dt.date, locality: str, setting: str, *, qualifying: bool) -> View:
        return cls(day, day.year, day, locality, setting, qualifying)

    def on(self, day: dt.date) -> View:
        """Everything as of another day."""
        return replace(self, values_on=day, indices_of=day.year, factor_on=day)


def _rows(prefix: str) -> list[dict[str, str]]:
    found = []
    for folder in REFERENCE:
        for path in sorted(folder.glob(f"{prefix}*.csv")):
            with path.open(encoding="utf-8") as file:
                found += list(csv.DictReader(file))
    return found


@cache
def _values() -> dict[str, list[tuple[dt.date, dt.date, Values]]]:
    table: dict[str, list[tuple[dt.date, dt.date, Values]]] = {}
    for row in _rows("rvu"):
        if row["modifier"]:
            continue
        expense = {name: Decimal(row[f"pe_{name}_rvu"]) for name in ("facility", "nonfacility")}
        values = Values(
            Decimal(row["work_rvu"]),
            expense,
            Decimal(row["mp_rvu"]),
            row["status"],
            row["multiple_procedure"] == "5",
        )
        span = (dt.date.fromisoformat(row["effective"]), dt.date.fromisoformat(row["until"]), values)
        table.setdefault(row["hcpcs"], []).append(span)
    return table


@cache
def _indices() -> dict[tuple[int, str], tuple[Decimal, Decimal, Decimal]]:
    return {
        (int(row["year"]), f"{row['mac']}-{row['locality']}"): (
            Decimal(row["work"]),
            Decimal(row["pe"]),
            Decimal(row["mp"]),
        )
        for row in _rows("gpci")
    }


@cache
def factor(day: dt.date, *, qualifying: bool) -> Decimal:
    """The conversion factor of a day; a year with one factor has it for everybody."""
    found = {
        row["qp"]: Decimal(row["factor"])
        for row in _rows("conversion_factor")
        if row["effective"] <= day.isoformat() <= row["until"]
    }
    return found["yes"] if qualifying and "yes" in found else found["no"]


@cache
def values(code: str, day: dt.date) -> Values | None:
    """What the release of the day says of a code; None where it does not price it."""
    for first, last, found in _values().get(code, []):
        if first <= day <= last:
            payable = found.status in "ART" and (found.work or any(found.expense.values()))
            return found if payable else None
    return None


@cache
def unit(code: str, view: View, *, halved: int = 0) -> Decimal | None:
    """Amount of one unit, to the cent; `halved`: how often the practice expense is halved."""
    found = values(code, view.values_on)
    if found is None:
        return None
    one = Decimal(1)
    work, expense, malpractice = (
        (one, one, one) if view.locality == "national" else _indices()[view.indices_of, view.locality]
    )
    weight = (
        found.work * work
        + found.expense[view.setting] * expense / 2**halved
        + found.malpractice * malpractice
    )
    return cents(weight * factor(view.factor_on, qualifying=view.qualifying))


def rank(code: str, view: View) -> Decimal:
    """Practice expense, by which Medicare ranks a day's therapy."""
    found = values(code, view.values_on)
    return found.expense[view.setting] if found else Decimal(0)


def is_therapy(code: str, day: dt.date) -> bool:
    """Whether the code is among those of Medicare's multiple-procedure indicator 5."""
    return any(first <= day <= last and found.therapy for first, last, found in _values().get(code, []))


def localities(day: dt.date, contractor: str) -> list[str]:
    """All localities of a contractor (MAC) in the year of the day."""
    return sorted(place for year, place in _indices() if year == day.year and place.startswith(contractor))
