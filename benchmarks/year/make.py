"""The year: from a seed and a number of lines to files with known truth."""

from __future__ import annotations

import random

from benchmarks.year.damage import on_the_way
from benchmarks.year.remittances import Remittance, remittances
from benchmarks.year.story import story
from benchmarks.year.visits import visits


def make_year(lines: int, seed: int, share: int = 0) -> list[Remittance]:
    """All files of a year with about `lines` service lines. The same seed gives the same bytes.

    `share`: for a practice too large to be made at once. Each share has patients, claim numbers, payments and files of
    its own; together they are one year of one practice.
    """
    rng = random.Random(f"{seed}/{share}" if share else seed)
    decisions = [decision for visit in visits(lines, rng, share) for decision in story(visit, rng)]
    return list(on_the_way(remittances(decisions, share), rng))
