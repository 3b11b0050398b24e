"""What a payer decides on a claim, as it will stand in a remittance, with the truth of each line beside it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from benchmarks.year.visits import Visit

NOTHING = Decimal(0)
ABSTAINED = {"NOT_COMPARABLE", "NO_CONTRACT", "AMBIGUOUS_CONTRACT", "NO_RATE", "AMBIGUOUS_LOCALITY"}


@dataclass(frozen=True)
class Adjustment:
    """A CAS triplet."""

    group: str
    reason: str
    amount: Decimal


@dataclass(frozen=True)
class Truth:
    """What is right to say of a line. `unit`: the lines that are judged on their sum (a line alone has its own).

    `expected` and `shortfall` are those of the whole unit. `hidden`: what is short in truth where the remittance
    does not let anybody know.
    """

    verdict: str
    unit: tuple[object, ...] = ()
    expected: Decimal | None = None
    shortfall: Decimal = NOTHING
    cause: str = ""
    hidden: Decimal = NOTHING
    note: str = ""


@dataclass(frozen=True)
class DecidedLine:
    """A line as a remittance tells it."""

    control: str
    code: str
    modifiers: tuple[str, ...]
    units: int
    charge: Decimal
    allowed: Decimal
    paid: Decimal
    adjustments: tuple[Adjustment, ...]
    truth: Truth
    billed_units: int | None = None
    billed_code: str = ""
    stated: Decimal | None = None
    remarks: tuple[str, ...] = ()

    def negated(self) -> DecidedLine:
        """The same taken back."""
        return replace(
            self,
            charge=-self.charge,
            allowed=-self.allowed,
            paid=-self.paid,
            stated=None,
            adjustments=tuple(replace(one, amount=-one.amount) for one in self.adjustments),
        )


@dataclass
class Decision:
    """One CLP."""

    visit: Visit
    claim: int
    claim_number: str
    day: dt.date
    status: str
    lines: list[DecidedLine]
    adjustments: list[Adjustment] = field(default_factory=list)
    """On the claim itself."""
    without_lines: bool = False
    interest: Decimal = NOTHING
    taken_back: Decimal = NOTHING
    """Recovered later by a provider adjustment that names the claim, and when."""
    taken_back_on: dt.date | None = None
    original_number: str = ""
    """The claim number that this decision corrects, where it has one of its own (REF*F8)."""

    @property
    def charge(self) -> Decimal:
        return sum((line.charge for line in self.lines), NOTHING)

    @property
    def paid(self) -> Decimal:
        own = sum((one.amount for one in self.adjustments), NOTHING)
        return sum((line.paid for line in self.lines), NOTHING) - own

    @property
    def patient_share(self) -> Decimal:
        every = [*self.adjustments, *(one for line in self.lines for one in line.adjustments)]
        return sum((one.amount for one in every if one.group == "PR"), NOTHING)

    def said(self, verdict: str) -> Decision:
        """The same decision with one verdict for all its lines: what became of it decides, not its price."""
        lines = [replace(line, truth=Truth(verdict, note=line.truth.note)) for line in self.lines]
        return replace(self, lines=lines)

    def reversal(self, day: dt.date) -> Decision:
        """This decision taken back on a day."""
        lines = [replace(line.negated(), truth=Truth("REVERSED")) for line in self.lines]
        own = [replace(one, amount=-one.amount) for one in self.adjustments]
        return Decision(self.visit, self.claim, self.claim_number, day, "22", lines, own)
