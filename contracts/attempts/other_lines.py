"""A line as the payer may have read it: other units, modifiers, code or charge."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from contracts.contract_facts import fee_rows
from contracts.hypotheses import code_families
from contracts.medicare import ROW_MODIFIERS
from contracts.money import dollars

from .form import by_line

if TYPE_CHECKING:
    from contracts.short_days import ShortDays

    from .form import Attempts


def decided_units(days: ShortDays, cases: pl.DataFrame, whose: str) -> Attempts:  # noqa: ARG001
    cut = days.lines.filter((pl.col("decided_units") > 0) & (pl.col("decided_units") < pl.col("units")))
    label = pl.format(
        "{} decided of {} billed", pl.col("decided_units").cast(pl.Int64), pl.col("units").cast(pl.Int64)
    )
    return by_line(days, cases, cut.select("line_id", label.alias("label"), as_units="decided_units"))


_MOST_UNITS = 16


def fewer_units(days: ShortDays, cases: pl.DataFrame, whose: str) -> Attempts:  # noqa: ARG001
    several = days.lines.filter(
        (pl.col("units") > 1) & (pl.col("units") <= _MOST_UNITS) & (pl.col("units") % 1 == 0)
    )
    whole = pl.col("units").cast(pl.Int64)
    fewer = several.select("line_id", "units", pl.int_ranges(whole - 1, 0, -1).alias("fewer")).explode(
        "fewer"
    )
    label = pl.format("{} of {}", "fewer", whole)
    return by_line(
        days, cases, fewer.select("line_id", label.alias("label"), pl.col("fewer").alias("as_units"))
    )


def other_modifiers(days: ShortDays, cases: pl.DataFrame, whose: str) -> Attempts:  # noqa: ARG001
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
    return by_line(days, cases, changed.select("line_id", label.alias("label"), "as_modifiers"))


def family_code(days: ShortDays, cases: pl.DataFrame, whose: str) -> Attempts:  # noqa: ARG001
    """The lower levels of the same service, the nearest first."""
    families = code_families()
    lines = days.lines.select("line_id", "code").join(families, on="code", how="inner")
    lower = lines.join(families, on="family", how="inner", suffix="_low").filter(
        pl.col("level_low") < pl.col("level")
    )
    ordered = lower.sort("line_id", "level_low", "code_low", descending=[False, True, False])
    return by_line(
        days,
        cases,
        ordered.select("line_id", pl.col("code_low").alias("label"), pl.col("code_low").alias("as_code")),
    )


def day_code(days: ShortDays, cases: pl.DataFrame, whose: str) -> Attempts:  # noqa: ARG001
    lines = days.lines.select("line_id", "case", "code")
    others = lines.select("case", pl.col("code").alias("as_code")).unique()
    pairs = lines.join(others, on="case", how="inner").filter(pl.col("as_code") != pl.col("code"))
    ordered = pairs.sort("line_id", "as_code")
    return by_line(days, cases, ordered.select("line_id", pl.col("as_code").alias("label"), "as_code"))


def other_charge(days: ShortDays, cases: pl.DataFrame, whose: str) -> Attempts:  # noqa: ARG001
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
    order = ("line_id", "what", "as_charge")
    wrong = (
        pl.concat([one, elsewhere.sort(order)])
        .filter(pl.col("as_charge") < pl.col("charge_cents"))
        .unique(["line_id", "as_charge"], keep="first", maintain_order=True)
        .sort(order)
    )
    label = pl.format("{}, the charge {}", dollars(pl.col("as_charge")), "what")
    return by_line(days, cases, wrong.select("line_id", label.alias("label"), "as_charge"))
