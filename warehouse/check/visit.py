"""What the points are asked of: a patient's day, and what is known beside it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from contracts import MEDICARE_TERMS, Reference, Terms

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping
    from decimal import Decimal

    import polars as pl

    from contracts import Contract

PASS, FAIL, CANNOT_TELL = "PASS", "FAIL", "CANNOT_TELL"
Line = dict[str, Any]
"""A row of an encounter file, by column (encounters.reading.ROW_SCHEMA)."""


class Answer(NamedTuple):
    """What a point says of a patient's day; `said` names codes and figures, never text of the file."""

    result: str
    said: str
    row_number: int | None = None


class Billed(NamedTuple):
    """A line that a remittance shows decided."""

    patient_account: str
    service_date: dt.date
    procedure_code: str


@dataclass(frozen=True)
class Visit:
    """The rows of one account on one day, in their order."""

    patient_account: str
    service_date: dt.date
    lines: tuple[Line, ...]

    @property
    def first_row(self) -> int:
        return int(self.lines[0]["row_number"])

    @property
    def payer(self) -> str:
        """The payer as the file names it; empty where it does not, or names several."""
        named = {str(line["payer"]) for line in self.lines if line["payer"]}
        return named.pop() if len(named) == 1 else ""

    @property
    def is_medicare(self) -> bool | None:
        """Whether original Medicare is billed; None where the file does not say."""
        return None if not self.payer else _plain(self.payer) in _MEDICARE

    def modifiers(self, line: Line) -> frozenset[str]:
        return frozenset((line["modifiers"] or "").split(", ")) - {""}

    def codes(self) -> list[str]:
        return sorted({line["procedure_code"] for line in self.lines if line["procedure_code"]})


_MEDICARE = frozenset({"medicare", "medicarepartb", "medicareb", "originalmedicare", "mb"})


@dataclass(frozen=True)
class Known:
    """What is known beside the file.

    `pairs` and `most_units` answer for the codes and days of the file (contracts.edits); `billed`: lines that
    remittances show, None where none could be read; `allowed`: Medicare's allowed amounts so far, by account,
    year and disciplines (PT and SLP, or OT), None where nobody added them up.
    """

    as_of: dt.date
    terms: Terms = field(default_factory=Terms)
    reference: Reference = field(default_factory=Reference)
    pairs: Mapping[tuple[str, str, dt.date], dict[str, Any]] = field(default_factory=dict)
    most_units: Mapping[tuple[str, dt.date], dict[str, Any]] = field(default_factory=dict)
    has_modifiers: bool = True
    billed: frozenset[Billed] | None = None
    allowed: Mapping[tuple[str, int, str], Decimal] | None = None
    unspecified_days: Mapping[tuple[str, str], int] = field(default_factory=dict)
    units: pl.DataFrame | None = None

    def contract(self, visit: Visit) -> Contract | None:
        """Return the one contract of the payer that is in force on the day; None where none or several are."""
        if visit.is_medicare:
            return MEDICARE_TERMS
        name = _plain(visit.payer)
        fits = [
            one
            for one in self.terms.contracts
            if name
            and one.in_force(visit.service_date)
            and name
            in {_plain(text) for text in (one.terms.payer, one.terms.contract, *one.terms.match.payer_name)}
        ]
        return fits[0] if len(fits) == 1 else None


def _plain(text: str) -> str:
    return re.sub(r"[^a-z0-9]", "", text.casefold())
