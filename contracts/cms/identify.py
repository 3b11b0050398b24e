"""Which release a file is of: by what it says itself, by its names, by its conversion factor. All that speaks must agree.

CMS's names are no identity: the same PPRRVU2026_Jan_nonQPP.csv is in RVU26A and in RVU26AR, and browsers append
counters. A release that releases.toml does not know has no known dates and no known factor, and is refused.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from contracts.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .rules import Release, Rules

_TITLE = re.compile(r"(20\d\d) national physician fee schedule relative value file (\w+) release")
_FIRST_EDITION = 1994
"""The year before edition 1: CMS's v30 is of 2024."""
_POSTED = re.compile(r"released (\d\d)/(\d\d)/(20\d\d)")


@dataclass(frozen=True)
class Evidence:
    """What may tell the release: `paths` (download and member), the lines above the data, the factor, what a person said."""

    paths: tuple[str, ...]
    head: str = ""
    factor: str | None = None
    stated: str | None = None


def identify(evidence: Evidence, rules: Rules) -> Release | Problem:
    """Return the one known release that all evidence allows; or what contradicts, or what is missing."""
    place = evidence.paths[-1]
    named = _named(evidence.paths, rules)
    for name in (*([evidence.stated] if evidence.stated else []), *named):
        if rules.release(name) is None:
            return Problem(place, None, _unknown(name, rules))
    found = list(rules.releases)
    for what, allowed in _allowances(evidence, named, rules):
        left = [one for one in found if one.name in allowed]
        if not left:
            return Problem(
                place, None, f"{what}, which is not {_either(found)}: take the file from cms.gov again"
            )
        found = left
    if len(found) == 1:
        return found[0]
    if len(found) == len(rules.releases):
        return Problem(
            place, None, "does not say which release it is of: load the zip it came in, or add --release NAME"
        )
    return Problem(place, None, f"may be of {_either(found)}: load the zip it came in, or add --release NAME")


def posted_on(evidence: Evidence, rules: Rules) -> str:
    """Return the day CMS released the file, from its own lines or its download's name, like 2025-09-11; '' if unsaid."""
    match = _POSTED.search(" ".join(evidence.head.casefold().split()))
    if match:
        return f"{match[3]}-{match[1]}-{match[2]}"
    for pattern in rules.names["posted"]:
        for path in evidence.paths:
            if found := re.search(pattern, path):
                return "{year}-{month}-{day}".format(**found.groupdict())
    return ""


def year_of(evidence: Evidence, said: str | None, rules: Rules) -> int | Problem:
    """Return the year of a file that holds for a whole one: as its header says, else as its name does."""
    years = (
        {int(said)}
        if said
        else {int(one["year"]) for one in _found(evidence.paths[-1:], rules.names["year"])}
    )
    if evidence.stated and (release := rules.release(evidence.stated)):
        years = years or {release.effective.year}
    if len(years) != 1:
        return Problem(
            evidence.paths[-1],
            None,
            "does not say which year it is of: keep CMS's file name, like GPCI2025.csv",
        )
    year = years.pop()
    if year not in rules.years():
        known = ", ".join(str(one) for one in sorted(rules.years()))
        return Problem(evidence.paths[-1], None, f"is of {year}; this version knows {known}")
    return year


def quarter_of(evidence: Evidence, rules: Rules) -> str | Problem:
    """Return the quarter of an edition of national edits, like 20243: what its names, and a person, say of it.

    CMS numbers its editions: v30.2 is of the third quarter of 2024 (the July edition of year 30).
    """
    place = evidence.paths[-1]
    said = {_quarter(one) for one in _found(evidence.paths, rules.names["quarter"])}
    if evidence.stated:
        stated = re.fullmatch(r"(20\d\d)Q([1-4])", evidence.stated.upper())
        if not stated:
            return Problem(
                place, None, f"{evidence.stated} is no quarter of national edits; wanted one like 2024Q3"
            )
        said.add(stated[1] + stated[2])
    if len(said) > 1:
        names = " and ".join(f"{one[:4]}Q{one[4]}" for one in sorted(said))
        return Problem(place, None, f"is named for {names}: take the file from cms.gov again")
    if not said:
        return Problem(
            place,
            None,
            "does not say which quarter it is of: load the zip it came in, or add --release 2024Q3",
        )
    return said.pop()


def part_of(evidence: Evidence, rules: Rules) -> str:
    """Return which part of an edition a file is, like f1; '' where it is the whole."""
    return next((one["part"] for one in _found(evidence.paths[-1:], rules.names["part"])), "")


def _quarter(one: dict[str, str]) -> str:
    if "major" in one:
        return f"{_FIRST_EDITION + int(one['major'])}{int(one['minor']) + 1}"
    quarter = one.get("quarter") or str((int(one["month"]) + 2) // 3)
    return one["year"] + quarter


def _named(paths: Iterable[str], rules: Rules) -> list[str]:
    found = _found(paths, rules.names["release"])
    return [f"RVU{one['yy']}{one['letter'].upper()}" for one in found]


def _found(paths: Iterable[str], patterns: Iterable[str]) -> list[dict[str, str]]:
    texts = [path.casefold() for path in paths]
    return [match.groupdict() for text in texts for like in patterns for match in re.finditer(like, text)]


def _allowances(evidence: Evidence, named: list[str], rules: Rules) -> Iterable[tuple[str, set[str]]]:
    """Yield what is said, with the releases that it allows."""
    if evidence.stated:
        yield f"you say it is {evidence.stated}", {evidence.stated}
    title = _TITLE.search(" ".join(evidence.head.casefold().split()))
    if title:
        yield (
            f"its title says {title[1]} {title[2].title()}",
            {one.name for one in rules.releases if _titled(one, int(title[1]), title[2])},
        )
    for name in named:
        yield f"its name says {name}", {name}
    for one in _found(evidence.paths, rules.names["title"]):
        year = 2000 + int(one["yy"])
        allowed = {release.name for release in rules.releases if _titled(release, year, one["month"])}
        yield f"its name says {one['month'].title()} {year}", allowed
    for one in _found(evidence.paths, rules.names["month"]):
        allowed = {
            release.name for release in rules.releases if _titled(release, release.title[0], one["month"])
        }
        yield f"its name says {one['month'].title()}", allowed
    if evidence.factor is not None:
        yield (
            f"its conversion factor is {evidence.factor}",
            {release.name for release in rules.releases if factor_of(release, evidence.factor, rules)},
        )


def _titled(release: Release, year: int, month: str) -> bool:
    return release.title[0] == year and release.title[1].casefold().startswith(month.casefold())


def factor_of(release: Release, factor: str, rules: Rules) -> str | None:
    """Return whose conversion factor it is in that release: yes (QPs), no (the others), None (nobody's)."""
    return next(
        (
            one.qp
            for one in rules.factors
            if one.factor == factor and one.effective <= release.effective and release.until <= one.until
        ),
        None,
    )


def _either(releases: list[Release]) -> str:
    names = [one.name for one in releases]
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"


def _unknown(name: str, rules: Rules) -> str:
    return (
        f"{name} is no release that this version knows ({rules.releases[0].name} to {rules.releases[-1].name}): "
        "update shortpay, or add the release and its conversion factor to contracts/cms/releases.toml"
    )
