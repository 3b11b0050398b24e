"""The reference tables: their columns, the text a cell must have, and how texts become typed rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from .problems import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True)
class Column:
    """A column of a reference table.

    Its type, the text it must have, and whether it may be left out or empty.
    """

    dtype: pl.DataType
    pattern: str
    wanted: str
    optional: bool = False
    blank: bool = False


def _text(pattern: str, wanted: str, *, blank: bool = False) -> Column:
    return Column(pl.String(), pattern, wanted, blank=blank)


def _number(places: int, *, optional: bool = False) -> Column:
    pattern = rf"^\d{{1,6}}(\.\d{{0,{places}}}0*)?$|^\.\d{{1,{places}}}0*$"
    return Column(
        pl.Decimal(18, places), pattern, f"a number of at most {places} decimals", optional, optional
    )


def _date(*, blank: bool = False) -> Column:
    return Column(pl.Date(), r"^\d{4}-\d{2}-\d{2}$", "a date like 2026-01-31", blank=blank)


def _indicator(*, optional: bool = True) -> Column:
    return Column(pl.String(), r"^[0-9A-Z]{1,5}$", "an indicator", optional, blank=True)


KINDS: dict[str, dict[str, Column]] = {
    "rvu": {
        "release": _text(r"^\S+$", "a release like RVU26C"),
        "effective": _date(),
        "until": _date(),
        "hcpcs": _text(r"^[0-9A-Z]{5}$", "a code of five letters and digits"),
        "modifier": _text(r"^[0-9A-Z]{2}$", "two letters or digits, or empty", blank=True),
        "status": _text(r"^[A-Z]$", "one letter"),
        "work_rvu": _number(2),
        "pe_nonfacility_rvu": _number(2),
        "pe_facility_rvu": _number(2),
        "mp_rvu": _number(2),
        "multiple_procedure": _indicator(optional=False),
        "bilateral": _indicator(optional=False),
        "assistant_surgery": _indicator(optional=False),
        "pctc": _indicator(optional=False),
        "opps_pe_nonfacility_rvu": _number(2, optional=True),
        "opps_pe_facility_rvu": _number(2, optional=True),
        "opps_mp_rvu": _number(2, optional=True),
        "global_days": _indicator(),
        "endoscopic_base": _indicator(),
        "imaging_family": _indicator(),
    },
    "gpci": {
        "year": Column(pl.Int32(), r"^\d{4}$", "a year"),
        "mac": _text(r"^\d{5}$", "a contractor number of five digits (leading zeros kept)"),
        "locality": _text(r"^\d{2}$", "a locality of two digits (leading zeros kept)"),
        "state": _text(r"^[A-Z]{2}$", "a state of two letters", blank=True),
        "work": _number(3),
        "pe": _number(3),
        "mp": _number(3),
    },
    "conversion_factor": {
        "effective": _date(),
        "until": _date(),
        "qp": _text(r"^(yes|no)$", "yes or no"),
        "factor": _number(6),
        "source": _text(r".*", "a source", blank=True),
    },
    "zip_locality": {
        "zip": _text(r"^\d{5}$", "a ZIP of five digits (leading zeros kept)"),
        "plus_four": _text(r"^\d{4}$", "four digits or empty", blank=True),
        "mac": _text(r"^\d{5}$", "a contractor number of five digits (leading zeros kept)"),
        "locality": _text(r"^\d{2}$", "a locality of two digits (leading zeros kept)"),
        "split": _text(r"^[01]$", "0 or 1"),
        "effective": _date(),
        "until": _date(blank=True),
        "source": _text(r".*", "a source", blank=True),
    },
    "anesthesia_factor": {
        "effective": _date(),
        "until": _date(),
        "qp": _text(r"^(yes|no)$", "yes or no"),
        "mac": _text(r"^\d{5}$", "a contractor number of five digits (leading zeros kept)"),
        "locality": _text(r"^\d{2}$", "a locality of two digits (leading zeros kept)"),
        "factor": _number(6),
        "source": _text(r".*", "a source", blank=True),
    },
    "opps_cap": {
        "release": _text(r"^\S+$", "a release like RVU26C"),
        "effective": _date(),
        "until": _date(),
        "hcpcs": _text(r"^[0-9A-Z]{5}$", "a code of five letters and digits"),
        "modifier": _text(r"^[0-9A-Z]{2}$", "two letters or digits, or empty", blank=True),
        "status": _text(r"^[A-Z]$", "one letter"),
        "mac": _text(r"^\d{5}$", "a contractor number of five digits (leading zeros kept)"),
        "locality": _text(r"^\d{2}$", "a locality of two digits (leading zeros kept)"),
        "facility_amount": _number(2),
        "nonfacility_amount": _number(2),
    },
    "mue": {
        "edition": _text(r"^20\d\dQ[1-4]$", "a quarter like 2024Q3"),
        "effective": _date(),
        "until": _date(),
        "hcpcs": _text(r"^[0-9A-Z]{5}$", "a code of five letters and digits"),
        "most_units": Column(pl.Int32(), r"^\d{1,6}$", "a whole number"),
        "adjudication_indicator": _text(r"^[123]$", "1, 2 or 3"),
        "rationale": _text(r".*", "a text", blank=True),
    },
    "ptp_edit": {
        "edition": _text(r"^20\d\dQ[1-4]$", "a quarter like 2024Q3"),
        "column_1": _text(r"^[0-9A-Z]{5}$", "a code of five letters and digits"),
        "column_2": _text(r"^[0-9A-Z]{5}$", "a code of five letters and digits"),
        "effective": Column(
            pl.Date(), r"^\d{4}-\d{2}-\d{2}$", "a date like 2024-07-01", optional=True, blank=True
        ),
        "deletion": _date(blank=True),
        "modifier_indicator": _text(r"^[019]$", "0, 1 or 9"),
        "rationale": _text(r".*", "a text", blank=True),
    },
}
"""Each kind of table with its columns. Interfaces and the data dictionary follow this order."""

LAZY_KIND = "ptp_edit"
"""The kind that stays on disk, a file an edition: millions of rows of which a night needs few. No table of the warehouse."""

KEYS: dict[str, tuple[str, ...]] = {
    "rvu": ("release", "effective", "hcpcs", "modifier"),
    "gpci": ("year", "mac", "locality"),
    "conversion_factor": ("effective", "qp"),
    "zip_locality": ("zip", "plus_four", "mac", "locality", "effective"),
    "anesthesia_factor": ("effective", "qp", "mac", "locality"),
    "opps_cap": ("release", "effective", "hcpcs", "modifier", "mac", "locality"),
    "mue": ("edition", "hcpcs"),
    "ptp_edit": ("edition", "column_1", "column_2", "effective", "deletion"),
}

PROVENANCE: dict[str, pl.DataType] = {"source_file": pl.String(), "source_row": pl.Int32()}


def schema_of(kind: str) -> dict[str, pl.DataType]:
    """Columns and types of a table of `kind`, provenance included."""
    return {name: column.dtype for name, column in KINDS[kind].items()} | PROVENANCE


def kind_of(columns: list[str]) -> str | None:
    """Which table a header belongs to: the one all of whose required columns are there."""
    for kind, wanted in KINDS.items():
        if all(column.optional or name in columns for name, column in wanted.items()):
            return kind
    return None


def typed(
    raw: pl.DataFrame, kind: str, name: str, problems: list[Problem], first_row: int = 2
) -> pl.DataFrame:
    """Return a table of texts as one of `kind`.

    Checked column by column, then typed. Faulty cells go to `problems`. A column `row` of whole numbers, where
    there is one, is the row of the file; otherwise rows count from `first_row`.
    """
    present = [column for column in KINDS[kind] if column in raw.columns]
    numbered = raw if "row" in raw.columns else raw.with_row_index("row", first_row)
    rows = numbered.select("row", *(pl.col(column).fill_null("").str.strip_chars() for column in present))
    rows = rows.filter(pl.any_horizontal(pl.col(column) != "" for column in present))
    before = len(problems)
    for column in present:
        problems.extend(_faults(rows, kind, column, name))
    if len(problems) > before:
        return pl.DataFrame(schema=schema_of(kind))
    return rows.select(
        *(_typed_column(kind, column, column in present) for column in KINDS[kind]),
        pl.lit(name).alias("source_file"),
        pl.col("row").cast(pl.Int32).alias("source_row"),
    )


def _typed_column(kind: str, column: str, present: bool) -> pl.Expr:
    dtype = KINDS[kind][column].dtype
    if not present:
        return pl.lit(None if dtype != pl.String() else "").cast(dtype).alias(column)
    if dtype == pl.String():
        return pl.col(column)
    cell = pl.when(pl.col(column) != "").then(pl.col(column))
    return (cell.str.to_date("%Y-%m-%d") if dtype == pl.Date() else cell.cast(dtype)).alias(column)


def _faults(rows: pl.DataFrame, kind: str, column: str, name: str) -> Iterator[Problem]:
    """Judge each distinct text once: a national table has a million rows and few different cells in most columns."""
    rule = KINDS[kind][column]
    cell = pl.col(column)
    good = cell.str.contains(rule.pattern)
    if rule.dtype == pl.Date():
        good &= cell.str.to_date("%Y-%m-%d", strict=False).is_not_null()
    wrong = rows.select(cell.unique()).filter(~good & (cell != "") if rule.blank else ~good)
    if wrong.is_empty():
        return
    faulty = rows.join(wrong, on=column, how="semi", maintain_order="left")
    for row, text in faulty.select("row", column).head(20).iter_rows():
        said = f"{column} is {text!r}" if text else f"{column} is empty"
        yield Problem(name, row, f"{said}; wanted {rule.wanted}")
