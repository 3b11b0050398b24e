"""Minutes to units: Medicare's eight-minute rule over the day, and the AMA's midpoint rule code by code.

Both are in data/units_rule.toml with their sources; which codes count minutes at all is data/timed_code.csv. Pure and
vectorised: one row a day and code in, the same rows with the units out, whatever order they come in.
"""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files
from typing import Literal

import polars as pl

RULES: tuple[Literal["eight_minute", "midpoint"], ...] = ("eight_minute", "midpoint")
MINUTES_SCHEMA = {"day": pl.String(), "procedure_code": pl.String(), "minutes": pl.Int64()}
"""One row a day and timed code; `minutes` is the sum over the day."""


@cache
def timed_codes() -> pl.DataFrame:
    """Return the codes of which it is known whether time makes their units, with dates and source.

    `unit_minutes` null: billed once whatever the time. `proof`: cms, contractor or unproven. A code that is not
    here may be either.
    """
    raw = pl.read_csv((files("contracts") / "data" / "timed_code.csv").read_bytes(), infer_schema=False)
    return raw.with_columns(
        pl.col("unit_minutes").cast(pl.Int32),
        pl.col("effective", "until").str.to_date("%Y-%m-%d"),
    ).sort("procedure_code", "effective")


@cache
def units_rules() -> dict[str, dict[str, str | int]]:
    """Return the rules by name: scope, unit_minutes, least, source."""
    return tomllib.loads((files("contracts") / "data" / "units_rule.toml").read_text(encoding="utf-8"))


def day_units(minutes: pl.DataFrame) -> pl.DataFrame:
    """Add to rows of MINUTES_SCHEMA what each rule makes of them.

    `day_minutes`; for each rule its units of the day (`<rule>_day`), and for the row the least and the most that
    it may be given (`<rule>_low`, `<rule>_high`): they differ where codes tie for the last unit, for then the
    clinician chooses (Pub. 100-04 ch. 5 s. 20.2 C, examples 2 and 5).
    """
    rule = units_rules()["eight_minute"]
    unit, grace = int(rule["unit_minutes"]), int(rule["unit_minutes"]) - int(rule["least"])
    with_day = minutes.with_columns(
        pl.col("minutes").sum().over("day").alias("day_minutes"),
        (pl.col("minutes") // unit).alias("_whole"),
        (pl.col("minutes") % unit).alias("_rest"),
    ).with_columns(((pl.col("day_minutes") + grace) // unit).alias("eight_minute_day"))
    left = pl.col("eight_minute_day") - pl.col("_whole").sum().over("day")
    ahead = pl.col("_rest").rank("min", descending=True).over("day").cast(pl.Int64) - 1
    abreast = pl.col("_rest").rank("max", descending=True).over("day").cast(pl.Int64)
    ranked = with_day.with_columns(
        (pl.col("_whole") + (abreast <= left)).cast(pl.Int64).alias("eight_minute_low"),
        (pl.col("_whole") + (ahead < left)).cast(pl.Int64).alias("eight_minute_high"),
    )
    return _midpoint(ranked.drop("_whole", "_rest"))


def _midpoint(rows: pl.DataFrame) -> pl.DataFrame:
    rule = units_rules()["midpoint"]
    unit, grace = int(rule["unit_minutes"]), int(rule["unit_minutes"]) - int(rule["least"])
    alone = (pl.col("minutes") + grace) // unit
    return rows.with_columns(
        alone.sum().over("day").alias("midpoint_day"),
        alone.alias("midpoint_low"),
        alone.alias("midpoint_high"),
    )


def chosen_units(rule: str) -> pl.Expr:
    """Say the units of each row of day_units() under `rule`, given what was billed (`billed_units`).

    Where codes tie for the last units they go to the code that was billed with them, then in order of code: what
    the clinician may choose, he is taken to have chosen.
    """
    low, high, total = (pl.col(f"{rule}_{end}") for end in ("low", "high", "day"))
    left = total - low.sum().over("day")
    wants = (high > low).cast(pl.Int64) * 2 + ((high > low) & (pl.col("billed_units") > low)).cast(pl.Int64)
    place = pl.struct(-wants, "procedure_code").rank("ordinal").over("day").cast(pl.Int64)
    return low + ((place <= left) & (high > low)).cast(pl.Int64)
