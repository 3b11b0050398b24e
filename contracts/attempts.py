"""What a hypothesis tries on a case: every candidate it has, one row each.

An attempt prices the whole case once more. Candidates come from the terms, the reference and the remittance; none is
searched for beyond them.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import polars as pl

from .contract_facts import fee_rows
from .hypotheses import code_families
from .medicare import ROW_MODIFIERS
from .money import PERCENT_SCALE, dollars, percent_text

if TYPE_CHECKING:
    from collections.abc import Callable

    from .short_days import ShortDays

ATTEMPT_SCHEMA: dict[str, pl.DataType] = {
    "case": pl.UInt32(),
    "variant": pl.Int32(),
    "label": pl.String(),
    "as_date": pl.Date(),
    "as_contract": pl.Int32(),
    "as_mac": pl.String(),
    "as_locality": pl.String(),
    "as_percent": pl.Int64(),
}
"""One row an attempt: `variant` orders those of one hypothesis on one case, the likelier first."""
CHANGE_SCHEMA: dict[str, pl.DataType] = {
    "line_id": pl.Int64(),
    "variant": pl.Int32(),
    "label": pl.String(),
    "as_code": pl.String(),
    "as_modifiers": pl.String(),
    "as_units": pl.Decimal(18, 3),
    "as_charge": pl.Int64(),
}
"""What an attempt changes on one line alone."""
_MOST_DATES = 6
"""Periods that are looked back on: about as many as a dispute can be late."""

Attempts = tuple[pl.DataFrame, pl.DataFrame]


def _attempts(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.select(
        (pl.col(name) if name in frame.columns else pl.lit(None)).cast(dtype).alias(name)
        for name, dtype in ATTEMPT_SCHEMA.items()
    )


def _whole(frame: pl.DataFrame) -> Attempts:
    return _attempts(frame), pl.DataFrame(schema=CHANGE_SCHEMA)


def _by_line(days: ShortDays, cases: pl.DataFrame, changes: pl.DataFrame) -> Attempts:
    """Number the changes of each line; an attempt of the case takes the same number of every line."""
    ours = days.lines.join(cases.select("case"), on="case", how="semi").select("line_id", "case")
    full = changes.with_columns((pl.int_range(pl.len()).over("line_id")).cast(pl.Int32).alias("variant"))
    full = full.select(
        (pl.col(name) if name in full.columns else pl.lit(None)).cast(dtype).alias(name)
        for name, dtype in CHANGE_SCHEMA.items()
    )
    reached = full.join(ours, on="line_id", how="inner").select("case", "variant").unique()
    return _attempts(reached), full


def _once(days: ShortDays, cases: pl.DataFrame, whose: str) -> Attempts:  # noqa: ARG001  (all have one form)
    return _whole(cases.select("case", variant=pl.lit(0)))


def _earlier(cases: pl.DataFrame, changes: pl.DataFrame) -> Attempts:
    """The days before each change (case, change) that is not after the service; the latest first."""
    before = pl.col("change").dt.offset_by("-1d")
    found = (
        cases.select("case", "service_date")
        .join(changes.unique(), on="case", how="inner")
        .filter(pl.col("change") <= pl.col("service_date"))
        .sort("case", "change", descending=[False, True])
        .with_columns(pl.int_range(pl.len()).over("case").alias("variant"), before.alias("as_date"))
        .filter(pl.col("variant") < _MOST_DATES)
    )
    return _whole(found.with_columns(pl.col("as_date").dt.to_string().alias("label")))


def _earlier_release(days: ShortDays, cases: pl.DataFrame, whose: str) -> Attempts:  # noqa: ARG001
    reference = days.reference
    years = reference.gpci.select(pl.date(pl.col("year"), 1, 1).alias("change"))
    changes = pl.concat(
        [
            reference.rvu.select(pl.col("effective").alias("change")),
            reference.conversion_factor.select(pl.col("effective").alias("change")),
            years,
        ]
    ).unique()
    return _earlier(cases, cases.select("case").join(changes, how="cross"))


def _earlier_row(days: ShortDays, cases: pl.DataFrame, whose: str) -> Attempts:  # noqa: ARG001
    rows = fee_rows(days.terms, days.contracts).filter(pl.col("effective").is_not_null())
    codes = days.lines.select("case", "contract_ix", "code").unique()
    dated = codes.join(rows, on=["contract_ix", "code"], how="inner")
    return _earlier(cases, dated.select("case", pl.col("effective").alias("change")))


def _others(days: ShortDays) -> pl.DataFrame:
    """Every contract that prices by the service, as one that may stand in another's place."""
    rows = [
        (
            index,
            one.terms.contract,
            one.terms.payer,
            one.terms.plan,
            one.file,
            one.terms.effective,
            one.terms.until,
            one.builtin,
            list(one.terms.match.payer_id),
            "MC" in one.terms.match.filing_indicator
            or "medicaid" in f"{one.terms.payer} {one.terms.plan}".lower(),
        )
        for index, one in enumerate(days.contracts)
        if not one.terms.terms.capitated
    ]
    schema: dict[str, pl.DataType] = {
        "as_contract": pl.Int32(),
        "name": pl.String(),
        "payer": pl.String(),
        "plan": pl.String(),
        "file": pl.String(),
        "effective": pl.Date(),
        "until": pl.Date(),
        "builtin": pl.Boolean(),
        "payer_id": pl.List(pl.String),
        "medicaid": pl.Boolean(),
    }
    return pl.DataFrame(rows, schema=schema, orient="row")


