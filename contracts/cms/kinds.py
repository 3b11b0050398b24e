"""The kinds of file: what a sheet's texts become, and under which release.

A further kind is one entry in releases.toml, its layouts in layouts.toml, its table in
`contracts.reference.KINDS`, and one reader in READERS. A reader gets texts and evidence and returns a Reading; it
raises on nothing a file may contain.
"""

from __future__ import annotations

import calendar
import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import polars as pl

from contracts.problems import Problem
from contracts.reference import typed

from . import checks
from .identify import Evidence, factor_of, identify, part_of, quarter_of, year_of

if TYPE_CHECKING:
    from .rules import Release, Rules
    from .sheets import Sheet


@dataclass(frozen=True)
class Reading:
    """The rows of one file in the normal form of their table, the release they are of, and what is wrong.

    `part` tells files of one release apart (rvu: no or yes, for QPs). `factor` is the conversion factor stated.
    `left_out` says why a sound file is not used.
    """

    release: str = ""
    part: str = ""
    effective: dt.date = dt.date.min
    until: dt.date = dt.date.max
    rows: pl.DataFrame = field(default_factory=pl.DataFrame)
    factor: str = ""
    problems: tuple[Problem, ...] = ()
    left_out: str = ""


Reader = Callable[["Sheet", pl.DataFrame, Evidence, "Rules"], Reading]


def _of_release(release: Release, part: str = "", factor: str = "") -> Reading:
    return Reading(release.name, part, release.effective, release.until, factor=factor)


def _dated(texts: pl.DataFrame, release: Release) -> pl.DataFrame:
    return texts.with_columns(
        release=pl.lit(release.name),
        effective=pl.lit(release.effective.isoformat()),
        until=pl.lit(release.until.isoformat()),
    )


def read_rvu(sheet: Sheet, texts: pl.DataFrame, evidence: Evidence, rules: Rules) -> Reading:
    """Read relative values; the file's one conversion factor tells QPs from the others."""
    place = sheet.member.path
    factor = checks.one_factor(texts, place)
    if isinstance(factor, Problem):
        return Reading(problems=(factor,))
    release = identify(replace(evidence, factor=factor), rules)
    if isinstance(release, Problem):
        return Reading(problems=(release,))
    part = factor_of(release, factor, rules) or "no"
    problems: list[Problem] = []
    rows = typed(_dated(texts, release), "rvu", place, problems)
    problems = problems or [
        *checks.totals(rows, texts, place),
        *checks.pricing_indicator(texts, part, place),
        *checks.unique(rows, "rvu", place),
        *checks.row_count(rows, rules.kinds["rvu"], part, place),
    ]
    return replace(_of_release(release, part, factor), rows=rows, problems=tuple(problems))


def read_gpci(sheet: Sheet, texts: pl.DataFrame, evidence: Evidence, rules: Rules) -> Reading:
    """Read a year's GPCIs. The work GPCI is the one with the 1.0 floor, in force for all of 2024 to 2026."""
    place = sheet.member.path
    year = year_of(evidence, next(iter(sheet.said.values()), None), rules)
    if isinstance(year, Problem):
        return Reading(problems=(year,))
    problems: list[Problem] = []
    rows = typed(texts.with_columns(year=pl.lit(str(year))), "gpci", place, problems)
    problems = problems or [
        *checks.unique(rows, "gpci", place),
        *checks.localities(rows, rules, place),
        *checks.plausible_gpci(rows, place),
    ]
    whole = dt.date(year, 1, 1), dt.date(year, 12, 31)
    return Reading(f"CY{year}", "", *whole, rows=rows, problems=tuple(problems))


def read_anesthesia(sheet: Sheet, texts: pl.DataFrame, evidence: Evidence, rules: Rules) -> Reading:  # noqa: ARG001
    """Read anaesthesia factors by locality; the national factor in the header tells the year."""
    place = sheet.member.path
    parts = []
    known = []
    for column, national in sheet.said.items():
        factor = next((one for one in rules.anesthesia if one.factor == national), None)
        if factor is None:
            why = f"the national factor {national} is not known to this version, so its dates cannot be told"
            return Reading(left_out=why)
        known.append(factor)
        parts.append(
            texts.select(
                "row",
                "mac",
                "locality",
                qp=pl.lit(factor.qp),
                effective=pl.lit(factor.effective.isoformat()),
                until=pl.lit(factor.until.isoformat()),
                factor=pl.col(column),
                source=pl.lit(factor.source),
            )
        )
    problems: list[Problem] = []
    rows = typed(pl.concat(parts), "anesthesia_factor", place, problems)
    problems = problems or [
        *checks.unique(rows, "anesthesia_factor", place),
        *checks.localities(rows, rules, place),
        *checks.row_count(rows, rules.kinds["anesthesia_factor"], "", place),
    ]
    year, first = known[0].effective.year, known[0]
    return Reading(f"CY{year}", "", first.effective, first.until, rows=rows, problems=tuple(problems))


