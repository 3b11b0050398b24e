"""The mistakes payers make, each as what a payer does to a patient-day. Named as in docs/causes.md.

A mistake is given the day as it should be priced and says how the payer prices it: under which deal, with which
tables, with which slips. None: it cannot be made on this day.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING

from benchmarks.year.deals import MEDICARE, Deal, deals, in_force
from benchmarks.year.pricing import Line, Slip
from benchmarks.year.tables import View, is_therapy, localities

if TYPE_CHECKING:
    import random
    from collections.abc import Callable

HALF = Decimal("0.5")
SEQUESTERED = Decimal("0.98")
ASSISTANT = Decimal("0.85")
LOWER = {"97162": "97161", "97163": "97162", "97166": "97165", "97167": "97166", "99214": "99213", "98941": "98940",
         "98942": "98941"}  # fmt: skip
NEW_TABLES = dt.date(2026, 1, 1)


@dataclass(frozen=True)
class Asked:
    """A day as it should be priced. `detail`: what the behaviour says beside its cause, such as a contract."""

    day: dt.date
    lines: list[Line]
    deal: Deal
    view: View
    rng: random.Random
    detail: str = ""

    def one(self, fits: Callable[[Line], bool] = lambda _: True) -> Line | None:
        """One of the lines that fit."""
        found = [line for line in self.lines if fits(line)]
        return self.rng.choice(found) if found else None

    def all(self, slip: Slip) -> dict[int, Slip]:
        return {line.number: slip for line in self.lines}


@dataclass(frozen=True)
class Made:
    """How the payer prices the day. `says_units`: it states the units it cut. `off`: taken from a line, as it comes."""

    deal: Deal
    view: View
    slips: dict[int, Slip]
    says_units: bool = False
    off: dict[int, Decimal] | None = None


def _with(
    asked: Asked, *, deal: Deal | None = None, view: View | None = None, slips: dict[int, Slip] | None = None
) -> Made:
    return Made(deal or asked.deal, view or asked.view, slips or {})


def _on(asked: Asked, line: Line | None, slip: Slip) -> Made | None:
    return None if line is None else _with(asked, slips={line.number: slip})


def _assistant(line: Line) -> bool:
    return bool({"CQ", "CO"} & set(line.modifiers))


def _medicare_based(deal: Deal) -> bool:
    return any(rate.basis in {"medicare", "percent_of_medicare"} for rate in deal.rates)


def before_amendment(asked: Asked) -> Made | None:
    older = [deal for deal in deals() if deal.name == asked.deal.name and deal.until < asked.deal.effective]
    if not older:
        return None
    return _with(asked, deal=max(older, key=lambda deal: deal.until))


def earlier_rate(asked: Asked) -> Made | None:
    """The schedule's rows of before its latest rise."""
    rows = [row for rate in asked.deal.rates for row in rate.rows]
    starts = {row.effective for row in rows if dt.date.min < row.effective <= asked.day}
    starts -= {min(row.effective for row in rows)} if rows else set()
    if not starts:
        return None
    return _with(asked, view=replace(asked.view, values_on=max(starts) - dt.timedelta(days=1)))


def _new_year(asked: Asked) -> bool:
    return asked.day >= NEW_TABLES and _medicare_based(asked.deal)


def previous_schedule(asked: Asked) -> Made | None:
    """Everything of the year before; or, where the behaviour says so, the indices or the relative values alone."""
    if not _new_year(asked):
        return None
    before = NEW_TABLES - dt.timedelta(days=1)
    view = asked.view.on(before)
    if asked.detail == "indices":
        view = replace(asked.view, indices_of=before.year)
    if asked.detail == "values":
        view = replace(asked.view, values_on=before)
    return _with(asked, view=view)


def previous_factor(asked: Asked) -> Made | None:
    if not _new_year(asked):
        return None
    return _with(asked, view=replace(asked.view, factor_on=NEW_TABLES - dt.timedelta(days=1)))


def assistant_without_modifier(asked: Asked) -> Made | None:
    if asked.deal.assistant is None:
        return None
    return _on(asked, asked.one(lambda line: not _assistant(line)), Slip(assistant=True))


def assistant_twice(asked: Asked) -> Made | None:
    share = asked.deal.assistant
    return None if share is None else _on(asked, asked.one(_assistant), Slip(share=share))


def assistant_not_agreed(asked: Asked) -> Made | None:
    if asked.deal.assistant is not None:
        return None
    return _on(asked, asked.one(_assistant), Slip(assistant=True))


def _therapy(asked: Asked) -> Callable[[Line], bool]:
    return lambda line: is_therapy(line.code, asked.day)


def reduction_on_first_unit(asked: Asked) -> Made | None:
    if asked.deal.reductions == "none" or asked.one(_therapy(asked)) is None:
        return None
    return _with(asked, slips=asked.all(Slip(cut_first=True)))


def reduction_twice(asked: Asked) -> Made | None:
    if asked.deal.reductions == "none":
        return None
    return _on(asked, asked.one(_therapy(asked)), Slip(cut_again=True))


def reduction_of_whole_rate(asked: Asked) -> Made | None:
    if asked.deal.reductions == "none":
        return None
    return _with(asked, deal=replace(asked.deal, reductions="percent", reduced_to=HALF))


def reduction_not_due(asked: Asked) -> Made | None:
    if asked.deal.reductions != "none":
        return None
    if asked.detail == "medicare":
        return _with(asked, deal=replace(asked.deal, reductions="medicare"))
    return _with(asked, deal=replace(asked.deal, reductions="percent", reduced_to=HALF))


