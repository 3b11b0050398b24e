"""Which mistake a payer makes on a day, if any: drawn from `behaviours.toml`."""

from __future__ import annotations

import datetime as dt
import tomllib
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from benchmarks.year.mistakes import MISTAKES, Asked, Made
from benchmarks.year.tables import HOME

if TYPE_CHECKING:
    import random

    from benchmarks.year.deals import Deal
    from benchmarks.year.pricing import Line
    from benchmarks.year.tables import View


@dataclass(frozen=True)
class Behaviour:
    contract: str
    cause: str
    first: dt.date
    last: dt.date
    chance: float
    detail: str


@cache
def behaviours() -> dict[str, tuple[Behaviour, ...]]:
    """By contract; `""`: what any payer may do."""
    found = tomllib.loads((HOME.parent / "behaviours.toml").read_text(encoding="utf-8"))
    every = [
        Behaviour(
            one["contract"], one["cause"], one["from"], one["until"], one["chance"], one.get("detail", "")
        )
        for one in found["behaviour"]
    ]
    by_chance = [
        Behaviour("", cause, dt.date.min, dt.date.max, chance, "")
        for cause, chance in found["everywhere"].items()
    ]
    names = {one.contract for one in every}
    return {name: tuple(one for one in every if one.contract == name) for name in names} | {
        "": tuple(by_chance)
    }


def drawn(
    day: dt.date, lines: list[Line], deal: Deal, view: View, rng: random.Random
) -> tuple[str, Made | None]:
    """The cause and what the payer makes of the day; an empty cause where it does it right."""
    for one in (*behaviours().get(deal.name, ()), *behaviours()[""]):
        if one.first <= day <= one.last and rng.random() < one.chance:
            made = MISTAKES[one.cause](Asked(day, lines, deal, view, rng, one.detail))
            if made is not None:
                return one.cause, made
    return "", None
