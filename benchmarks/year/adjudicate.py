"""A payer's decision on a visit: what it refuses, what it allows for the rest, and the truth of each line."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from decimal import ROUND_FLOOR, Decimal
from typing import TYPE_CHECKING

from benchmarks.year.behaviours import drawn
from benchmarks.year.deals import Deal, in_force
from benchmarks.year.decisions import NOTHING, Adjustment, DecidedLine, Decision, Truth
from benchmarks.year.mistakes import LOWER
from benchmarks.year.pricing import Line, Priced, price_day
from benchmarks.year.tables import cents
from benchmarks.year.telling import Share, decided, refused
from benchmarks.year.verdicts import Judged, verdicts

if TYPE_CHECKING:
    import random

    from benchmarks.year.mistakes import Made
    from benchmarks.year.visits import Visit

BUNDLED = {"97010"}
LEAST = Decimal("0.05")
_UNCLEAR = {
    "part refused": Adjustment("CO", "16", NOTHING),
    "unknown code": Adjustment("CO", "999", NOTHING),
    "paid to the patient": Adjustment("OA", "100", NOTHING),
}


@dataclass(frozen=True)
class Settled:
    """A visit's lines as decided, by number, with the claim that each stands on."""

    lines: dict[int, list[DecidedLine]]
    claim_of: dict[int, int]
    own: dict[int, list[Adjustment]]
    """Adjustments of the claims themselves."""


def settle(visit: Visit, rng: random.Random, *, right: bool = False) -> Settled:
    """Decide a visit; `right`: without a mistake."""
    plan = visit.patient.plan
    kept: list[Line] = []
    lines: dict[int, list[DecidedLine]] = {}
    for line in visit.lines:
        refusal = _refusal(line, visit, rng)
        if refusal is None:
            kept.append(line)
        else:
            lines[line.number] = [refusal]
    if not plan.contract or plan.ambiguous:
        lines |= {line.number: [_unpriced(line, visit, rng)] for line in kept}
        return Settled(lines, {line.number: line.claim for line in visit.lines}, {})
    deal = in_force(plan.contract, visit.day)
    return _priced(visit, kept, deal, lines, rng, right=right)


def _refusal(line: Line, visit: Visit, rng: random.Random) -> DecidedLine | None:
    plan = visit.patient.plan
    if plan.contract == "hawthorn-kids" and line.code not in in_force(plan.contract, visit.day).carved_out:
        return refused(line, "CAPITATED", rng, ("CO", "24"))
    if line.code in BUNDLED:
        return refused(line, "BUNDLED", rng, ("CO", "97"))
    if rng.random() < 0.015:
        return refused(line, "DENIED", rng)
    if rng.random() < 0.004 and len(visit.lines) > 1:
        return refused(line, "BUNDLED", rng, ("CO", "236"))
    return None


def _unpriced(line: Line, visit: Visit, rng: random.Random) -> DecidedLine:
    """A line of a payer without a contract, or with two that fit: nobody can say what was owed."""
    plan = visit.patient.plan
    verdict = "AMBIGUOUS_CONTRACT" if plan.ambiguous else "NO_CONTRACT"
    allowed = cents(line.charge * Decimal(rng.choice((35, 40, 55, 60))) / 100)
    return decided(line, allowed, Truth(verdict), None, plan, rng, sequestered=False)


def _priced(
    visit: Visit,
    kept: list[Line],
    deal: Deal,
    lines: dict[int, list[DecidedLine]],
    rng: random.Random,
    *,
    right: bool,
) -> Settled:
    kept, fewer = _fewer_units(kept, rng)
    kept, billed_codes = _lower_codes(kept, rng)
    owed = price_day(kept, deal, visit.view)
    cause, made = ("", None) if right else drawn(visit.day, kept, deal, visit.view, rng)
    allowed = _allowed(kept, owed, made)
    allowed |= {
        line.number: cents(line.charge * Decimal("0.4")) for line in kept if line.number in owed.no_rate
    }
    told_openly = (
        {number: slip.units for number, slip in made.slips.items()} if made and made.says_units else {}
    )
    open_lines = (
        {}
        if told_openly
        else _open_lines([line for line in kept if line.number not in fewer], allowed, owed, rng)
    )
    on_claim = _on_claim(visit, kept, lines, open_lines, owed, rng)
    judged = Judged(
        (visit.number,), kept, deal, owed, _places(kept, deal, visit, owed), allowed, cause, open_lines,
        on_claim=tuple(frozenset(numbers) for numbers in on_claim.values()),
    )  # fmt: skip
    truth = verdicts(judged)
    told = _tell(visit, kept, deal, allowed, truth, rng)
    own: dict[int, list[Adjustment]] = {}
    for claim, numbers in on_claim.items():
        own[claim] = [_to_the_claim(told, numbers)]
    for number, line in told.items():
        coded = replace(line, billed_code=billed_codes.get(number, ""))
        lines[number] = _as_told(
            coded, open_lines.get(number), fewer.get(number), told_openly.get(number), rng, split=not own
        )
    return Settled(lines, {line.number: line.claim for line in visit.lines}, own)


