"""National edits held against services of a day: which of two codes is denied beside the other, and the row that says so.

CMS's practitioner PTP edits come in quarterly editions. Each holds the whole history, with the day an edit began and the
last day it was in force, so that an edition answers for its quarter and for all days before it; none answers for later
days. A form without the days they began answers for its own quarter, and for earlier days only where the pair is absent
or was deleted before. The column 1 code is paid and the column 2 code is denied: the order of the two matters.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from .reference import KINDS, LAZY_KIND

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .reference import Reference

WHOLE_EDITION = 2_000_000
"""Rows from which on an edition is whole: 2,546,017 in July 2024, and no pair was ever taken out of the history."""

PAIR_SCHEMA: dict[str, pl.DataType] = {
    "code": pl.String(),
    "other_code": pl.String(),
    "service_date": pl.Date(),
}
"""What is asked: may `code` be denied because `other_code` was billed by the same provider for the day."""

ANSWER_SCHEMA: dict[str, pl.DataType] = PAIR_SCHEMA | {
    "answer": pl.String(),
    "reason": pl.String(),
    "edition": pl.String(),
    "column_1": pl.String(),
    "column_2": pl.String(),
    "effective": pl.Date(),
    "deletion": pl.Date(),
    "modifier_indicator": pl.String(),
    "rationale": pl.String(),
    "source_file": pl.String(),
    "source_row": pl.Int32(),
}
"""answer: in_force (`code` is column 2), other_way (it is column 1), deleted, not_begun, void (never in force), none
(no such pair in a whole edition), or unknown with the `reason`. The rest is the row that proves it; empty for none."""

_ROW = (
    "column_1",
    "column_2",
    "effective",
    "deletion",
    "modifier_indicator",
    "rationale",
    "source_file",
    "source_row",
)
_RANK = {"in_force_0": 0, "in_force_1": 1, "unknown": 2, "deleted": 3, "not_begun": 4, "void": 5}
"""Of several rows of one pair the first of these decides; among rows alike the one deleted last."""


@dataclass(frozen=True)
class _Edition:
    """One edition: its rows, its quarter, and of which column 1 codes it has every pair."""

    name: str
    effective: dt.date
    until: dt.date
    rows: pl.LazyFrame
    whole: bool
    ranges: tuple[tuple[str, str], ...] = ()

    def complete(self, code: pl.Expr) -> pl.Expr:
        """Whether the edition holds every pair of a column 1 code: CMS cuts an edition into parts by column 1."""
        inside = [(code > first) & (code < last) for first, last in self.ranges]
        return pl.lit(self.whole) | pl.any_horizontal(pl.lit(value=False), *inside)


def quarter_name(day: dt.date) -> str:
    """Return the quarter of a day, like 2024Q3."""
    return f"{day.year}Q{(day.month + 2) // 3}"


def hold_pairs(asked: pl.DataFrame, reference: Reference) -> pl.DataFrame:
    """Answer each row of PAIR_SCHEMA (taken once) with a row of ANSWER_SCHEMA: the national edits of the day.

    The edition of the day's own quarter is asked first, then later ones; the first that can tell decides.
    """
    open_rows = asked.select(*PAIR_SCHEMA).unique().drop_nulls()
    found = [pl.DataFrame(schema=ANSWER_SCHEMA)]
    unsure = pl.DataFrame(schema=PAIR_SCHEMA | {"reason": pl.String()})
    latest = open_rows["service_date"].min()
    for edition in _editions(reference, latest if isinstance(latest, dt.date) else dt.date.max):
        within = open_rows.filter(pl.col("service_date") <= edition.until)
        answers = _ask(within, edition)
        sure = answers.filter(pl.col("answer") != "unknown")
        found.append(sure)
        unsure = pl.concat([unsure, answers.filter(pl.col("answer") == "unknown").select(unsure.columns)])
        open_rows = open_rows.join(sure, on=list(PAIR_SCHEMA), how="anti")
    return pl.concat([*found, _unanswered(open_rows, unsure)]).sort(*PAIR_SCHEMA)


def _unanswered(asked: pl.DataFrame, unsure: pl.DataFrame) -> pl.DataFrame:
    first = unsure.unique(list(PAIR_SCHEMA), keep="first", maintain_order=True)
    rows = asked.join(first, on=list(PAIR_SCHEMA), how="left", validate="1:1")
    days = {day: _missing(day) for day in rows["service_date"].unique()}
    missing = pl.col("service_date").replace_strict(days, default=None, return_dtype=pl.String)
    empty = [
        pl.lit(None, kind).alias(name) for name, kind in ANSWER_SCHEMA.items() if name not in rows.columns
    ]
    return (
        rows.with_columns(*empty)
        .with_columns(answer=pl.lit("unknown"), reason=pl.coalesce("reason", missing))
        .select(*ANSWER_SCHEMA)
    )


def _missing(day: dt.date) -> str:
    return (
        f"no edition of the national pair edits covers {day}: load CMS's practitioner PTP edits of "
        f"{quarter_name(day)} or later"
    )


def _editions(reference: Reference, day: dt.date) -> Iterator[_Edition]:
    """Yield the editions that may answer for days from `day` on, the earliest first."""
    names = {one.edition for one in reference.edit_files} | set(reference.ptp_edit["edition"])
    for name in sorted(names):
        year, quarter = int(name[:4]), int(name[5])
        first = dt.date(year, 3 * quarter - 2, 1)
        until = dt.date(year + quarter // 4, 3 * quarter % 12 + 1, 1) - dt.timedelta(days=1)
        if until >= day:
            yield _edition(reference, name, first, until)


def _edition(reference: Reference, name: str, first: dt.date, until: dt.date) -> _Edition:
    columns = [*KINDS[LAZY_KIND], "source_file", "source_row"]
    files = [one for one in reference.edit_files if one.edition == name]
    parts = [
        pl.scan_parquet(one.path, glob=False)
        .with_columns(source_file=pl.lit(one.source_file))
        .select(columns)
        for one in files
    ]
    written = reference.ptp_edit.filter(pl.col("edition") == name).select(columns)
    whole = sum(one.row_count for one in files) >= WHOLE_EDITION
    ranges = () if whole else tuple(_range(part) for part in parts)
    return _Edition(name, first, until, pl.concat([*parts, written.lazy()]), whole, ranges)


def _range(part: pl.LazyFrame) -> tuple[str, str]:
    first, last = (
        part.select(pl.col("column_1").min(), pl.col("column_1").max().alias("last")).collect().row(0)
    )
    return first, last


def _ask(asked: pl.DataFrame, edition: _Edition) -> pl.DataFrame:
    """Answer pairs from one edition."""
    ways = pl.concat(
        [
            asked.with_columns(column_1="other_code", column_2="code", forward=pl.lit(value=True)),
            asked.with_columns(column_1="code", column_2="other_code", forward=pl.lit(value=False)),
        ]
    )
    wanted = ways.select("column_1", "column_2").unique()
    rows = (
        edition.rows.filter(pl.col("column_1").is_in(wanted["column_1"].unique().implode()))
        .join(wanted.lazy(), on=["column_1", "column_2"], how="semi")
        .collect()
    )
    judged = ways.join(rows, on=["column_1", "column_2"], how="inner").with_columns(state=_state(edition))
    best = judged.sort(
        pl.col("state").replace_strict(_RANK, return_dtype=pl.Int8),
        pl.col("deletion"),
        pl.col("source_row"),
        descending=[False, True, False],
        nulls_last=False,
    ).unique([*PAIR_SCHEMA, "forward"], keep="first", maintain_order=True)
    keys = list(PAIR_SCHEMA)
    own = asked.join(best.filter("forward").drop("forward"), on=keys, how="left", validate="1:1")
    other = best.filter(~pl.col("forward")).select(
        *keys, *(pl.col(name).alias(f"other_{name}") for name in ("state", *_ROW))
    )
    both = own.join(other, on=keys, how="left", validate="1:1")
    return _answered(both, edition)


def _state(edition: _Edition) -> pl.Expr:
    """How a row stands on the day of service; an edit whose deletion is not after its beginning never was in force."""
    day, effective, deletion = pl.col("service_date"), pl.col("effective"), pl.col("deletion")
    own_quarter = day >= edition.effective
    return (
        pl.when((pl.col("modifier_indicator") == "9") | (deletion <= effective))
        .then(pl.lit("void"))
        .when(deletion < day)
        .then(pl.lit("deleted"))
        .when(effective > day)
        .then(pl.lit("not_begun"))
        .when(effective.is_null() & ~own_quarter)
        .then(pl.lit("unknown"))
        .otherwise(pl.format("in_force_{}", "modifier_indicator"))
    )


def _answered(both: pl.DataFrame, edition: _Edition) -> pl.DataFrame:
    state, other = pl.col("state"), pl.col("other_state")
    in_force = state.str.starts_with("in_force").fill_null(value=False)
    reverse = other.str.starts_with("in_force").fill_null(value=False)
    ended = other.is_in(["deleted", "not_begun", "void"]).fill_null(value=False)
    incomplete = state.is_null() & ~edition.complete(pl.col("other_code"))
    since = pl.format(
        "{} does not say since when the edit of {} and {} is in force: load the edition of the quarter of {}",
        pl.lit(edition.name), "other_code", "code", "service_date",
    )  # fmt: skip
    part = pl.format(
        "of {} only a part is loaded, without column 1 code {}: load the quarter's other files",
        pl.lit(edition.name), "other_code",
    )  # fmt: skip
    answer = (
        pl.when(in_force)
        .then(pl.lit("in_force"))
        .when((state == "unknown") | incomplete)
        .then(pl.lit("unknown"))
        .when(reverse)
        .then(pl.lit("other_way"))
        .when(state.is_null() & ended)
        .then(other)
        .otherwise(pl.coalesce("state", pl.lit("none")))
    )
    turned = (answer == "other_way") | (state.is_null() & ended)
    return both.with_columns(
        answer=answer,
        reason=pl.when(state == "unknown").then(since).when(incomplete).then(part),
        edition=pl.lit(edition.name),
        **{name: pl.when(turned).then(f"other_{name}").otherwise(name) for name in _ROW},
    ).select(pl.col(name).cast(kind) for name, kind in ANSWER_SCHEMA.items())


UNITS_SCHEMA: dict[str, pl.DataType] = {"code": pl.String(), "service_date": pl.Date()}
UNITS_ANSWER_SCHEMA: dict[str, pl.DataType] = UNITS_SCHEMA | {
    "answer": pl.String(),
    "reason": pl.String(),
    "edition": pl.String(),
    "most_units": pl.Int32(),
    "adjudication_indicator": pl.String(),
    "source_file": pl.String(),
    "source_row": pl.Int32(),
}
"""answer: stated, none (the edition has no value for the code; CMS keeps some to itself) or unknown with the `reason`."""


def hold_units(asked: pl.DataFrame, reference: Reference) -> pl.DataFrame:
    """Answer each row of UNITS_SCHEMA (taken once): the most units of a code in the edition of the day's quarter.

    An edition of MUE values holds no history: no other quarter's answers. Indicator 1: for a line; 2: for the day,
    absolutely; 3: for the day, to be reviewed with documentation.
    """
    wanted = asked.select(*UNITS_SCHEMA).unique().drop_nulls()
    editions = reference.mue.select("edition", "effective", "until").unique()
    day = pl.col("service_date")
    dated = wanted.join_where(editions, day >= pl.col("effective"), day <= pl.col("until"))
    dated = wanted.join(dated.drop("effective", "until"), on=list(UNITS_SCHEMA), how="left", validate="1:1")
    values = reference.mue.select(
        "edition", "most_units", "adjudication_indicator", "source_file", "source_row", code="hcpcs"
    )
    held = dated.join(values, on=["edition", "code"], how="left", validate="m:1")
    missing = {
        one: f"no edition of the most units (MUE) covers {one}: load CMS's practitioner MUE table of {quarter_name(one)}"
        for one in held.filter(pl.col("edition").is_null())["service_date"].unique()
    }
    answers = held.with_columns(
        answer=pl.when(pl.col("edition").is_null())
        .then(pl.lit("unknown"))
        .when(pl.col("most_units").is_null())
        .then(pl.lit("none"))
        .otherwise(pl.lit("stated")),
        reason=day.replace_strict(missing, default=None, return_dtype=pl.String),
    )
    return answers.select(pl.col(name).cast(kind) for name, kind in UNITS_ANSWER_SCHEMA.items()).sort(
        *UNITS_SCHEMA
    )