def _own(days: ShortDays) -> pl.DataFrame:
    rows = [
        (
            index,
            one.terms.contract,
            one.terms.payer,
            one.terms.plan,
            one.terms.effective,
            list(one.terms.match.payer_id),
        )
        for index, one in enumerate(days.contracts)
    ]
    schema: dict[str, pl.DataType] = {
        "contract_ix": pl.Int32(),
        "own_name": pl.String(),
        "own_payer": pl.String(),
        "own_plan": pl.String(),
        "own_effective": pl.Date(),
        "own_payer_id": pl.List(pl.String),
    }
    return pl.DataFrame(rows, schema=schema, orient="row")


_RENEWAL = (pl.col("name") == pl.col("own_name")) | (
    (pl.col("payer") == pl.col("own_payer")) & (pl.col("plan") == pl.col("own_plan"))
)


def _paired(days: ShortDays, cases: pl.DataFrame) -> pl.DataFrame:
    own = cases.select("case", "contract_ix", "service_date").join(
        _own(days), on="contract_ix", validate="m:1"
    )
    pairs = own.join(_others(days), how="cross").filter(pl.col("as_contract") != pl.col("contract_ix"))
    return pairs.with_columns(pl.format("{} ({}, {})", "name", "payer", "file").alias("label"))


def _numbered(frame: pl.DataFrame, *order: str, descending: bool = False) -> pl.DataFrame:
    return frame.sort("case", *order, descending=[False, *[descending] * len(order)]).with_columns(
        pl.int_range(pl.len()).over("case").alias("variant")
    )


def _earlier_contract(days: ShortDays, cases: pl.DataFrame, whose: str) -> Attempts:  # noqa: ARG001
    before = _paired(days, cases).filter(_RENEWAL & (pl.col("effective") < pl.col("own_effective")))
    last = pl.min_horizontal("service_date", "until", pl.col("own_effective") - dt.timedelta(days=1))
    return _whole(
        _numbered(before.with_columns(last.alias("as_date")), "effective", "label", descending=True)
    )


def _other_contract(days: ShortDays, cases: pl.DataFrame, whose: str) -> Attempts:
    day = pl.col("service_date")
    in_force = (pl.col("effective") <= day) & (pl.col("until").is_null() | (day <= pl.col("until")))
    pairs = _paired(days, cases).filter(in_force & ~_RENEWAL)
    shared = pl.col("payer_id").list.set_intersection("own_payer_id").list.len() > 0
    same = (pl.col("payer") == pl.col("own_payer")) | shared
    chosen = {
        "same_payer": same & ~pl.col("builtin"),
        "medicare": pl.col("builtin"),
        "medicaid": pl.col("medicaid") & ~same & ~pl.col("builtin"),
        "another_payer": ~pl.col("medicaid") & ~same & ~pl.col("builtin"),
    }[whose]
    return _whole(_numbered(pairs.filter(chosen), "label"))


