"""What a denial is, by its codes: its kind, what is done about a kind, and what the edits' word comes to."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files

import polars as pl

STRATEGIES = (
    "correct_and_resubmit",
    "appeal",
    "send_documents",
    "verify_coverage",
    "authorisation",
    "timely_filing",
    "duplicate",
    "patient_liability",
    "enrolment",
    "wait",
    "ask_payer",
    "not_recoverable",
)
"""What can be done about a denial; see contracts/data/denial_kind.toml."""

_CLASS_SCHEMA = {
    "group_code": pl.String(),
    "reason_code": pl.String(),
    "remark_code": pl.String(),
    "under": pl.String(),
    "lacks_modifier": pl.String(),
    "kind": pl.String(),
    "effective": pl.Date(),
    "until": pl.Date(),
    "source": pl.String(),
    "note": pl.String(),
}
_TEXTS = {
    "strategy": pl.String(),
    "route": pl.String(),
    "contains": pl.String(),
    "argument": pl.String(),
    "source": pl.String(),
}
_KIND_SCHEMA = {"kind": pl.String(), "rank": pl.Int32(), "held_against": pl.String()} | _TEXTS
_RULING_SCHEMA = {"finding": pl.String(), "rank": pl.Int32()} | _TEXTS


@cache
def denial_classes() -> pl.DataFrame:
    """Return which codes are of which kind of denial; the row that names most decides.

    A row's reason code goes before its remark code, that before group, `under` (medicare: priced by Medicare itself) and
    `lacks_modifier`; ``*`` is any. [OWN] in `note` marks what no source states.
    """
    raw = pl.read_csv((files("contracts") / "data" / "denial_class.csv").read_bytes(), infer_schema=False)
    dates = (pl.col(name).str.to_date("%Y-%m-%d") for name in ("effective", "until"))
    return (
        raw.with_columns(pl.all().fill_null(""))
        .with_columns(pl.col("effective", "until").replace("", None))
        .with_columns(*dates)
        .select(*_CLASS_SCHEMA)
        .sort("reason_code", "remark_code", "group_code", "under")
    )


@cache
def denial_kinds() -> pl.DataFrame:
    """Return the kinds of denial: kind, rank, held_against, strategy, route, contains, argument, source."""
    return _listed("denial_kind.toml", "kind", _KIND_SCHEMA).sort("rank")


@cache
def edit_rulings() -> pl.DataFrame:
    """Return what a denial comes to by what the edits say of it: finding, rank, strategy, route, contains, argument, source."""
    return _listed("edit_ruling.toml", "ruling", _RULING_SCHEMA).sort("rank")


def _listed(name: str, table: str, schema: dict[str, pl.DataType]) -> pl.DataFrame:
    rows = tomllib.loads((files("contracts") / "data" / name).read_text(encoding="utf-8"))[table]
    return pl.DataFrame([{"held_against": ""} | row for row in rows], schema=schema)


@cache
def edit_modifiers() -> pl.DataFrame:
    """Return the modifiers that set an edit of indicator 1 aside: modifier, effective, until, source."""
    raw = pl.read_csv((files("contracts") / "data" / "edit_modifier.csv").read_bytes(), infer_schema=False)
    return raw.with_columns(pl.col("effective", "until").str.to_date("%Y-%m-%d"))