def _two_percent(asked: Asked) -> Made:
    by_line = asked.detail == "line"
    slip = Slip(line_share=SEQUESTERED) if by_line else Slip(share=SEQUESTERED)
    return _with(asked, slips=asked.all(slip))


def sequestration_from_allowed(asked: Asked) -> Made | None:
    return _two_percent(asked) if asked.deal.sequestration else None


def sequestration_not_permitted(asked: Asked) -> Made | None:
    return None if asked.deal.sequestration else _two_percent(asked)


def wrong_setting(asked: Asked) -> Made | None:
    other = "facility" if asked.view.setting == "nonfacility" else "nonfacility"
    return _with(asked, view=replace(asked.view, setting=other))


def qp_factor(asked: Asked) -> Made | None:
    """The factor of those who do not qualify, for a clinician who does."""
    return _with(asked, view=replace(asked.view, qualifying=False)) if asked.view.qualifying else None


def medicare_rate(asked: Asked) -> Made | None:
    return (
        None
        if asked.deal.name == "medicare"
        else _with(asked, deal=replace(MEDICARE, assistant=asked.deal.assistant))
    )


def _other_contract(asked: Asked) -> Made | None:
    """The other contract with its own clauses; `CONTRACT rates`: its rates with this contract's clauses."""
    name, _, only = asked.detail.partition(" ")
    other = in_force(name, asked.day)
    return _with(asked, deal=replace(asked.deal, rates=other.rates) if only else other)


def other_locality(asked: Asked) -> Made | None:
    if not _medicare_based(asked.deal):
        return None
    contractor = asked.view.locality.split("-")[0]
    place = asked.detail or asked.rng.choice(localities(asked.day, contractor))
    return _with(asked, view=replace(asked.view, locality=place))


def national_amount(asked: Asked) -> Made | None:
    return (
        _with(asked, view=replace(asked.view, locality="national")) if _medicare_based(asked.deal) else None
    )


def fixed_year(asked: Asked) -> Made | None:
    """The schedule of the year of service, where the contract names another."""
    rates = tuple(replace(rate, year=None) for rate in asked.deal.rates)
    return None if rates == asked.deal.rates else _with(asked, deal=replace(asked.deal, rates=rates))


def lesser_of_not_agreed(asked: Asked) -> Made | None:
    if asked.deal.lesser_of == "line":
        return None
    return _with(asked, slips={line.number: Slip(held_to=line.charge) for line in asked.lines})


def lesser_of_wrong_charge(asked: Asked) -> Made | None:
    """Held to the charge of one unit."""
    line = asked.one(lambda line: line.units > 1)
    return None if line is None else _on(asked, line, Slip(held_to=line.charge / line.units))


def rounding(asked: Asked) -> Made | None:
    other = "line" if asked.deal.rounding == "unit" else "unit"
    return _with(asked, deal=replace(asked.deal, rounding=other))


def code_changed(asked: Asked) -> Made | None:
    line = asked.one(lambda line: line.code in LOWER)
    return None if line is None else _on(asked, line, Slip(code=LOWER[line.code]))


def modifiers_changed(asked: Asked) -> Made | None:
    line = asked.one(lambda line: bool(set(line.modifiers) - {"CQ", "CO"}))
    return _on(asked, line, Slip(modifiers=()))


def units_cut(asked: Asked) -> Made | None:
    line = asked.one(lambda line: line.units > 1)
    if line is None:
        return None
    fewer = asked.rng.randint(1, line.units - 1)
    made = _with(asked, slips={line.number: Slip(units=fewer)})
    return replace(made, says_units=asked.detail == "stated")


def flat_percentage(asked: Asked) -> Made | None:
    """`92` of each unit, or `92 line` of the line."""
    percent, _, by_line = asked.detail.partition(" ")
    share = Decimal(percent) / 100
    return _with(asked, slips=asked.all(Slip(line_share=share) if by_line else Slip(share=share)))


def percent_of_charge(asked: Asked) -> Made | None:
    return _with(asked, slips=asked.all(Slip(charge_share=Decimal(asked.detail) / 100)))


def unexplained(asked: Asked) -> Made | None:
    """An amount off that nothing accounts for."""
    line = asked.one()
    if line is None:
        return None
    off = Decimal(asked.rng.randint(11, 999)) / 100
    return replace(_with(asked), off={line.number: off})


MISTAKES: dict[str, Callable[[Asked], Made | None]] = {
    "before_amendment": before_amendment,
    "earlier_rate": earlier_rate,
    "previous_schedule": previous_schedule,
    "previous_factor": previous_factor,
    "assistant_without_modifier": assistant_without_modifier,
    "assistant_twice": assistant_twice,
    "assistant_not_agreed": assistant_not_agreed,
    "reduction_on_first_unit": reduction_on_first_unit,
    "reduction_twice": reduction_twice,
    "reduction_of_whole_rate": reduction_of_whole_rate,
    "reduction_not_due": reduction_not_due,
    "sequestration_from_allowed": sequestration_from_allowed,
    "sequestration_not_permitted": sequestration_not_permitted,
    "wrong_setting": wrong_setting,
    "qp_factor": qp_factor,
    "medicare_rate": medicare_rate,
    "other_plan": _other_contract,
    "medicaid_rate": _other_contract,
    "other_payer": _other_contract,
    "other_locality": other_locality,
    "national_amount": national_amount,
    "fixed_year": fixed_year,
    "lesser_of_not_agreed": lesser_of_not_agreed,
    "lesser_of_wrong_charge": lesser_of_wrong_charge,
    "rounding": rounding,
    "code_changed": code_changed,
    "modifiers_changed": modifiers_changed,
    "units_cut": units_cut,
    "flat_percentage": flat_percentage,
    "percent_of_charge": percent_of_charge,
    "unexplained": unexplained,
}
