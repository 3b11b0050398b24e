"""Which of the loaded files are in effect. A function of the set of files alone: the order of loading has no part in it."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING

from contracts.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Iterable

    from contracts.loaded import Entry

    from .rules import Rules

_YEARLY = ("gpci", "anesthesia_factor")
"""Kinds that come anew with each quarter's release and hold for the whole year: they must stay the same."""


def in_effect(entries: Iterable[Entry], rules: Rules) -> tuple[list[Entry], list[Problem]]:
    """Mark each entry as in effect or not.

    Of several files for one slot the one that CMS posted last counts; where that cannot be told, or a year's table
    would change within the year, it is a problem. A correction (`replaces`) takes the place of its release.
    """
    slots: dict[tuple[str, str, str], list[Entry]] = defaultdict(list)
    for entry in sorted(entries, key=lambda one: one.identity):
        slots[entry.slot].append(entry)
    problems: list[Problem] = []
    chosen = {slot: _chosen(slot, rivals, problems) for slot, rivals in slots.items()}
    for (kind, release, part), rivals in slots.items():
        corrections = (one.name for one in rules.releases if one.replaces == release)
        if any((kind, name, part) in slots for name in corrections):
            chosen[rivals[0].slot] = None
    marked = [
        replace(entry, in_effect=entry is chosen[slot]) for slot, rivals in slots.items() for entry in rivals
    ]
    return marked, problems


def _chosen(slot: tuple[str, str, str], rivals: list[Entry], problems: list[Problem]) -> Entry | None:
    latest = max(one.posted for one in rivals)
    candidates = rivals if slot[0] in _YEARLY else [one for one in rivals if one.posted == latest]
    first = candidates[0]
    for other in candidates:
        if other.values_sha256 != first.values_sha256:
            problems.append(Problem(other.member, None, _differs(slot, first, other)))
            return None
    return first


def _differs(slot: tuple[str, str, str], one: Entry, other: Entry) -> str:
    kind, release, _ = slot
    if kind in _YEARLY:
        why = f"a {kind} table holds for the whole year"
    else:
        why = f"both are {release}, and neither says that it was posted later"
    return (
        f"differs from {one.member} ({one.member_sha256[:12]}…; this is {other.member_sha256[:12]}…), but {why}: "
        "find out which one is right, and load that one with --replace"
    )