def _localities(cases: pl.DataFrame, localities: pl.DataFrame) -> Attempts:
    """Try `localities` (as_mac, as_locality, and the columns that tie them to a case) but the case's own."""
    keys = [name for name in localities.columns if name == "mac"]
    own = cases.select("case", "mac", "locality")
    pairs = own.join(localities, on=keys, how="inner") if keys else own.join(localities, how="cross")
    elsewhere = pairs.filter(
        (pl.col("as_mac") != pl.col("mac")) | (pl.col("as_locality") != pl.col("locality"))
    ).unique(["case", "as_mac", "as_locality"])
    labelled = elsewhere.with_columns(pl.format("{}-{}", "as_mac", "as_locality").alias("label"))
    return _whole(_numbered(labelled, "as_mac", "as_locality"))


def _site_locality(days: ShortDays, cases: pl.DataFrame, whose: str) -> Attempts:  # noqa: ARG001
    zips = [site.zip[:5] for site in days.practice.sites]
    ours = days.reference.zip_locality.filter(pl.col("zip").is_in(zips))
    return _localities(
        cases, ours.select(pl.col("mac").alias("as_mac"), pl.col("locality").alias("as_locality")).unique()
    )


def _contractor_locality(days: ShortDays, cases: pl.DataFrame, whose: str) -> Attempts:  # noqa: ARG001
    every = days.reference.gpci.select(
        "mac", pl.col("mac").alias("as_mac"), pl.col("locality").alias("as_locality")
    ).unique()
    return _localities(cases, every)


def _decided_units(days: ShortDays, cases: pl.DataFrame, whose: str) -> Attempts:  # noqa: ARG001
    cut = days.lines.filter((pl.col("decided_units") > 0) & (pl.col("decided_units") < pl.col("units")))
    label = pl.format(
        "{} decided of {} billed", pl.col("decided_units").cast(pl.Int64), pl.col("units").cast(pl.Int64)
    )
    return _by_line(days, cases, cut.select("line_id", label.alias("label"), as_units="decided_units"))


_MOST_UNITS = 16


def _fewer_units(days: ShortDays, cases: pl.DataFrame, whose: str) -> Attempts:  # noqa: ARG001
    several = days.lines.filter(
        (pl.col("units") > 1) & (pl.col("units") <= _MOST_UNITS) & (pl.col("units") % 1 == 0)
    )
    whole = pl.col("units").cast(pl.Int64)
    fewer = several.select("line_id", "units", pl.int_ranges(whole - 1, 0, -1).alias("fewer")).explode(
        "fewer"
    )
    label = pl.format("{} of {}", "fewer", whole)
    return _by_line(
        days, cases, fewer.select("line_id", label.alias("label"), pl.col("fewer").alias("as_units"))
    )


def _other_modifiers(days: ShortDays, cases: pl.DataFrame, whose: str) -> Attempts:  # noqa: ARG001
    """Without those sent, and with those of each row the schedule or Medicare has for the code."""
    lines = days.lines.select("line_id", "contract_ix", "code", "modifier_list")
    rows = fee_rows(days.terms, days.contracts).select("contract_ix", "code", "row_modifiers").unique()
    scheduled = lines.join(rows, on=["contract_ix", "code"], how="inner")
    components = days.reference.rvu.filter(pl.col("modifier").is_in(ROW_MODIFIERS)).select(
        pl.col("hcpcs").alias("code"), pl.concat_list("modifier").alias("row_modifiers")
    )
    of_medicare = lines.join(components.unique(), on="code", how="inner")
    none = lines.with_columns(pl.lit([], pl.List(pl.String)).alias("row_modifiers"))
    every = pl.concat(
        [part.select(*lines.columns, "row_modifiers") for part in (none, scheduled, of_medicare)]
    )
    modifiers = pl.col("row_modifiers").list.sort().list.join(":")
    changed = (
        every.filter(pl.col("row_modifiers").list.sort() != pl.col("modifier_list").list.sort())
        .with_columns(modifiers.alias("as_modifiers"))
        .unique(["line_id", "as_modifiers"])
        .sort("line_id", "as_modifiers")
    )
    label = pl.when(pl.col("as_modifiers") == "").then(pl.lit("none")).otherwise("as_modifiers")
    return _by_line(days, cases, changed.select("line_id", label.alias("label"), "as_modifiers"))


def _family_code(days: ShortDays, cases: pl.DataFrame, whose: str) -> Attempts:  # noqa: ARG001
    """The lower levels of the same service, the nearest first."""
    families = code_families()
    lines = days.lines.select("line_id", "code").join(families, on="code", how="inner")
    lower = lines.join(families, on="family", how="inner", suffix="_low").filter(
        pl.col("level_low") < pl.col("level")
    )
    ordered = lower.sort("line_id", "level_low", descending=[False, True])
    return _by_line(
        days,
        cases,
        ordered.select("line_id", pl.col("code_low").alias("label"), pl.col("code_low").alias("as_code")),
    )


