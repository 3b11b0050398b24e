"""How an allowed amount is told on a line: patient's share, sequestration, price cuts, refusals, stated amounts."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from benchmarks.year.decisions import NOTHING, Adjustment, DecidedLine, Truth
from benchmarks.year.tables import cents

if TYPE_CHECKING:
    import random

    from benchmarks.year.pricing import Line
    from benchmarks.year.visits import Plan

REFUSALS = (
    ("CO", "16"),
    ("CO", "50"),
    ("PR", "204"),
    ("CO", "197"),
    ("CO", "29"),
    ("PR", "96"),
    ("CO", "151"),
)


@dataclass(frozen=True)
class Share:
    """What the patient owes on a claim: a copay still to be laid on its lines, a deductible, a coinsurance."""

    kind: str
    copay: Decimal = NOTHING

    @classmethod
    def drawn(cls, plan: Plan, rng: random.Random) -> Share:
        if plan.share == "copay" and rng.random() < 0.8:
            return cls("copay", Decimal(rng.choice((15, 20, 25, 30))))
        if plan.share == "deductible" and rng.random() < 0.7:
            return cls("coinsurance")
        if plan.share in {"deductible", "coinsurance"} and rng.random() < 0.12:
            return cls("deductible")
        return cls("coinsurance" if plan.share == "coinsurance" else "none")

    def of(self, allowed: Decimal, copay_left: Decimal) -> Adjustment | None:
        """The patient's part of one line."""
        if self.kind == "deductible":
            return Adjustment("PR", "1", allowed)
        if self.kind == "coinsurance":
            return Adjustment("PR", "2", cents(allowed * Decimal("0.20")))
        if copay_left:
            return Adjustment("PR", "3", min(copay_left, allowed))
        return None


def decided(
    line: Line,
    allowed: Decimal,
    truth: Truth,
    share: Adjustment | None,
    plan: Plan,
    rng: random.Random,
    *,
    sequestered: bool,
) -> DecidedLine:
    """A line that is paid: charge less price cut is allowed; allowed less share and sequestration is paid."""
    adjustments = _price_cut(line.charge - allowed, plan, line, rng)
    paid = allowed
    if share is not None and share.amount:
        adjustments.append(share)
        paid -= share.amount
    held_back = cents(paid * Decimal("0.02")) if sequestered else NOTHING
    if held_back:
        adjustments.append(Adjustment("CO", "253", held_back))
        paid -= held_back
    if plan.filing == "MB" and rng.random() < 0.01 and paid:
        bonus = cents(paid * Decimal("0.0168"))
        reason, amount = ("144", -bonus) if rng.random() < 0.6 else ("237", bonus)
        adjustments.append(Adjustment("CO", reason, amount))
        paid -= amount
    if plan.filing == "HM" and rng.random() < 0.02 and paid:
        withheld = cents(paid * Decimal("0.05"))
        adjustments.append(Adjustment("CO", "104", withheld))
        paid -= withheld
    stated = allowed if rng.random() < plan.stated else None
    if stated is not None and rng.random() < 0.01:
        stated = line.charge  # payers get it wrong; the other two ways agree
    return DecidedLine(
        "",
        line.code,
        line.modifiers,
        line.units,
        line.charge,
        allowed,
        paid,
        tuple(adjustments),
        truth,
        stated=stated,
    )


def _price_cut(cut: Decimal, plan: Plan, line: Line, rng: random.Random) -> list[Adjustment]:
    if not cut:
        return []
    if plan.cut_code != "45" and cut > 10 and line.number > 1:
        part = cents(cut * Decimal(rng.randint(5, 40)) / 100)
        return [Adjustment("CO", "45", cut - part), Adjustment("CO", plan.cut_code, part)]
    return [Adjustment("CO", "45", cut)]


def refused(
    line: Line, verdict: str, rng: random.Random, reason: tuple[str, str] | None = None
) -> DecidedLine:
    """A line that is not paid at all."""
    group, code = reason or rng.choice(REFUSALS)
    adjustment = Adjustment(group, code, line.charge)
    truth = Truth(verdict, note=f"{group}-{code}")
    return DecidedLine(
        "", line.code, line.modifiers, line.units, line.charge, NOTHING, NOTHING, (adjustment,), truth
    )