def _fewer_units(kept: list[Line], rng: random.Random) -> tuple[list[Line], dict[int, Line]]:
    """Refuse one unit of a few lines, openly: what is left is priced, with its share of the charge, and is all that is owed."""
    result, fewer = [], {}
    for line in kept:
        if line.units > 1 and rng.random() < 0.012:
            fewer[line.number] = line
            left = (line.charge * (line.units - 1) / line.units).quantize(Decimal("0.01"), ROUND_FLOOR)
            result.append(replace(line, units=line.units - 1, charge=left))
        else:
            result.append(line)
    return result, fewer


def _lower_codes(kept: list[Line], rng: random.Random) -> tuple[list[Line], dict[int, str]]:
    """Decide a few lines under a lower code, openly: a matter of coding, priced as decided."""
    billed = {line.number: line.code for line in kept if line.code in LOWER and rng.random() < 0.02}
    return [replace(line, code=LOWER[line.code]) if line.number in billed else line for line in kept], billed


def _allowed(kept: list[Line], owed: Priced, made: Made | None) -> dict[int, Decimal]:
    """What the payer allows: what is owed, or what its mistake comes to (never nothing for a line that is priced)."""
    if made is None:
        return dict(owed.amounts)
    priced = price_day(kept, made.deal, made.view, made.slips)
    off = made.off or {}
    allowed = {}
    for number, amount in owed.amounts.items():
        wrong = priced.amounts.get(number, amount) - off.get(number, NOTHING)
        allowed[number] = max(wrong, LEAST) if amount else wrong if wrong > 0 else NOTHING
    return allowed


def _places(kept: list[Line], deal: Deal, visit: Visit, owed: Priced) -> tuple[Priced, ...]:
    """What is owed at each place that a remittance leaves open."""
    if not _ambiguous(visit, deal):
        return (owed,)
    return tuple(
        price_day(kept, deal, replace(visit.view, locality=place)) for place in visit.patient.site.may_be
    )


def _ambiguous(visit: Visit, deal: Deal) -> bool:
    based = any(rate.basis in {"medicare", "percent_of_medicare"} for rate in deal.rates)
    return based and len(visit.patient.site.may_be) > 1


def _open_lines(
    kept: list[Line], allowed: dict[int, Decimal], owed: Priced, rng: random.Random
) -> dict[int, str]:
    """Lines told in a way that leaves open for what the rest was allowed."""
    found = {}
    for line in kept:
        tellable = (
            line.number not in owed.no_rate
            and line.charge - allowed[line.number] > 2
            and allowed[line.number] > 0
        )
        if tellable and rng.random() < 0.006:
            found[line.number] = rng.choice(list(_UNCLEAR))
    return found


def _on_claim(
    visit: Visit,
    kept: list[Line],
    lines: dict[int, list[DecidedLine]],
    open_lines: dict[int, str],
    owed: Priced,
    rng: random.Random,
) -> dict[int, list[int]]:
    """Claims whose price cut is told once, on the claim: they are judged on their sum."""
    if (
        rng.random() > 0.008
        or lines
        or open_lines
        or owed.together
        or owed.no_rate
        or len(visit.claims) > 1
        or len(kept) < 2
    ):
        return {}
    return {1: [line.number for line in kept]}


def _tell(
    visit: Visit,
    kept: list[Line],
    deal: Deal,
    allowed: dict[int, Decimal],
    truth: dict[int, Truth],
    rng: random.Random,
) -> dict[int, DecidedLine]:
    told = {}
    plan = visit.patient.plan
    share = Share.drawn(plan, rng)
    left = share.copay
    for line in kept:
        amount = allowed[line.number]
        part = share.of(amount, left) if amount else None
        left -= part.amount if part and share.kind == "copay" else NOTHING
        told[line.number] = decided(
            line, amount, truth[line.number], part, plan, rng, sequestered=deal.sequestration
        )
    return told