def _day_code(days: ShortDays, cases: pl.DataFrame, whose: str) -> Attempts:  # noqa: ARG001
    lines = days.lines.select("line_id", "case", "code")
    others = lines.select("case", pl.col("code").alias("as_code")).unique()
    pairs = lines.join(others, on="case", how="inner").filter(pl.col("as_code") != pl.col("code"))
    ordered = pairs.sort("line_id", "as_code")
    return _by_line(days, cases, ordered.select("line_id", pl.col("as_code").alias("label"), "as_code"))


def _other_charge(days: ShortDays, cases: pl.DataFrame, whose: str) -> Attempts:  # noqa: ARG001
    """The charge of one unit for the whole line, and the charges of the other lines of the day."""
    lines = days.lines.select("line_id", "case", "units", "charge_cents", "code")
    units = pl.col("units").cast(pl.Int64)
    one = lines.filter((units > 1) & (pl.col("charge_cents") % units == 0)).select(
        "line_id",
        "charge_cents",
        (pl.col("charge_cents") // units).alias("as_charge"),
        pl.lit("of one unit").alias("what"),
    )
    others = lines.select(
        "case", pl.col("charge_cents").alias("as_charge"), pl.col("code").alias("of")
    ).unique()
    elsewhere = lines.join(others, on="case", how="inner").select(
        "line_id", "charge_cents", "as_charge", pl.format("of {}", "of").alias("what")
    )
    wrong = (
        pl.concat([one, elsewhere])
        .filter(pl.col("as_charge") < pl.col("charge_cents"))
        .unique(["line_id", "as_charge"], keep="first", maintain_order=True)
        .sort("line_id", "what", maintain_order=True)
    )
    label = pl.format("{}, the charge {}", dollars(pl.col("as_charge")), "what")
    return _by_line(days, cases, wrong.select("line_id", label.alias("label"), "as_charge"))


def _ratio(days: ShortDays, cases: pl.DataFrame, right: pl.Expr) -> Attempts:
    """Whole percentages of `right` that come near what was allowed for a group that is short."""
    short = days.lines.filter("short").join(cases.select("case"), on="case", how="semi")
    groups = short.group_by("case", "judged_group").agg(right.alias("right"), pl.col("allowed_cents").first())
    near = groups.filter(pl.col("right") > 0).select(
        "case",
        (pl.col("allowed_cents") * 200 + pl.col("right")).floordiv(pl.col("right") * 2).alias("percent"),
    )
    whole = near.filter(pl.col("percent").is_between(1, 99)).unique().sort("case", "percent")
    numbered = whole.with_columns(
        pl.int_range(pl.len()).over("case").alias("variant"),
        (pl.col("percent") * (PERCENT_SCALE // 100)).alias("as_percent"),
    )
    return _whole(numbered.with_columns(pl.format("{} %", percent_text(pl.col("as_percent"))).alias("label")))


def _percent_of_rate(days: ShortDays, cases: pl.DataFrame, whose: str) -> Attempts:  # noqa: ARG001
    return _ratio(days, cases, pl.col("expected_cents").first())


def _percent_of_charge(days: ShortDays, cases: pl.DataFrame, whose: str) -> Attempts:  # noqa: ARG001
    return _ratio(days, cases, pl.col("charge_cents").sum())


TRIES: dict[str, Callable[[ShortDays, pl.DataFrame, str], Attempts]] = {
    "once": _once,
    "earlier_release": _earlier_release,
    "earlier_row": _earlier_row,
    "earlier_contract": _earlier_contract,
    "other_contract": _other_contract,
    "site_locality": _site_locality,
    "contractor_locality": _contractor_locality,
    "decided_units": _decided_units,
    "fewer_units": _fewer_units,
    "other_modifiers": _other_modifiers,
    "family_code": _family_code,
    "day_code": _day_code,
    "other_charge": _other_charge,
    "percent_of_rate": _percent_of_rate,
    "percent_of_line": _percent_of_rate,
    "percent_of_charge": _percent_of_charge,
}
"""What data/hypothesis.toml names under `tries`: the days and the cases it concerns, to attempts and line changes."""
