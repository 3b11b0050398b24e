"""Reference tables in normalised form: relative values, GPCIs, conversion factors, ZIP to locality.

The header of a file decides its kind; any number of files may hold one kind. Numbers are read as text and
kept as exact decimals.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import reduce
from typing import TYPE_CHECKING

import polars as pl

from .problems import Problem, TermsError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


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
}
"""Each kind of table with its columns. Interfaces and the data dictionary follow this order."""

KEYS: dict[str, tuple[str, ...]] = {
    "rvu": ("release", "effective", "hcpcs", "modifier"),
    "gpci": ("year", "mac", "locality"),
    "conversion_factor": ("effective", "qp"),
    "zip_locality": ("zip", "plus_four", "mac", "locality", "effective"),
}

PROVENANCE: dict[str, pl.DataType] = {"source_file": pl.String(), "source_row": pl.Int32()}


def schema_of(kind: str) -> dict[str, pl.DataType]:
    """Columns and types of a table of `kind`, provenance included."""
    return {name: column.dtype for name, column in KINDS[kind].items()} | PROVENANCE


def _empty(kind: str) -> pl.DataFrame:
    return pl.DataFrame(schema=schema_of(kind))


@dataclass(frozen=True)
class Reference:
    """The reference tables.

    Each has the columns of KINDS and `source_file`, `source_row`. ``Reference()`` is empty.
    """

    rvu: pl.DataFrame = field(default_factory=lambda: _empty("rvu"))
    gpci: pl.DataFrame = field(default_factory=lambda: _empty("gpci"))
    zip_locality: pl.DataFrame = field(default_factory=lambda: _empty("zip_locality"))
    conversion_factor: pl.DataFrame = field(default_factory=lambda: _empty("conversion_factor"))

    def frames(self) -> dict[str, pl.DataFrame]:
        """Return the stored form: rvu, gpci, conversion_factor, zip_locality."""
        return {kind: getattr(self, kind) for kind in KINDS}


def read_reference(folder: Path) -> Reference:
    """Every ``*.csv`` of `folder`. A folder that does not exist is an empty reference.

    Raises TermsError listing every problem of every file at once.
    """
    problems: list[Problem] = []
    tables: dict[str, list[pl.DataFrame]] = {kind: [] for kind in KINDS}
    for path in sorted(folder.glob("*.csv")) if folder.is_dir() else []:
        table = _read_file(path, problems)
        if table:
            tables[table[0]].append(table[1])
    frames = {kind: pl.concat(parts) if parts else _empty(kind) for kind, parts in tables.items()}
    if not problems:
        problems.extend(_contradictions(frames))
    if problems:
        raise TermsError(problems)
    return Reference(**frames)


def _read_file(path: Path, problems: list[Problem]) -> tuple[str, pl.DataFrame] | None:
    try:
        raw = pl.read_csv(path, infer_schema=False, encoding="utf8-lossy", glob=False)
    except (pl.exceptions.PolarsError, OSError) as error:
        problems.append(Problem(path.name, None, f"cannot be read as a table: {str(error).splitlines()[0]}"))
        return None
    raw = raw.rename({name: name.strip().strip("\ufeff").casefold() for name in raw.columns})
    kind = kind_of(raw.columns)
    if kind is None:
        problems.append(_unknown(path.name, raw.columns))
        return None
    return kind, typed(raw, kind, path.name, problems)


def kind_of(columns: list[str]) -> str | None:
    """Which table a header belongs to: the one all of whose required columns are there."""
    for kind, wanted in KINDS.items():
        if all(column.optional or name in columns for name, column in wanted.items()):
            return kind
    return None


def _unknown(name: str, columns: list[str]) -> Problem:
    shared = {kind: len(set(columns) & set(wanted)) for kind, wanted in KINDS.items()}
    kind = max(shared, key=lambda one: shared[one])
    if shared[kind] < 2:
        there = ", ".join(columns[:8])
        return Problem(
            name, 1, f"not a reference table (its header has {there}); wanted one of {', '.join(KINDS)}"
        )
    missing = [one for one, column in KINDS[kind].items() if not column.optional and one not in columns]
    return Problem(
        name, 1, f"looks like {kind} but lacks {', '.join(missing)}; its header has {', '.join(columns)}"
    )


def typed(
    raw: pl.DataFrame, kind: str, name: str, problems: list[Problem], first_row: int = 2
) -> pl.DataFrame:
    """Return a table of texts as one of `kind`.

    Checked column by column, then typed. Faulty cells go to `problems`.
    """
    present = [column for column in KINDS[kind] if column in raw.columns]
    rows = raw.select(pl.col(column).fill_null("").str.strip_chars() for column in present).with_row_index(
        "row", first_row
    )
    rows = rows.filter(pl.any_horizontal(pl.col(column) != "" for column in present))
    before = len(problems)
    for column in present:
        problems.extend(_faults(rows, kind, column, name))
    if len(problems) > before:
        return _empty(kind)
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
    rule = KINDS[kind][column]
    cell = pl.col(column)
    good = cell.str.contains(rule.pattern)
    if rule.dtype == pl.Date():
        good &= cell.str.to_date("%Y-%m-%d", strict=False).is_not_null()
    wrong = ~good & (cell != "") if rule.blank else ~good
    for row, text in rows.filter(wrong).select("row", column).head(20).iter_rows():
        said = f"{column} is {text!r}" if text else f"{column} is empty"
        yield Problem(name, row, f"{said}; wanted {rule.wanted}")


def _contradictions(frames: dict[str, pl.DataFrame]) -> Iterator[Problem]:
    """Periods that end before they begin; two rows for one key that say different things."""
    for kind, frame in frames.items():
        if "until" in frame.columns:
            for file, row in (
                frame.filter(pl.col("until") < pl.col("effective")).select(*PROVENANCE).iter_rows()
            ):
                yield Problem(file, row, "until is before effective")
        keys = KEYS[kind]
        said = [name for name in KINDS[kind] if name not in {*keys, "source", "state"}]
        differs = reduce(
            lambda one, other: one | other, (pl.col(name).n_unique().over(keys) > 1 for name in said)
        )
        for rows in frame.filter(differs).partition_by(keys):
            first, second = rows.row(0, named=True), rows.row(1, named=True)
            where = f"{first['source_file']} row {first['source_row']}"
            yield Problem(
                second["source_file"],
                second["source_row"],
                f"says something else than {where} for the same {', '.join(keys)}; keep one",
            )
    yield from _factor_overlaps(frames["conversion_factor"])


def _factor_overlaps(factors: pl.DataFrame) -> Iterator[Problem]:
    """Return a date of service has one conversion factor for QPs and one for the others."""
    ordered = factors.sort("qp", "effective").with_columns(
        pl.col("until").shift(1).over("qp").alias("before"),
        pl.col("factor").shift(1).over("qp").alias("other"),
    )
    clash = ordered.filter((pl.col("effective") <= pl.col("before")) & (pl.col("factor") != pl.col("other")))
    for file, row in clash.select(*PROVENANCE).iter_rows():
        yield Problem(
            file,
            row,
            "overlaps another conversion factor for the same clinicians; end one before the other begins",
        )
