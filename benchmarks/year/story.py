"""What becomes of a visit's claims over the year: one decision or several, and which of them is judged."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING

from benchmarks.year.adjudicate import decision, settle, told_on_the_claim
from benchmarks.year.decisions import NOTHING, Adjustment, DecidedLine, Decision, Truth
from benchmarks.year.tables import cents
from benchmarks.year.visits import END

if TYPE_CHECKING:
    import random
    from collections.abc import Iterator

    from benchmarks.year.visits import Visit

WHOLE = {"denied": 0.025, "secondary": 0.025, "estimate": 0.006, "forwarded": 0.003, "no lines": 0.002}
"""Claims that are no matter of price: what, and how often."""
LATER = {
    "corrected at once": 0.008,
    "corrected later": 0.012,
    "corrected before the reversal": 0.003,
    "corrected under a new number": 0.004,
    "taken back without lines": 0.003,
    "paid the difference": 0.010,
    "replaced": 0.006,
    "pending": 0.004,
    "taken back and denied": 0.004,
    "denied first": 0.006,
    "repeated in vain": 0.004,
    "recovered": 0.004,
}
"""Claims that are decided again: how, and how often."""


def pay_day(day: dt.date) -> dt.date:
    """Payers pay on Thursdays."""
    return day + dt.timedelta(days=(3 - day.weekday()) % 7)


def story(visit: Visit, rng: random.Random) -> Iterator[Decision]:
    """All decisions on a visit's claims."""
    day = pay_day(visit.day + dt.timedelta(days=rng.randint(8, 24)))
    what = _drawn(WHOLE | LATER, rng)
    right = what == "paid the difference"
    settled = settle(visit, rng, right=right)
    chosen = rng.choice(visit.claims)
    told: list[Decision] = []
    beside: list[Decision] = []
    for claim in visit.claims:
        number = f"{visit.day:%y%j}{visit.number:07d}{claim}"
        paid_on = pay_day(day + dt.timedelta(days=7)) if claim > 1 and rng.random() < 0.15 else day
        plain = decision(visit, settled, claim, number, paid_on)
        if rng.random() < 0.03:
            plain = told_on_the_claim(plain, rng.choice(({"1", "2", "3"}, {"253"})))
        if rng.random() < 0.01 and plain.paid > 0:
            plain.interest = Decimal(rng.randint(5, 220)) / 100
        if claim != chosen or (what in WHOLE and len(visit.claims) > 1):
            beside.append(plain)
        else:
            told += [_whole(what, plain, rng)] if what in WHOLE else _again(what, plain, rng)
    if any(line.truth.verdict == "PENDING" for one in told for line in one.lines):
        waiting = {line.number for line in visit.lines if line.claim == chosen}
        beside = [_beside_pending(one, waiting) for one in beside]
    yield from (*beside, *told)


def _beside_pending(plain: Decision, waiting: set[int]) -> Decision:
    """What is judged on its sum with lines that wait for a correction cannot be judged."""
    open_truth = Truth("NOT_COMPARABLE", note="another claim of the day is taken back")
    lines = [
        replace(line, truth=open_truth) if waiting & set(line.truth.unit[1:]) else line
        for line in plain.lines
    ]
    return replace(plain, lines=lines)


def _drawn(chances: dict[str, float], rng: random.Random) -> str:
    roll = rng.random()
    for what, chance in chances.items():
        roll -= chance
        if roll < 0:
            return what
    return ""


def _whole(what: str, plain: Decision, rng: random.Random) -> Decision:
    if what == "no lines":
        return _without_lines(plain)
    if what == "estimate":
        return _not_paid(plain, "25", ("OA", "101"), "PREDETERMINATION")
    if what == "forwarded":
        return _not_paid(plain, "23", ("OA", "109"), "NOT_COMPARABLE")
    return _denied(plain, rng) if what == "denied" else _secondary(plain, rng)


def _denied(plain: Decision, rng: random.Random) -> Decision:
    reason = rng.choice(
        (("CO", "16"), ("CO", "29"), ("CO", "197"), ("PR", "204"), ("CO", "109"), ("CO", "22"))
    )
    lines = [_refused_again(line, reason) for line in _unsplit(plain.lines)]
    return replace(plain, lines=lines, adjustments=[], status=rng.choice("14"), interest=NOTHING)


def _refused_again(line: DecidedLine, reason: tuple[str, str], verdict: str = "DENIED") -> DecidedLine:
    adjustment = Adjustment(*reason, line.charge)
    truth = Truth(verdict, note="-".join(reason))
    return replace(_bare(line), allowed=NOTHING, paid=NOTHING, adjustments=(adjustment,), truth=truth)


def _bare(line: DecidedLine) -> DecidedLine:
    return replace(line, stated=None, billed_units=None, remarks=())


def _unsplit(lines: list[DecidedLine]) -> list[DecidedLine]:
    """Billed lines: parts of one put together again."""
    whole: dict[str, DecidedLine] = {}
    for line in lines:
        before = whole.get(line.control)
        whole[line.control] = line if before is None else replace(
            before, units=before.units + line.units, charge=before.charge + line.charge
        )  # fmt: skip
    return list(whole.values())


