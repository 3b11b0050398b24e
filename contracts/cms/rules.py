"""What is known of CMS's files: `layouts.toml` and `releases.toml` as values. A new year is an edit of those two."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import polars as pl

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping


@dataclass(frozen=True)
class Place:
    """Where a column stands.

    In a table `at` a position or where the header `says`; in a fixed layout from `start` to `end`, counted from 0.
    """

    says: str | None = None
    at: int | None = None
    start: int = 0
    end: int = 0
    pad: int = 0


@dataclass(frozen=True)
class Layout:
    """One layout of one kind of file; see layouts.toml for what each field means."""

    kind: str
    name: str
    form: str
    columns: Mapping[str, Place]
    first: str | None = None
    stacked: int = 1
    width: int | None = None
    keep: str | None = None
    line: str = ""
    notes: str | None = None
    year: str | None = None
    separator: str = ","
    length: tuple[int, int] = (0, 0)


@dataclass(frozen=True)
class Release:
    """A quarterly release of the physician fee schedule, and the dates of service it is verified for."""

    name: str
    title: tuple[int, str]
    effective: dt.date
    until: dt.date
    replaces: str | None = None


@dataclass(frozen=True)
class Factor:
    """A conversion factor: dollars as text, `qp` yes or no, its first and last date of service, its source."""

    factor: str
    qp: str
    effective: dt.date
    until: dt.date
    source: str


@dataclass(frozen=True)
class Kind:
    """A kind of file: its table, the names that claim it, CMS's page, plausible row counts by part."""

    table: str
    named: str
    page: str
    rows: Mapping[str, tuple[int, int]]
    sure: tuple[int, ...] = ()


@dataclass(frozen=True)
class Limits:
    """Beyond these a download is refused unread."""

    download_bytes: int
    member_bytes: int
    total_bytes: int
    members: int
    ratio: int
    depth: int


@dataclass(frozen=True)
class Rules:
    """Everything of both files."""

    localities: int
    header_rows: int
    layouts: tuple[Layout, ...]
    releases: tuple[Release, ...]
    factors: tuple[Factor, ...]
    anesthesia: tuple[Factor, ...]
    kinds: Mapping[str, Kind]
    names: Mapping[str, tuple[str, ...]]
    passed_over: tuple[tuple[str, str], ...]
    limits: Limits

    def release(self, name: str) -> Release | None:
        """Return the release of that name."""
        return next((one for one in self.releases if one.name == name), None)

    def years(self) -> set[int]:
        """Return the years that have a known release."""
        return {one.effective.year for one in self.releases}


@cache
def cms_rules() -> Rules:
    """Return the rules that shortpay ships."""
    folder = files("contracts") / "cms"
    return parse_rules(
        (folder / "layouts.toml").read_text(encoding="utf-8"),
        (folder / "releases.toml").read_text(encoding="utf-8"),
    )


def parse_rules(layouts: str, releases: str) -> Rules:
    """Return the rules that two TOML texts state."""
    known = tomllib.loads(releases)
    return Rules(
        localities=known["localities"],
        header_rows=known["header_rows"],
        layouts=tuple(_layout(one) for one in tomllib.loads(layouts)["layout"]),
        releases=tuple(Release(**(one | {"title": tuple(one["title"])})) for one in known["release"]),
        factors=tuple(Factor(**one) for one in known["conversion_factor"]),
        anesthesia=tuple(Factor(**one) for one in known["anesthesia"]),
        kinds={name: _kind(one) for name, one in known["kind"].items()},
        names={name: tuple(patterns) for name, patterns in known["names"].items()},
        passed_over=tuple((one["named"], one["why"]) for one in known["passed_over"]),
        limits=Limits(**known["limits"]),
    )


def _layout(stated: dict[str, Any]) -> Layout:
    columns = {
        name: Place(
            says=place.get("says"),
            at=place.get("at"),
            start=place.get("from", 0),
            end=place.get("to", 0),
            pad=place.get("pad", 0),
        )
        for name, place in stated["columns"].items()
    }
    rest = {key: value for key, value in stated.items() if key not in {"columns", "length"}}
    return Layout(columns=columns, length=tuple(stated.get("length", (0, 0))), **rest)


def _kind(stated: dict[str, Any]) -> Kind:
    rows = {part: (least, most) for part, (least, most) in stated["rows"].items()}
    return Kind(stated["table"], stated["named"], stated["page"], rows, tuple(stated.get("sure", ())))


def known_releases(rules: Rules | None = None) -> pl.DataFrame:
    """Return the release that each date of service asks for: release, effective, until, one row a release.

    Corrections take the place of what they correct. A date in no row is beyond what this version knows.
    """
    releases = (rules or cms_rules()).releases
    replaced = {one.replaces for one in releases}
    rows = [(one.name, one.effective, one.until) for one in releases if one.name not in replaced]
    return pl.DataFrame(
        rows, schema={"release": pl.String, "effective": pl.Date, "until": pl.Date}, orient="row"
    ).sort("effective")
