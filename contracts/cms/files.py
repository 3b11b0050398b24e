"""One file of CMS for dates that the caller gives: for tests, benchmarks and whoever wants just that file.

`contracts.cms.load` is what a practice uses: it finds the release itself and checks more.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from contracts.problems import Problem
from contracts.reference import schema_of, typed

from . import checks
from .download import Member
from .rules import cms_rules
from .sheets import recognise, texts

if TYPE_CHECKING:
    import datetime as dt

LOCALITY_COUNT = cms_rules().localities
"""Medicare payment localities in every release 2024 to 2026."""


@dataclass(frozen=True)
class Loaded:
    """What a file held.

    `rows` in the normalised form of its kind (no rows where `problems` are), and the problems.
    """

    rows: pl.DataFrame
    problems: tuple[Problem, ...] = ()


def _texts(data: bytes, name: str, kind: str) -> pl.DataFrame | Problem:
    sheet = recognise(Member(name, data), cms_rules(), kind)
    if isinstance(sheet, list):
        return Problem(name, None, f"is in no layout of CMS: {'; '.join(sheet)}")
    return texts(sheet)


def _loaded(table: str, rows: pl.DataFrame, problems: list[Problem]) -> Loaded:
    return Loaded(pl.DataFrame(schema=schema_of(table)) if problems else rows, tuple(problems))


def read_pprrvu(data: bytes, name: str, release: str, effective: dt.date, until: dt.date) -> Loaded:
    """Read a PPRRVU file as rows of kind rvu, for the dates of service that the caller gives it."""
    cells = _texts(data, name, "rvu")
    if isinstance(cells, Problem):
        return _loaded("rvu", pl.DataFrame(), [cells])
    raw = cells.with_columns(
        release=pl.lit(release), effective=pl.lit(effective.isoformat()), until=pl.lit(until.isoformat())
    )
    problems: list[Problem] = []
    rows = typed(raw, "rvu", name, problems)
    return _loaded("rvu", rows, problems or checks.totals(rows, cells, name))


def conversion_factors(data: bytes) -> list[str]:
    """Return the distinct conversion factors that a PPRRVU file states, as text."""
    cells = _texts(data, "PPRRVU", "rvu")
    return [] if isinstance(cells, Problem) else cells["conversion_factor"].unique().sort().to_list()


def read_gpci(data: bytes, name: str, year: int) -> Loaded:
    """Read a GPCI file as rows of kind gpci, columns found by their header.

    The work GPCI is the one with the 1.0 floor.
    """
    cells = _texts(data, name, "gpci")
    if isinstance(cells, Problem):
        return _loaded("gpci", pl.DataFrame(), [cells])
    problems: list[Problem] = []
    rows = typed(cells.with_columns(year=pl.lit(str(year))), "gpci", name, problems)
    return _loaded("gpci", rows, problems or checks.localities(rows, cms_rules(), name))


def read_zip5(data: bytes, name: str, effective: dt.date, until: dt.date | None) -> Loaded:
    """Read a ZIP5 file as rows of kind zip_locality.

    A ZIP that needs its +4 has split = 1 and one locality of several.
    """
    return _read_zip("zip5", data, name, effective, until)


def read_zip9(data: bytes, name: str, effective: dt.date, until: dt.date | None) -> Loaded:
    """Read a ZIP9 file as rows of kind zip_locality, one a ZIP+4."""
    return _read_zip("zip9", data, name, effective, until)


def _read_zip(kind: str, data: bytes, name: str, effective: dt.date, until: dt.date | None) -> Loaded:
    cells = _texts(data, name, kind)
    if isinstance(cells, Problem):
        return _loaded("zip_locality", pl.DataFrame(), [cells])
    raw = cells.with_columns(
        plus_four=pl.col("plus_four") if "plus_four" in cells.columns else pl.lit(""),
        effective=pl.lit(effective.isoformat()),
        until=pl.lit(until.isoformat() if until else ""),
        source=pl.format("{} {}", pl.lit(kind.upper()), "quarter"),
    )
    problems: list[Problem] = []
    rows = typed(raw, "zip_locality", name, problems)
    return _loaded("zip_locality", rows, problems)
