"""What a patient-day is worth under a contract: decimals, one half-up rounding at a time, one line after the other.

The rules are those of docs/pricing.md, written a second time. `Slip` is what a payer does wrong to a line.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING

from benchmarks.year.tables import View, cents, is_therapy, rank, unit

if TYPE_CHECKING:
    from benchmarks.year.deals import Deal, Rate, Row

ONE = Decimal(1)


@dataclass(frozen=True)
class Line:
    """A service line as billed."""

    number: int
    code: str
    modifiers: tuple[str, ...]
    units: int
    charge: Decimal
    claim: int = 1
    """Which of the day's claims it stands on."""


@dataclass(frozen=True)
class Slip:
    """What goes wrong with one line."""

    units: int | None = None
    code: str | None = None
    modifiers: tuple[str, ...] | None = None
    share: Decimal = ONE
    """Of each unit, rounded."""
    line_share: Decimal = ONE
    cut_first: bool = False
    """The unit that is due in full is reduced too."""
    cut_again: bool = False
    """The reduced unit reduced once more: by the percentage, by halving the practice expense again, or in proportion."""
    held_to: Decimal | None = None
    """The smaller of this charge and the amount."""
    assistant: bool | None = None
    """The assistant's percentage taken or not, whatever the modifiers say."""
    charge_share: Decimal | None = None
    """A percentage of the charge in place of the rate."""


RIGHT = Slip()


@dataclass
class Priced:
    """What a payer that does it right allows for a day's lines, by line number, and what is judged together.

    `low` (where it is not the amount) and `high`: what is owed at least and at most, where no rule settles it.
    """

    amounts: dict[int, Decimal] = field(default_factory=dict)
    low: dict[int, Decimal] = field(default_factory=dict)
    high: dict[int, Decimal] = field(default_factory=dict)
    held_to_charge: set[int] = field(default_factory=set)
    together: list[tuple[frozenset[int], Decimal]] = field(default_factory=list)
    """Lines that are judged on their sum, and the sum that is owed; the caps of a day or claim."""
    no_rate: set[int] = field(default_factory=set)


@dataclass(frozen=True)
class _Rated:
    line: Line
    slip: Slip
    rate: Rate
    full: Decimal
    """A unit, before its percentage."""
    half: Decimal | None
    """A unit with Medicare's cut, before the percentage; none where Medicare cuts nothing."""


def price_day(lines: list[Line], deal: Deal, view: View, slips: dict[int, Slip] | None = None) -> Priced:
    """Price the lines of one patient-day under one contract, in the order in which the payer ranks ties."""
    slips = slips or {}
    priced = Priced()
    rated = []
    for line in lines:
        found = _rated(line, slips.get(line.number, RIGHT), deal, view)
        if found is None:
            priced.no_rate.add(line.number)
        else:
            rated.append(found)
    first = _first(rated, deal, view)
    for one in rated:
        _price_line(one, deal, view, priced, is_first=one.line.number == first)
    _equal_ranks(rated, deal, view, priced, first)
    _caps(rated, deal, priced)
    return priced


def _rated(line: Line, slip: Slip, deal: Deal, view: View) -> _Rated | None:
    code = slip.code or line.code
    modifiers = line.modifiers if slip.modifiers is None else slip.modifiers
    for rate in deal.rates:
        if rate.codes and code not in rate.codes:
            continue
        if rate.basis == "fee_schedule":
            row = schedule_row(rate, code, modifiers, view)
            if row is None:
                continue
            return _Rated(line, slip, rate, row.rate, _proportion(row.rate, code, view, slip))
        if rate.basis in {"percent_of_charge", "per_visit"}:
            return _Rated(line, slip, rate, line.charge, None)
        looked = price_view(rate, view)
        full = unit(code, looked)
        if full is None:
            return None
        halved = 2 if slip.cut_again else 1
        return _Rated(
            line, slip, rate, full, unit(code, looked, halved=halved) if _cuts(code, view) else None
        )
    return None


def price_view(rate: Rate, view: View) -> View:
    """The tables that a percentage of Medicare asks for: those of its year, and the factor it names."""
    looked = view if rate.year is None else view.on(view.values_on.replace(year=rate.year, month=6, day=1))
    if rate.factor == "non_qp":
        return View(looked.values_on, looked.indices_of, looked.factor_on, looked.locality, looked.setting)
    return looked


