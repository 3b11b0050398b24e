"""What a soak brings, night by night, drawn from its seed before the first night runs.

Files come on the first night after their day, or late, or again, or damaged first; workbooks come back; contracts are
amended; nights are killed. Only what an instant hits is left to chance.
"""

from __future__ import annotations

import datetime as dt
import random
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tests.soak.agreements import AMENDMENTS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from tests.soak.year import Made

LATE, AGAIN, SPOILED = 0.15, 0.05, 0.04
"""Shares of the files that come late by 1-10 nights, a second time on a later night, damaged first and whole later."""
HEADLESS = "z_headless_"
"""How the name of a file begins whose first bytes are noise. It is read all the same, and its payments count once."""
AMENDED_AT = (0.2, 0.35, 0.5)
"""When, as shares of the nights. None in the second half: an amendment has everything decided anew, and what nights decided
bit by bit after it is what the single clean run is held against."""
_NOISE = 120
"""More than the envelope's head has bytes."""
AFTERWARDS = dt.timedelta(days=5)


@dataclass(frozen=True)
class Drop:
    """A file as it comes. `file`: of the year; `cut`: the share of its bytes that comes, `headless`: its beginning is noise."""

    name: str
    file: str
    cut: float = 1
    headless: bool = False

    @property
    def spoiled(self) -> bool:
        return self.cut < 1 or self.headless

    def content(self, year: Path) -> bytes:
        """The bytes that come of a file of the year."""
        data = (year / "files" / self.file).read_bytes()
        data = data[: int(len(data) * self.cut)]
        return b"#" * _NOISE + data[_NOISE:] if self.headless else data


@dataclass(frozen=True)
class Return:
    """A workbook that comes back: the edition it was taken from, and the seed of what is written into it."""

    edition: int
    name: str
    seed: int


@dataclass
class Night:
    """`kills`: at which share of a night's usual time it is killed, and done again."""

    number: int
    as_of: dt.date
    drops: list[Drop] = field(default_factory=list)
    returns: list[Return] = field(default_factory=list)
    amendments: list[str] = field(default_factory=list)
    kills: list[float] = field(default_factory=list)
    late_count: int = 0
    again_count: int = 0


def draw(files: Sequence[Made], count: int, kills: int, seed: int) -> list[Night]:
    """Draw all nights. The last is some days after the last file."""
    chance = random.Random(f"plan {seed}")
    first, last = min(file.day for file in files), max(file.day for file in files)
    nights = [Night(number, first + (last - first) * number / count) for number in range(1, count + 1)]
    nights[-1].as_of = last + AFTERWARDS
    for file in files:
        _bring(file, nights, chance)
    for night in nights:
        night.drops.sort(key=lambda drop: drop.name)
    for share, names in zip(AMENDED_AT, AMENDMENTS, strict=True):
        nights[int(share * count)].amendments += names
    for night in nights[2::3]:
        edition = max(1, night.number - chance.randint(1, 3))
        night.returns.append(Return(edition, f"worklist {night.number}.xlsx", chance.randrange(2**32)))
    for turn, number in enumerate(chance.sample(range(count), min(kills, count))):
        nights[number].kills += [chance.uniform(0.02, 0.95) for _ in range(1 + (turn % 3 == 0))]
    return nights


def _bring(file: Made, nights: list[Night], chance: random.Random) -> None:
    """Put a file into the night, or the nights, on which it comes."""
    due = next(place for place, night in enumerate(nights) if night.as_of >= file.day)
    last = len(nights) - 1
    if chance.random() < LATE and due < last:
        due = min(last, due + chance.randint(1, 10))
        nights[due].late_count += 1
    if chance.random() < SPOILED and due < last and not file.refused:
        nights[due].drops.append(_spoiled(file, chance))
        due = min(last, due + chance.randint(1, 5))
    nights[due].drops.append(Drop(file.name, file.name))
    if chance.random() < AGAIN and due < last:
        later = nights[min(last, due + chance.randint(1, 10))]
        again = file.name if chance.random() < 0.5 else f"z_later_{file.name}"
        if all(drop.name != again for drop in later.drops):
            later.drops.append(Drop(again, file.name))
            later.again_count += 1


def _spoiled(file: Made, chance: random.Random) -> Drop:
    if chance.random() < 0.3:
        return Drop(f"{HEADLESS}{file.name}", file.name, headless=True)
    return Drop(file.name, file.name, cut=chance.uniform(0.2, 0.9))


def all_drops(nights: Sequence[Night]) -> Iterator[Drop]:
    for night in nights:
        yield from night.drops
