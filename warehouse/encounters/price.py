"""What units that were not billed, or billed too often, are worth: the day priced again by the same repricer.

The whole patient-day is priced as billed and as the minutes say, so that reductions over the day, caps and the
smaller of charge and rate have their say; the difference is the amount.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from contracts import LINE_SCHEMA, STEP_SCHEMA, reprice
from contracts.money import half_up

if TYPE_CHECKING:
    from contracts import Practice, Reference, Terms

CHANGED = ("UNDER_BILLED", "NOT_ON_REMITTANCE", "OVER_BILLED")
PRICE_SCHEMA = {
    "patient": pl.String(),
    "service_date": pl.Date(),
    "billed_cents": pl.Int64(),
    "by_minutes_cents": pl.Int64(),
    "price_problem": pl.String(),
}
"""One row a patient-day whose units differ. Cents at the contract's rate; null with the problem where there is no price."""
STEP_SCHEMA_OF_DAY = {
    "patient": pl.String(),
    "service_date": pl.Date(),
    "priced_as": pl.String(),
    "procedure_code": pl.String(),
    "line_order": pl.Int64(),
    **{name: kind for name, kind in STEP_SCHEMA.items() if name != "line_id"},
}
"""One row a step of those prices; `priced_as`: billed, or by the minutes."""
_DISTINCT = frozenset({"59", "XE", "XP", "XS", "XU"})


def price_days(
    units: pl.DataFrame,
    lines: pl.DataFrame,
    charges: pl.DataFrame,
    terms: Terms,
    reference: Reference,
    practice: Practice,
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Price every day of `units` (core.encounter_unit) that differs; one row a day of PRICE_SCHEMA, and the steps.

    `lines`: core.line_to_price of those days with `patient`, in LINE_SCHEMA; `charges`: the practice's usual charge
    a unit (procedure_code, usual_cents), for a code that was not billed.
    """
    changed = units.filter(pl.col("standing").is_in(CHANGED))
    days = changed.select("patient", "service_date").unique()
    billed = lines.join(days, on=["patient", "service_date"], how="semi")
    altered, lacking = _altered(billed, changed, charges)
    as_billed = reprice(billed.select(*LINE_SCHEMA), terms, reference, practice)
    by_minutes = reprice(altered.select(*LINE_SCHEMA), terms, reference, practice)
    before = _totals(billed, as_billed.lines).rename({"cents": "billed_cents", "problem": "_before"})
    after = _totals(altered, by_minutes.lines).rename({"cents": "by_minutes_cents", "problem": "_after"})
    key = ["patient", "service_date"]
    priced = (
        days.join(before, on=key, how="left", validate="1:1")
        .join(after, on=key, how="left", validate="1:1")
        .join(lacking, on=key, how="left", validate="1:1")
        .with_columns(pl.coalesce("lacking", "_before", "_after").alias("price_problem"))
    )
    known = pl.col("price_problem").is_null()
    steps = pl.concat(
        [_steps(billed, as_billed.steps, "billed"), _steps(altered, by_minutes.steps, "by the minutes")]
    )
    totals = priced.select(
        *key,
        pl.when(known).then("billed_cents").cast(pl.Int64),
        # a day of which nothing is left to bill is worth nothing
        pl.when(known).then(pl.col("by_minutes_cents").fill_null(0)).cast(pl.Int64),
        "price_problem",
    ).sort(key)
    return totals, steps.sort(*key, "priced_as", "line_order", "procedure_code", "step")


def _altered(
    billed: pl.DataFrame, changed: pl.DataFrame, charges: pl.DataFrame
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the lines as the minutes would have them, and the days that lack what is needed to price them."""
    key = ["patient", "service_date", "procedure_code"]
    first = billed.sort("line_order").unique(key, keep="first", maintain_order=True)
    there = first.join(changed.select(*key, "unit_difference"), on=key, how="inner", validate="1:1")
    new_units = pl.col("units") + pl.col("unit_difference")
    charge = half_up(pl.col("charge_cents") * new_units.cast(pl.Int64), pl.col("units").cast(pl.Int64))
    whole = there.filter(pl.col("units") > 0).with_columns(
        charge.alias("charge_cents"), new_units.alias("units")
    )
    added = _added(billed, changed.join(first, on=key, how="anti"), charges)
    kept = billed.join(whole, on="line_id", how="anti")
    rows = pl.concat([frame.select(billed.columns) for frame in (kept, whole, added)], how="vertical_relaxed")
    asked = changed.join(pl.concat([whole.select(key), added.select(key)]), on=key, how="anti")
    lacking = asked.group_by("patient", "service_date").agg(
        pl.format(
            "{} cannot be priced: its line was refused, or no charge of it is known",
            pl.col("procedure_code").sort().str.join(", "),
        ).alias("lacking")
    )
    return rows.filter(pl.col("units") > 0), lacking


def _added(billed: pl.DataFrame, missing: pl.DataFrame, charges: pl.DataFrame) -> pl.DataFrame:
    """Lines for codes that were not billed at all, like the first line of their day, at the practice's usual charge."""
    new = missing.filter(pl.col("standing") == "NOT_ON_REMITTANCE").select(
        "patient", "service_date", "procedure_code", "unit_difference", "charge_amount"
    )
    pattern = billed.sort("line_order").unique(["patient", "service_date"], keep="first", maintain_order=True)
    stated = (pl.col("charge_amount") * 100).cast(pl.Int64)
    modifiers = (
        pl.col("modifiers").str.split(":").list.set_difference(list(_DISTINCT)).list.sort().list.join(":")
    )
    return (
        new.join(charges, on="procedure_code", how="left", validate="m:1")
        .with_columns(
            pl.coalesce(stated, pl.col("usual_cents") * pl.col("unit_difference")).alias("charge_cents")
        )
        .filter(pl.col("charge_cents").is_not_null())
        .join(
            pattern.drop("procedure_code", "units", "charge_cents"),
            on=["patient", "service_date"],
            how="inner",
            validate="m:1",
        )
        .sort("patient", "service_date", "procedure_code")
        .with_columns(
            pl.col("unit_difference").cast(LINE_SCHEMA["units"]).alias("units"),
            modifiers.alias("modifiers"),
            (-1 - pl.int_range(pl.len())).cast(pl.Int64).alias("line_id"),
            (pl.col("line_order") + 1_000_000).alias("line_order"),
        )
    )


def _steps(lines: pl.DataFrame, steps: pl.DataFrame, priced_as: str) -> pl.DataFrame:
    """The steps of the lines of a day, in STEP_SCHEMA_OF_DAY."""
    own = lines.select("line_id", "patient", "service_date", "procedure_code", "line_order")
    told = steps.join(own, on="line_id", how="inner", validate="m:1").with_columns(
        priced_as=pl.lit(priced_as)
    )
    return told.select(pl.col(name).cast(kind) for name, kind in STEP_SCHEMA_OF_DAY.items())


def _totals(lines: pl.DataFrame, priced: pl.DataFrame) -> pl.DataFrame:
    """What is owed for each day together; a problem where a line of it has no one price."""
    said = lines.select("line_id", "patient", "service_date").join(
        priced, on="line_id", how="left", validate="1:1"
    )
    sure = (pl.col("outcome") == "PRICED") & (pl.col("expected_low_cents") == pl.col("expected_high_cents"))
    return said.group_by("patient", "service_date").agg(
        pl.col("expected_cents").sum().alias("cents"),
        pl.coalesce("reason", "outcome").filter(~sure).sort().first().alias("problem"),
    )