def schedule_row(rate: Rate, code: str, modifiers: tuple[str, ...], view: View) -> Row | None:
    """The row in force with the most of the line's modifiers, one for the setting before one for both."""
    fits = [
        row
        for row in rate.rows
        if row.code == code
        and row.modifiers <= set(modifiers)
        and row.setting in {"", view.setting}
        and row.effective <= view.values_on <= row.until
    ]
    return max(fits, key=lambda row: (len(row.modifiers), row.setting != ""), default=None)


def _cuts(code: str, view: View) -> bool:
    return is_therapy(code, view.values_on)


def _plain(view: View) -> View:
    return View(view.values_on, view.indices_of, view.factor_on, view.locality, view.setting)


def _proportion(rate: Decimal, code: str, view: View, slip: Slip) -> Decimal | None:
    """Medicare's cut on a schedule's rate: in the proportion of Medicare's own two amounts; taken twice, in it again."""
    full, half = unit(code, _plain(view)), unit(code, _plain(view), halved=1)
    if full is None or half is None or not _cuts(code, view):
        return None
    cut = cents(rate * half / full)
    return cents(cut * half / full) if slip.cut_again else cut


def _takes_part(one: _Rated, deal: Deal, view: View) -> bool:
    direct = one.rate.basis in {"percent_of_charge", "per_visit"}
    return deal.reductions != "none" and not direct and _cuts(one.slip.code or one.line.code, view)


def _unit(one: _Rated) -> Decimal:
    return cents(one.full * one.rate.percent / 100)


def _rank_key(one: _Rated, deal: Deal, view: View) -> tuple[Decimal, Decimal]:
    expense = rank(one.slip.code or one.line.code, view) if deal.reductions == "medicare" else Decimal(0)
    return expense, _unit(one)


def _first(rated: list[_Rated], deal: Deal, view: View) -> int | None:
    """The line whose first unit is due in full: of equal ones the first in order."""
    part = [one for one in rated if _takes_part(one, deal, view)]
    return max(part, key=lambda one: _rank_key(one, deal, view)).line.number if part else None


def _is_assistant(one: _Rated) -> bool:
    if one.slip.assistant is not None:
        return one.slip.assistant
    modifiers = one.line.modifiers if one.slip.modifiers is None else one.slip.modifiers
    return bool({"CQ", "CO"} & set(modifiers))


def _price_line(one: _Rated, deal: Deal, view: View, priced: Priced, *, is_first: bool) -> None:
    number, slip = one.line.number, one.slip
    if one.rate.basis == "per_visit":
        priced.amounts[number] = priced.high[number] = cents(one.rate.amount * slip.line_share)
        return
    percent = deal.assistant if _is_assistant(one) else None
    if slip.assistant and percent is None:
        percent = Decimal("0.85")
    amount = _line_amount(one, deal, view, ONE if percent is None else percent, is_first=is_first)
    unproven = one.rate.basis == "medicare" and percent is not None and not slip.assistant
    high = _line_amount(one, deal, view, ONE, is_first=is_first) if unproven else amount
    if slip.charge_share is not None:
        amount = high = cents(one.line.charge * slip.charge_share)
    amount = cents(amount * slip.line_share)
    if slip.held_to is not None:
        amount = min(amount, slip.held_to)
    if deal.lesser_of == "line":
        if one.line.charge < amount:
            priced.held_to_charge.add(number)
        amount, high = min(amount, one.line.charge), min(high, one.line.charge)
    priced.amounts[number], priced.high[number] = amount, max(amount, high)


def _line_amount(one: _Rated, deal: Deal, view: View, assistant: Decimal, *, is_first: bool) -> Decimal:
    if one.rate.basis == "percent_of_charge":
        return cents(cents(one.full * one.rate.percent / 100) * assistant * one.slip.share)
    units = one.line.units if one.slip.units is None else one.slip.units
    reduced = _takes_part(one, deal, view)
    full_units = units if not reduced else min(units, 1) if is_first and not one.slip.cut_first else 0
    if deal.rounding == "line":
        whole = one.full * full_units + (units - full_units) * _exact_cut(one, deal)
        return cents(whole * one.rate.percent / 100 * assistant * one.slip.share)
    shares = [share for share in (assistant, one.slip.share) if share != ONE]
    return full_units * _shared(_unit(one), shares) + (units - full_units) * _shared(_cut(one, deal), shares)