def read_opps_cap(sheet: Sheet, texts: pl.DataFrame, evidence: Evidence, rules: Rules) -> Reading:
    """Read the amounts after the cap; the file does not name its release, its download does."""
    place = sheet.member.path
    release = identify(evidence, rules)
    if isinstance(release, Problem):
        return Reading(problems=(release,))
    problems: list[Problem] = []
    rows = typed(_dated(texts, release), "opps_cap", place, problems)
    problems = problems or [
        *checks.unique(rows, "opps_cap", place),
        *checks.row_count(rows, rules.kinds["opps_cap"], "", place),
    ]
    return replace(_of_release(release), rows=rows, problems=tuple(problems))


def read_zip(sheet: Sheet, texts: pl.DataFrame, evidence: Evidence, rules: Rules) -> Reading:  # noqa: ARG001
    """Read ZIP to locality for one quarter, which stands on every line."""
    place = sheet.member.path
    kind = sheet.layout.kind
    quarters = texts["quarter"].unique().sort().to_list()
    if len(quarters) != 1 or not checks.is_quarter(quarters[0]):
        message = f"has quarters {', '.join(map(repr, quarters[:3]))} instead of one like 20254"
        return Reading(problems=(Problem(place, None, message),))
    effective, until = quarter_dates(quarters[0])
    raw = texts.with_columns(
        plus_four=pl.col("plus_four") if "plus_four" in texts.columns else pl.lit(""),
        effective=pl.lit(effective.isoformat()),
        until=pl.lit(until.isoformat()),
        source=pl.lit(f"{kind.upper()} {quarters[0]}"),
    )
    problems: list[Problem] = []
    rows = typed(raw, "zip_locality", place, problems)
    problems = problems or [
        *checks.unique(rows, "zip_locality", place, one_locality=True),
        *checks.row_count(rows, rules.kinds[kind], "", place),
    ]
    release = f"{quarters[0][:4]}Q{quarters[0][4]}"
    return Reading(release, "", effective, until, rows=rows, problems=tuple(problems))


def read_ptp(sheet: Sheet, texts: pl.DataFrame, evidence: Evidence, rules: Rules) -> Reading:
    """Read a quarter's pairs of codes that exclude each other, whole or one of the parts that CMS cuts them into."""
    place = sheet.member.path
    quarter = quarter_of(evidence, rules)
    if isinstance(quarter, Problem):
        return Reading(problems=(quarter,))
    effective, until = quarter_dates(quarter)
    edition = f"{quarter[:4]}Q{quarter[4]}"
    dates = [_iso(texts, name) for name in ("effective", "deletion") if name in texts.columns]
    problems: list[Problem] = []
    rows = typed(texts.with_columns(*dates, edition=pl.lit(edition)), "ptp_edit", place, problems)
    part = part_of(evidence, rules)
    problems = problems or [
        *checks.within_quarter(rows, effective, until, place),
        *checks.one_active(rows, place),
        *checks.row_count(rows, rules.kinds["ptp_edit"], "part" if part else "", place),
    ]
    return Reading(edition, part, effective, until, rows=rows, problems=tuple(problems))


def _iso(texts: pl.DataFrame, name: str) -> pl.Series:
    """Return a column of dates as text like 2024-07-01; `*` says that there is none."""
    known = texts[name].unique()
    iso = known.str.replace(r"^(\d{4})(\d{2})(\d{2})$", "$1-$2-$3").str.replace(r"^\*$", "")
    return texts[name].replace_strict(known, iso).alias(name)


def read_mue(sheet: Sheet, texts: pl.DataFrame, evidence: Evidence, rules: Rules) -> Reading:
    """Read a quarter's most units of a code: they hold for that quarter alone, since no dates stand in the file."""
    place = sheet.member.path
    quarter = quarter_of(evidence, rules)
    if isinstance(quarter, Problem):
        return Reading(problems=(quarter,))
    effective, until = quarter_dates(quarter)
    edition = f"{quarter[:4]}Q{quarter[4]}"
    raw = texts.with_columns(
        edition=pl.lit(edition),
        effective=pl.lit(effective.isoformat()),
        until=pl.lit(until.isoformat()),
        adjudication_indicator=pl.col("adjudication_indicator").str.slice(0, 1),
    )
    problems: list[Problem] = []
    rows = typed(raw, "mue", place, problems)
    problems = problems or [
        *checks.unique(rows, "mue", place),
        *checks.row_count(rows, rules.kinds["mue"], "", place),
    ]
    return Reading(edition, "", effective, until, rows=rows, problems=tuple(problems))


def quarter_dates(quarter: str) -> tuple[dt.date, dt.date]:
    """Return the first and the last day of a quarter like 20254."""
    year, month = int(quarter[:4]), 3 * int(quarter[4])
    return dt.date(year, month - 2, 1), dt.date(year, month, calendar.monthrange(year, month)[1])


READERS: dict[str, Reader] = {
    "rvu": read_rvu,
    "gpci": read_gpci,
    "anesthesia_factor": read_anesthesia,
    "opps_cap": read_opps_cap,
    "zip5": read_zip,
    "zip9": read_zip,
    "ptp_edit": read_ptp,
    "mue": read_mue,
}