def _to_the_claim(told: dict[int, DecidedLine], numbers: list[int]) -> Adjustment:
    """Move the price cuts of the lines to the claim; the lines then pay more, and the claim less."""
    moved = NOTHING
    for number in numbers:
        line = told[number]
        cut = sum((one.amount for one in line.adjustments if one.reason in {"45", "59"}), NOTHING)
        rest = tuple(one for one in line.adjustments if one.reason not in {"45", "59"})
        told[number] = replace(line, adjustments=rest, paid=line.paid + cut, stated=None)
        moved += cut
    return Adjustment("CO", "45", moved)


def _as_told(
    line: DecidedLine,
    unclear: str | None,
    fewer: Line | None,
    stated_units: int | None,
    rng: random.Random,
    *,
    split: bool,
) -> list[DecidedLine]:
    if fewer is not None:
        return [_units_refused(line, fewer)]
    if stated_units is not None:
        return [replace(line, units=stated_units, billed_units=line.units)]
    if unclear is not None:
        return [_unclear(line, unclear)]
    if split and line.units > 1 and line.truth.verdict != "NO_RATE" and rng.random() < 0.012:
        return _split(line)
    return [line]


def _units_refused(line: DecidedLine, billed: Line) -> DecidedLine:
    """One unit refused (CO-151, N362): its charge goes with it, and the line says how many were billed.

    Where nothing was allowed for the rest either, it is all a matter of the price, and the remark alone tells it.
    """
    told = Adjustment("CO", "151" if line.allowed else "45", billed.charge - line.charge)
    whole = replace(line, charge=billed.charge, adjustments=(*line.adjustments, told))
    return replace(whole, billed_units=billed.units, remarks=("N362",))


def _moved(line: DecidedLine, amount: Decimal, to: Adjustment) -> DecidedLine:
    """Tell a part of the price cut under another code (all of it, where it is less)."""
    cut = sum((one.amount for one in line.adjustments if one.reason in {"45", "59"}), NOTHING)
    rest = tuple(one for one in line.adjustments if one.reason not in {"45", "59"})
    part = min(amount, cut)
    kept = (Adjustment("CO", "45", cut - part),) if cut > part else ()
    return replace(line, adjustments=(*kept, replace(to, amount=part), *rest))


def _unclear(line: DecidedLine, how: str) -> DecidedLine:
    """Tell two dollars of the price cut under a code that says nothing about the price."""
    return _moved(line, Decimal(2), _UNCLEAR[how])


def _split(line: DecidedLine) -> list[DecidedLine]:
    """One billed line as two: the payer's system puts the units of each rate on a line of its own."""
    first = replace(
        line,
        units=1,
        charge=cents(line.charge / line.units),
        allowed=cents(line.allowed / line.units),
        stated=None,
    )
    rest = replace(
        line,
        units=line.units - 1,
        charge=line.charge - first.charge,
        allowed=line.allowed - first.allowed,
        stated=None,
    )
    others = tuple(one for one in line.adjustments if one.reason not in {"45", "59"})
    parts = []
    for part, own in ((first, ()), (rest, others)):
        cut = part.charge - part.allowed
        price = (Adjustment("CO", "45", cut),) if cut else ()
        paid = part.allowed - sum((one.amount for one in own), NOTHING)
        parts.append(replace(part, adjustments=(*price, *own), paid=paid))
    return parts if all(part.paid >= 0 for part in parts) else [line]


def decision(visit: Visit, settled: Settled, claim: int, number: str, day: dt.date) -> Decision:
    """The claim's part of a settled visit, as decided on a day."""
    account = f"{visit.patient.number}-{visit.number}-{claim}"
    lines = [
        replace(one, control=f"{account}-{key}")
        for key in sorted(settled.lines)
        if settled.claim_of[key] == claim
        for one in settled.lines[key]
    ]
    return Decision(visit, claim, number, day, "1", lines, list(settled.own.get(claim, [])))


def told_on_the_claim(plain: Decision, reasons: set[str]) -> Decision:
    """Tell the patient's share or the sequestration once, on the claim, and not on its lines."""
    moved: dict[tuple[str, str], Decimal] = {}
    lines = []
    for line in plain.lines:
        own = [one for one in line.adjustments if one.reason in reasons]
        rest = tuple(one for one in line.adjustments if one.reason not in reasons)
        for one in own:
            moved[one.group, one.reason] = moved.get((one.group, one.reason), NOTHING) + one.amount
        lines.append(
            replace(line, adjustments=rest, paid=line.paid + sum((one.amount for one in own), NOTHING))
        )
    told = [Adjustment(group, reason, amount) for (group, reason), amount in moved.items()]
    return replace(plain, lines=lines, adjustments=[*plain.adjustments, *told])
