"""The right verdict on each line of a priced day: owed against allowed, line by line or on the sum of what is capped."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING

from benchmarks.year.decisions import NOTHING, Truth

if TYPE_CHECKING:
    from benchmarks.year.deals import Deal
    from benchmarks.year.pricing import Line, Priced


@dataclass(frozen=True)
class Judged:
    """A day to be judged: what was owed, what was allowed, what each line's mistake was.

    `places`: what is owed at each of the places that the remittance leaves open. `open_lines`: lines that are told in
    a way that nobody can compare; `on_claim`: lines that must be judged on their claim's sum.
    """

    day: tuple[object, ...]
    lines: list[Line]
    deal: Deal
    right: Priced
    places: tuple[Priced, ...]
    allowed: dict[int, Decimal]
    cause: str
    open_lines: dict[int, str]
    on_claim: tuple[frozenset[int], ...] = ()

    @property
    def ambiguous(self) -> bool:
        return len(self.places) > 1


def verdicts(judged: Judged) -> dict[int, Truth]:
    """The truth of every line of the day that was priced and paid."""
    owed = dict(judged.right.together) | dict.fromkeys(judged.on_claim)
    grouped = {number for numbers in owed for number in numbers}
    units = [*owed, *(frozenset({number}) for number in judged.right.amounts if number not in grouped)]
    found: dict[int, Truth] = {}
    for numbers in units:
        truth = _unit(judged, numbers, owed.get(numbers))
        found |= dict.fromkeys(numbers, truth)
    for number in judged.right.no_rate:
        found[number] = Truth("NO_RATE", note="no price in the contract")
    return found | _beside_an_unknown(judged, found)


def _beside_an_unknown(judged: Judged, found: dict[int, Truth]) -> dict[int, Truth]:
    """Where a claim or a day is capped on its sum, a line without a price leaves open what the others are owed."""
    unknown = {line.claim for line in judged.lines if line.number in judged.right.no_rate}
    if not unknown or not (judged.deal.lesser_of == "claim" or judged.deal.visit_maximum):
        return {}
    beside = [line.number for line in judged.lines if judged.deal.visit_maximum or line.claim in unknown]
    note = "capped together with a line that has no price"
    return {
        number: replace(
            found[number], verdict="NO_RATE", note=note, hidden=found[number].shortfall, shortfall=NOTHING
        )
        for number in beside
    }


def _unit(judged: Judged, numbers: frozenset[int], total: Decimal | None) -> Truth:
    """One verdict for what is judged together."""
    unit = (*judged.day, *sorted(numbers))
    allowed = sum((judged.allowed[number] for number in numbers), NOTHING)
    owed = sum((judged.right.amounts[number] for number in numbers), NOTHING) if total is None else total
    high = owed if total is not None else sum((judged.right.high[number] for number in numbers), NOTHING)
    low, short = _proven(judged, numbers)
    slack = judged.deal.tolerance * sum(line.units for line in judged.lines if line.number in numbers)
    hidden = owed - allowed if owed - allowed > slack else NOTHING
    unclear = [judged.open_lines[number] for number in sorted(numbers) if number in judged.open_lines]
    if unclear:
        return Truth("NOT_COMPARABLE", unit, hidden=hidden, note=unclear[0])
    if short > slack:
        return Truth("UNDERPAID", unit, low, short, judged.cause)
    if judged.ambiguous:
        return Truth("AMBIGUOUS_LOCALITY", unit, hidden=hidden, note="home visits of two places")
    if allowed - high > slack:
        return Truth("OVERPAID", unit, owed)
    if numbers & judged.right.held_to_charge:
        return Truth("CHARGE_BELOW_RATE", unit, owed)
    return Truth("PAID_AS_EXPECTED", unit, min(max(allowed, low), high))


def _proven(judged: Judged, numbers: frozenset[int]) -> tuple[Decimal, Decimal]:
    """What is owed at least, and what is short at every place and under every choice that is the payer's.

    On the sum; where places are open, also line by line: a line below the least of its amounts is short wherever it was.
    """
    low = min(_least(priced, numbers) for priced in judged.places)
    short = low - sum((judged.allowed[number] for number in numbers), NOTHING)
    if judged.ambiguous:
        single = [
            min(_least(priced, frozenset({number})) for priced in judged.places) - judged.allowed[number]
            for number in numbers
        ]
        short = max(short, sum((one for one in single if one > judged.deal.tolerance), NOTHING))
    return low, short


def _least(priced: Priced, numbers: frozenset[int]) -> Decimal:
    together = dict(priced.together)
    if numbers in together:
        return together[numbers]
    return sum((priced.low.get(number, priced.amounts[number]) for number in numbers), NOTHING)
