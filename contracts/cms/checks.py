"""What a file of CMS must hold: one small function for each rule, returning what is wrong. None of them changes rows."""

from __future__ import annotations

import datetime as dt
import re
from typing import TYPE_CHECKING

import polars as pl

from contracts.problems import Problem
from contracts.reference import KEYS

if TYPE_CHECKING:
    from .rules import Kind, Rules

_AGAIN = "take the file from cms.gov again"
_SHOWN = 20


def one_factor(texts: pl.DataFrame, place: str) -> str | Problem:
    """Return the one conversion factor that all rows of a PPRRVU file state."""
    stated = texts["conversion_factor"].unique().sort().to_list()
    if len(stated) != 1 or not re.fullmatch(r"\d{2}\.\d{4}", stated[0]):
        message = f"states the conversion factors {', '.join(map(repr, stated[:3]))} instead of one: {_AGAIN}"
        return Problem(place, None, message)
    return str(stated[0])


def totals(rows: pl.DataFrame, texts: pl.DataFrame, place: str) -> list[Problem]:
    """Hold each total to the sum of its parts: RVU25D.pdf p. 7."""
    parts = pl.col("work_rvu") + pl.col("mp_rvu")
    stated = rows.with_columns(texts["nonfacility_total"], texts["facility_total"])
    total = pl.Decimal(18, 2)
    wrong = stated.filter(
        (parts + pl.col("pe_nonfacility_rvu")).ne_missing(
            pl.col("nonfacility_total").cast(total, strict=False)
        )
        | (parts + pl.col("pe_facility_rvu")).ne_missing(pl.col("facility_total").cast(total, strict=False))
    )
    return [
        Problem(place, row, f"{code} does not add up to its total: {_AGAIN}")
        for row, code in wrong.select("source_row", "hcpcs").head(_SHOWN).iter_rows()
    ]


def pricing_indicator(texts: pl.DataFrame, part: str, place: str) -> list[Problem]:
    """PRIC IND, new in 2026, is 1 on every row for QPs and 9 for the others; the factor must say the same."""
    if "pricing" not in texts.columns:
        return []
    wanted = "1" if part == "yes" else "9"
    wrong = texts.filter(pl.col("pricing") != wanted)
    if wrong.is_empty():
        return []
    said = wrong["pricing"][0]
    message = f"PRIC IND is {said!r} where the conversion factor asks for {wanted}: {_AGAIN}"
    return [Problem(place, wrong["row"][0], message)]


def unique(rows: pl.DataFrame, table: str, place: str, *, one_locality: bool = False) -> list[Problem]:
    """No key stands twice in a file; with `one_locality` no ZIP or ZIP+4 has two localities in it."""
    keys = [key for key in KEYS[table] if not (one_locality and key in {"mac", "locality"})]
    if rows.select(keys).n_unique() == rows.height:
        return []
    twice = rows.filter(pl.struct(keys).is_duplicated()).group_by(keys).agg(pl.col("source_row").max())
    return [
        Problem(
            place,
            row,
            f"the key {' '.join(str(cell) for cell in key if cell)} stands here a second time: {_AGAIN}",
        )
        for row, *key in twice.sort("source_row").select("source_row", *keys).head(_SHOWN).iter_rows()
    ]


def localities(rows: pl.DataFrame, rules: Rules, place: str) -> list[Problem]:
    """Every release 2024 to 2026 has 109 payment localities."""
    count = rows.select("mac", "locality").n_unique()
    if count == rules.localities:
        return []
    return [Problem(place, None, f"{count} localities instead of {rules.localities}: {_AGAIN}")]


def plausible_gpci(rows: pl.DataFrame, place: str) -> list[Problem]:
    """Hold the work GPCI to its floor of 1.0, and every index between 0.2 and 3, as in 2024 to 2026."""
    wrong = rows.filter(
        (pl.col("work") < 1)
        | pl.any_horizontal(~pl.col(name).is_between(0.2, 3) for name in ("work", "pe", "mp"))
    )
    return [
        Problem(
            place, row, f"the GPCIs of {mac}-{locality} are not plausible (work has a floor of 1.0): {_AGAIN}"
        )
        for row, mac, locality in wrong.select("source_row", "mac", "locality").head(_SHOWN).iter_rows()
    ]


def within_quarter(rows: pl.DataFrame, first: dt.date, last: dt.date, place: str) -> list[Problem]:
    """No edit of an edition begins, or was deleted, after its quarter; where dates stand, some begin with it."""
    edition = rows["edition"][0] if rows.height else ""
    late = rows.filter((pl.col("effective") > last) | (pl.col("deletion") > last))
    if not late.is_empty():
        days = [late[name].max() for name in ("effective", "deletion")]
        day = max(one for one in days if isinstance(one, dt.date))
        message = f"is named for {edition}, yet has edits dated {day}: it is of a later quarter"
        return [Problem(place, late["source_row"][0], message)]
    newest = rows["effective"].max()
    if isinstance(newest, dt.date) and newest < first:
        message = f"is named for {edition}, yet its newest edit is of {newest}: it is of an earlier quarter"
        return [Problem(place, None, message)]
    return []


def one_active(rows: pl.DataFrame, place: str) -> list[Problem]:
    """No pair of codes is in force twice; what was deleted may stand several times."""
    active = rows.filter(pl.col("deletion").is_null()).select("column_1", "column_2", "source_row")
    if active.select("column_1", "column_2").n_unique() == active.height:
        return []
    twice = active.filter(pl.struct("column_1", "column_2").is_duplicated())
    return [
        Problem(place, row, f"the pair {first} {second} is in force twice: {_AGAIN}")
        for first, second, row in twice.head(_SHOWN).iter_rows()
    ]


def row_count(rows: pl.DataFrame, kind: Kind, part: str, place: str) -> list[Problem]:
    """Hold a whole national file to a plausible number of rows."""
    least, most = kind.rows[part]
    if least <= rows.height <= most:
        return []
    message = f"{rows.height:,} rows, where a whole file has {least:,} to {most:,}: {_AGAIN}, whole"
    return [Problem(place, None, message)]


def is_quarter(text: str) -> bool:
    """Tell whether a text is a quarter as CMS writes it, YYYYQ."""
    return re.fullmatch(r"20\d\d[1-4]", text) is not None
