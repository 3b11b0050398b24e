"""Readers of PPRRVU, GPCI and ZIP-to-locality files in the layouts of `layouts.toml`.

A reader returns the rows and every problem found; it raises on nothing a file may contain. What does not add
up (totals, the number of localities) is a problem: files that only look like CMS's are in circulation.
"""

from __future__ import annotations

import csv
import io
import re
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import polars as pl

from contracts.problems import Problem
from contracts.reference import KINDS, schema_of, typed

if TYPE_CHECKING:
    import datetime as dt

LOCALITY_COUNT = 109
"""Medicare payment localities in every release 2024 to 2026."""

_HEADER_SEARCH = 15


@dataclass(frozen=True)
class Loaded:
    """What a file held.

    `rows` in the normalised form of its kind (no rows where `problems` are), and the problems.
    """

    rows: pl.DataFrame
    problems: tuple[Problem, ...] = ()


@cache
def _layouts() -> dict[str, Any]:
    return tomllib.loads((files("contracts") / "cms" / "layouts.toml").read_text(encoding="utf-8"))


def _refused(kind: str, name: str, message: str, line: int | None = None) -> Loaded:
    return Loaded(pl.DataFrame(schema=schema_of(kind)), (Problem(name, line, message),))


def _text_rows(data: bytes) -> list[list[str]]:
    reader = csv.reader(io.StringIO(data.decode("latin-1").lstrip("\ufeff"), newline=""))
    return [[cell.strip() for cell in row] for row in reader]


def _pprrvu_rows(data: bytes) -> tuple[dict[str, int], pl.DataFrame, int] | str:
    """Return the layout's columns, the data rows as text and the first one's line; or what is wrong."""
    head = _text_rows(b"\n".join(data.splitlines()[:_HEADER_SEARCH]))
    for layout in _layouts()["pprrvu"]:
        for number, row in enumerate(head):
            if row and row[0] == layout["anchor"] and len(row) == layout["width"]:
                return layout["columns"], _body(data, number + 1, layout["width"]), number + 2
    return "no row headed HCPCS with 31 or 32 columns: not a PPRRVU file as CMS publishes it"


def _body(data: bytes, skip: int, width: int) -> pl.DataFrame:
    names = [str(index) for index in range(width)]
    return pl.read_csv(
        data.replace(b"\r\n", b"\n"),
        has_header=False,
        skip_lines=skip,
        schema=dict.fromkeys(names, pl.String()),
        encoding="utf8-lossy",
        truncate_ragged_lines=True,
    )


def read_pprrvu(data: bytes, name: str, release: str, effective: dt.date, until: dt.date) -> Loaded:
    """Read a PPRRVU file as rows of kind rvu, for the dates of service that the caller gives it."""
    found = _pprrvu_rows(data)
    if isinstance(found, str):
        return _refused("rvu", name, found)
    columns, body, first_row = found
    texts = body.select(
        pl.col(str(index)).fill_null("").str.strip_chars().alias(key) for key, index in columns.items()
    )
    texts = texts.filter(pl.col("hcpcs") != "")
    raw = texts.with_columns(
        release=pl.lit(release), effective=pl.lit(effective.isoformat()), until=pl.lit(until.isoformat())
    )
    problems: list[Problem] = []
    rows = typed(raw, "rvu", name, problems, first_row)
    problems = problems or list(_totals(rows, texts, name))
    return Loaded(rows.clear() if problems else rows, tuple(problems))


def _totals(rows: pl.DataFrame, texts: pl.DataFrame, name: str) -> list[Problem]:
    """Each total must be the sum of its parts: RVU25D.pdf p. 7."""
    parts = pl.col("work_rvu") + pl.col("mp_rvu")
    stated = rows.with_columns(texts["nonfacility_total"], texts["facility_total"])
    wrong = stated.filter(
        (parts + pl.col("pe_nonfacility_rvu") != pl.col("nonfacility_total").cast(pl.Decimal(18, 2)))
        | (parts + pl.col("pe_facility_rvu") != pl.col("facility_total").cast(pl.Decimal(18, 2)))
    )
    return [
        Problem(name, row, f"{code} does not add up to its total: take the file from cms.gov again")
        for row, code in wrong.select("source_row", "hcpcs").head(20).iter_rows()
    ]


