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

    `low`: what is owed at least, over the places that the remittance leaves open. `open_lines`: lines that are
    told in a way that nobody can compare; `torn`: lines that must be judged on their claim's sum.
    """

    day: tuple[object, ...]
    lines: list[Line]
    deal: Deal
    right: Priced
    low: Priced
    allowed: dict[int, Decimal]
    cause: str
    open_lines: dict[int, str]
    ambiguous: bool = False
    on_claim: tuple[frozenset[int], ...] = ()


def verdicts(judged: Judged) -> dict[int, Truth]:
    """The truth of every line of the day that was priced and paid."""
    owed = dict(judged.right.together) | {numbers: None for numbers in judged.on_claim}
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
    return {number: replace(found[number], verdict="NO_RATE", note=note, hidden=found[number].shortfall, shortfall=NOTHING) for number in beside}


def _unit(judged: Judged, numbers: frozenset[int], total: Decimal | None) -> Truth:
    """One verdict for what is judged together."""
    unit = (*judged.day, *sorted(numbers))
    allowed = sum((judged.allowed[number] for number in numbers), NOTHING)
    owed = sum((judged.right.amounts[number] for number in numbers), NOTHING) if total is None else total
    low = owed if total is not None else sum((_least(judged.right, number) for number in numbers), NOTHING)
    if judged.ambiguous:
        low = min(low, sum((_least(judged.low, number) for number in numbers), NOTHING))
    high = max(owed, sum((judged.right.high[number] for number in numbers), NOTHING)) if total is None else owed
    slack = judged.deal.tolerance * sum(line.units for line in judged.lines if line.number in numbers)
    short = low - allowed
    unclear = [judged.open_lines[number] for number in sorted(numbers) if number in judged.open_lines]
    if unclear:
        hidden = owed - allowed if owed - allowed > slack else NOTHING
        return Truth("NOT_COMPARABLE", unit, hidden=hidden, note=unclear[0])
    if short > slack:
        return Truth("UNDERPAID", unit, low, short, judged.cause)
    if judged.ambiguous:
        hidden = owed - allowed if owed - allowed > slack else NOTHING
        return Truth("AMBIGUOUS_LOCALITY", unit, hidden=hidden, note="home visits of two places")
    if allowed - high > slack:
        return Truth("OVERPAID", unit, owed)
    if numbers & judged.right.held_to_charge:
        return Truth("CHARGE_BELOW_RATE", unit, owed)
    return Truth("PAID_AS_EXPECTED", unit, min(max(allowed, low), high) if total is None else owed)


def _least(priced: Priced, number: int) -> Decimal:
    return priced.low.get(number, priced.amounts[number])
