"""Contracts as they stand before the first night, and how they become those of the year's home, amendment by amendment."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from benchmarks.year.tables import HOME

if TYPE_CHECKING:
    from pathlib import Path

AMENDMENTS = (("larch-group",), ("ironwood", "kauri-one"), ("alder-choice",))
"""By turn. A contract that was not there; a percentage and a rate that were entered wrongly; an amendment on its day."""
ENDED, WRONG_PERCENT, WRONG_RATE = "until     = 2025-12-31\n", ("137.5", "142.5"), ("36.35", "37.35")


def begin(contracts: Path) -> None:
    """Take a home's contracts back to what was known before the first night."""
    for name in ("larch-group.toml", "larch-group.csv", "alder-choice-2026.toml", "alder-choice-2026.csv"):
        (contracts / name).unlink()
    _replace(contracts / "alder-choice-2025.toml", ENDED, "")
    _replace(contracts / "ironwood.toml", *WRONG_PERCENT)
    _replace(contracts / "kauri-one.csv", *WRONG_RATE)


def amend(contracts: Path, name: str) -> None:
    """Put a contract's files as they are in the end."""
    for path in sorted((HOME / "contracts").glob(f"{name}*")):
        shutil.copyfile(path, contracts / path.name)


def as_in_the_end(contracts: Path) -> bool:
    """Whether all contracts are those that the truth is reckoned with."""
    there = {path.name: path.read_bytes() for path in contracts.iterdir()}
    return there == {path.name: path.read_bytes() for path in (HOME / "contracts").iterdir()}


def _replace(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    if old not in text:
        raise LookupError(f"{path.name} does not say {old!r} any more")
    path.write_text(text.replace(old, new), encoding="utf-8")