def conversion_factors(data: bytes) -> list[str]:
    """Return the distinct conversion factors that a PPRRVU file states, as text."""
    found = _pprrvu_rows(data)
    if isinstance(found, str):
        return []
    columns, body, _ = found
    factor = body[str(columns["conversion_factor"])].drop_nulls().str.strip_chars()
    return sorted(text for text in factor.unique().to_list() if text)


def read_gpci(data: bytes, name: str, year: int) -> Loaded:
    """Read a GPCI file as rows of kind gpci, columns found by their header.

    The work GPCI is the one with the 1.0 floor.
    """
    rows = _text_rows(data)
    found = next(
        ((at, columns) for at, row in enumerate(rows[:_HEADER_SEARCH]) if (columns := _gpci_columns(row))),
        None,
    )
    if found is None:
        return _refused("gpci", name, "no header row with contractor, locality and the three GPCIs")
    at, columns = found
    cells = [
        {key: row[index] if index < len(row) else "" for key, index in columns.items()}
        for row in rows[at + 1 :]
        if re.fullmatch(r"\d{5}", row[columns["mac"]] if row else "")
    ]
    problems: list[Problem] = []
    table = typed(pl.DataFrame(cells).with_columns(year=pl.lit(str(year))), "gpci", name, problems, at + 2)
    count = table.select("mac", "locality").n_unique()
    if not problems and count != LOCALITY_COUNT:
        problems = [
            Problem(
                name,
                None,
                f"{count} localities instead of {LOCALITY_COUNT}: take the file from cms.gov again",
            )
        ]
    return Loaded(table.clear() if problems else table, tuple(problems))


def _gpci_columns(row: list[str]) -> dict[str, int] | None:
    columns: dict[str, int] = {}
    for key, pattern in _layouts()["gpci"].items():
        places = [index for index, cell in enumerate(row) if re.search(pattern, cell.casefold())]
        if len(places) != 1:
            return None
        columns[key] = places[0]
    return columns


def read_zip5(data: bytes, name: str, effective: dt.date, until: dt.date | None) -> Loaded:
    """Read a ZIP5 file as rows of kind zip_locality.

    A ZIP that needs its +4 has split = 1 and one locality of several.
    """
    return _read_zip("zip5", data, name, effective, until)


def read_zip9(data: bytes, name: str, effective: dt.date, until: dt.date | None) -> Loaded:
    """Read a ZIP9 file as rows of kind zip_locality, one a ZIP+4."""
    return _read_zip("zip9", data, name, effective, until)


def _read_zip(layout: str, data: bytes, name: str, effective: dt.date, until: dt.date | None) -> Loaded:
    lines = pl.DataFrame({"line": data.decode("latin-1").splitlines()}, schema={"line": pl.String}).filter(
        pl.col("line").str.strip_chars() != ""
    )
    if lines.is_empty() or not (lines["line"].str.len_chars() == 80).all():
        return _refused(
            "zip_locality", name, "the lines are not 80 characters: not a ZIP file as CMS publishes it"
        )
    slices = _layouts()[layout]
    raw = lines.select(
        pl.col("line").str.slice(start, end - start).str.strip_chars().alias(key)
        for key, (start, end) in slices.items()
    ).with_columns(
        effective=pl.lit(effective.isoformat()),
        until=pl.lit(until.isoformat() if until else ""),
        source=pl.format("{} {}", pl.lit(layout.upper()), "quarter"),
    )
    if "plus_four" not in raw.columns:
        raw = raw.with_columns(plus_four=pl.lit(""))
    problems: list[Problem] = []
    rows = typed(raw.select(list(KINDS["zip_locality"])), "zip_locality", name, problems, 1)
    return Loaded(rows, tuple(problems))