def _shared(amount: Decimal, shares: list[Decimal]) -> Decimal:
    for share in shares:
        amount = cents(amount * share)
    return amount


def _cut(one: _Rated, deal: Deal) -> Decimal:
    if deal.reductions == "percent":
        cut = cents(_unit(one) * deal.reduced_to)
        return cents(cut * deal.reduced_to) if one.slip.cut_again else cut
    if one.half is None:
        return _unit(one)
    return cents(one.half * one.rate.percent / 100)


def _exact_cut(one: _Rated, deal: Deal) -> Decimal:
    if deal.reductions == "percent":
        return one.full * deal.reduced_to
    return one.full if one.half is None else one.half


def _equal_ranks(rated: list[_Rated], deal: Deal, view: View, priced: Priced, first: int | None) -> None:
    """Lines that rank as high as the first: which of them is taken for it is the payer's choice.

    They are judged on their sum where it is the same for each choice; else each is owed what the choice that is
    worst for it gives.
    """
    keys = {one.line.number: _rank_key(one, deal, view) for one in rated if _takes_part(one, deal, view)}
    equal = [one for one in rated if first is not None and keys.get(one.line.number) == keys[first]]
    if len(equal) < 2:
        return
    choices = [_chosen(equal, taken, deal, view) for taken in equal]
    certain = all(priced.high[one.line.number] == priced.amounts[one.line.number] for one in equal)
    for one in equal:
        number = one.line.number
        priced.low[number] = min(choice.amounts[number] for choice in choices)
        priced.high[number] = max(choice.high[number] for choice in choices)
    if certain and len({sum(choice.amounts.values(), Decimal(0)) for choice in choices}) == 1:
        priced.together.append((frozenset(choices[0].amounts), sum(choices[0].amounts.values(), Decimal(0))))


def _chosen(equal: list[_Rated], taken: _Rated, deal: Deal, view: View) -> Priced:
    """What equal lines are worth if `taken` is the first."""
    tried = Priced()
    for one in equal:
        _price_line(one, deal, view, tried, is_first=one is taken)
    return tried


def _caps(rated: list[_Rated], deal: Deal, priced: Priced) -> None:
    visit = [one for one in rated if one.rate.basis == "per_visit"]
    if visit:
        charges = sum((one.line.charge for one in visit), Decimal(0))
        amount = max(priced.amounts[one.line.number] for one in visit)
        total = min(amount, charges) if deal.lesser_of != "none" else amount
        if total < amount:
            priced.held_to_charge.update(one.line.number for one in visit)
        _share_out(priced, [one.line.number for one in visit], total, lead_alone=True)
    if deal.lesser_of == "claim":
        for claim in sorted({one.line.claim for one in rated}):
            own = [one for one in rated if one.line.claim == claim]
            charges = sum((one.line.charge for one in own), Decimal(0))
            if charges < sum((priced.amounts[one.line.number] for one in own), Decimal(0)):
                numbers = [one.line.number for one in own]
                _share_out(priced, numbers, charges)
                priced.held_to_charge.update(numbers)
    if deal.visit_maximum is not None:
        numbers = [one.line.number for one in rated]
        if deal.visit_maximum < sum((priced.amounts[number] for number in numbers), Decimal(0)):
            _share_out(priced, numbers, deal.visit_maximum)


def _share_out(priced: Priced, numbers: list[int], total: Decimal, *, lead_alone: bool = False) -> None:
    """Share a capped total in proportion, or put it on the largest line; these lines are judged together."""
    own = frozenset(numbers)
    priced.together = [(lines, owed) for lines, owed in priced.together if not lines <= own]
    priced.together.append((own, total))
    whole = sum((priced.amounts[number] for number in numbers), Decimal(0))
    lead = max(numbers, key=lambda number: (priced.amounts[number], -number))
    running = told = Decimal(0)
    for number in numbers:
        running += priced.amounts[number]
        share = (
            (total if number == lead else Decimal(0)) if lead_alone else cents(total * running / whole) - told
        )
        priced.amounts[number] = priced.high[number] = share
        priced.low.pop(number, None)
        told += share