def _secondary(plain: Decision, rng: random.Random) -> Decision:
    """Paid after another payer: what that one paid stands as OA-23."""
    lines = []
    for line in _unsplit(plain.lines):
        before = cents(line.charge * Decimal("0.45"))
        paid = cents(line.charge * Decimal("0.08"))
        told = (Adjustment("OA", "23", before), Adjustment("CO", "45", line.charge - before - paid))
        lines.append(replace(_bare(line), paid=paid, adjustments=told, truth=Truth("SECONDARY")))
    return replace(
        plain, lines=lines, adjustments=[], status=rng.choice(("2", "2", "1", "20")), interest=NOTHING
    )


def _not_paid(plain: Decision, status: str, reason: tuple[str, str], verdict: str) -> Decision:
    lines = [_refused_again(line, reason, verdict) for line in _unsplit(plain.lines)]
    return replace(plain, lines=lines, adjustments=[], status=status, interest=NOTHING)


def _without_lines(plain: Decision) -> Decision:
    """A payer that tells the claim alone: without a code there is nothing to price.

    Left as they are: claims with a refused line, and those of contracts that need no code or have no price at all.
    """
    plan = plain.visit.patient.plan
    coded = plan.contract not in {"", "hawthorn-kids", "juniper-works"} and not plan.ambiguous
    if not coded or not all(line.paid for line in plain.lines) or plain.paid <= 0:
        return plain
    charge, allowed = plain.charge, plain.paid
    cut = (Adjustment("CO", "45", charge - allowed),) if charge != allowed else ()
    truth = Truth("NO_RATE", note="no lines")
    one = replace(plain.lines[0], charge=charge, allowed=allowed, paid=allowed, adjustments=cut, truth=truth)
    return replace(plain, lines=[one], adjustments=[], without_lines=True)


def _again(what: str, plain: Decision, rng: random.Random) -> Iterator[Decision]:
    later = pay_day(plain.day + dt.timedelta(days=rng.randint(12, 70)))
    if not what or later > END or plain.paid <= 0:
        yield plain
        return
    if what == "recovered":
        yield replace(plain, taken_back=min(plain.paid, Decimal("12.50")), taken_back_on=later)
    elif what == "repeated in vain":
        yield plain
        lines = [_refused_again(line, ("CO", "18")) for line in _unsplit(plain.lines)]
        yield replace(
            plain,
            lines=lines,
            adjustments=[],
            day=later,
            claim_number=f"{plain.claim_number}R",
            interest=NOTHING,
        )
    elif what == "denied first":
        yield _denied(plain, rng).said("SUPERSEDED")
        yield replace(plain, day=later)
    elif what == "pending":
        yield plain.said("PENDING")
        yield plain.reversal(later)
    elif what == "taken back and denied" and len(plain.visit.claims) == 1:
        yield plain.said("REVERSED")
        yield plain.reversal(later)
        yield replace(_denied(plain, rng), day=later)
    elif what == "taken back and denied":
        yield plain  # the other claim's cut of second units would have to be decided anew
    else:
        yield from _paid_again(what, plain, later, rng)


def _paid_again(what: str, plain: Decision, later: dt.date, rng: random.Random) -> Iterator[Decision]:
    """Paid twice: first less than what stands in the end, which is `plain` but for its day."""
    first = _less(plain, rng) if what == "paid the difference" or rng.random() < 0.5 else plain
    interest = Decimal(rng.randint(5, 220)) / 100 if what == "paid the difference" else NOTHING
    if what == "replaced":
        if first is plain:
            first = _less(plain, rng)
        yield first.said("SUPERSEDED")
        yield replace(plain, day=later)
        return
    yield first.said("REVERSED")
    between = pay_day(plain.day + (later - plain.day) / 2)
    back = between if what == "corrected later" else later
    reversal = first.reversal(back)
    yield _totals(reversal) if what == "taken back without lines" else reversal
    again = replace(
        plain, day=between if what == "corrected before the reversal" else later, interest=interest
    )
    if what == "corrected under a new number":
        again = replace(again, claim_number=f"{plain.claim_number}A", original_number=plain.claim_number)
    yield again


def _totals(reversal: Decision) -> Decision:
    """A reversal that tells the claim alone."""
    every = [*reversal.adjustments, *(one for line in reversal.lines for one in line.adjustments)]
    sums: dict[tuple[str, str], Decimal] = {}
    for one in every:
        sums[one.group, one.reason] = sums.get((one.group, one.reason), NOTHING) + one.amount
    told = tuple(Adjustment(group, reason, amount) for (group, reason), amount in sums.items())
    line = replace(reversal.lines[0], charge=reversal.charge, paid=reversal.paid, adjustments=told)
    return replace(reversal, lines=[line], adjustments=[], without_lines=True)


def _less(plain: Decision, rng: random.Random) -> Decision:
    """The same claim decided a few dollars lower on a line."""
    lines = list(plain.lines)
    place = max(range(len(lines)), key=lambda index: lines[index].paid)
    line = lines[place]
    off = min(line.paid, Decimal(rng.randint(100, 900)) / 100)
    told = list(line.adjustments)
    cut = next((one for one in told if one.reason == "45"), None)
    if cut is not None:
        told.remove(cut)
    told.insert(0, Adjustment("CO", "45", off + (cut.amount if cut else NOTHING)))
    lines[place] = replace(
        line, allowed=line.allowed - off, paid=line.paid - off, adjustments=tuple(told), stated=None
    )
    return replace(plain, lines=lines, interest=NOTHING)
