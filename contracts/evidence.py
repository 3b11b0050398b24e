"""What a biller can read and recompute of a cause: the sentence, the rate row, the arithmetic to the allowed amount."""

from __future__ import annotations

import polars as pl

from .money import dollars
from .steps import price_steps

_AFTER_THE_CUT = ("assistant", "units", "lesser_of", "per_visit", "visit_maximum", "claim_maximum")


def with_evidence(lines: pl.DataFrame) -> pl.DataFrame:
    """Add cause_evidence, cause_row and borne_out to priced lines of attempts that reproduce their group.

    The evidence of a group of several lines stands on each of them. A hypothesis for which one line is no proof is
    borne out by the day alone where it reproduces two amounts of different rate rows that are not what was owed, the
    sum of a group being one amount; too much allowed bears it out as too little does.
    """
    if lines.is_empty():
        return lines
    text = lines.join(_arithmetic(lines), on="line_id", how="left", validate="1:1")
    key = ["attempt", "judged_group"]
    several = pl.len().over(key) > 1
    one = pl.when(several).then(pl.format("{} {}", "code", "arithmetic")).otherwise("arithmetic")
    said = text.with_columns(
        one.alias("arithmetic"), _sentence().alias("sentence"), _row().alias("cause_row")
    )
    parts = said.sort("attempt", "judged_group", "line_order", "line_id").with_columns(
        pl.col("arithmetic").str.join("; ").over(key).alias("arithmetic")
    )
    together = pl.format("; together {}", dollars(pl.col("allowed_cents")))
    capped = pl.format("; all lines under the cap together {}", dollars(pl.col("capped_total")))
    told = pl.when(pl.col("capped_total").is_not_null()).then(capped).when(several).then(together)
    evidence = pl.format("{}: {}{}", "sentence", "arithmetic", told.otherwise(pl.lit("")))
    wrong = pl.col("allowed_cents") != pl.col("expected_cents")
    summed = parts.with_columns(pl.col("cause_row").sort().str.join("; ").over(key).alias("_rows"))
    amounts = pl.col("_rows").filter(wrong).n_unique().over("attempt")
    return summed.with_columns(
        evidence.alias("cause_evidence"), (pl.col("alone") | (amounts > 1)).alias("borne_out")
    ).drop("_rows")


def _row() -> pl.Expr:
    """The rate row of a line; where its rate is of the charge, the code's charge is what tells amounts apart."""
    charge = pl.format("charge of {}", "code")
    of_charge = pl.when(pl.col("rate_basis") == "percent_of_charge").then(
        pl.format("{}, {}", "rate_row", charge)
    )
    return pl.coalesce(of_charge, "rate_row", charge)


def _sentence() -> pl.Expr:
    """The hypothesis' own words with what was tried set in."""
    return pl.col("says").str.replace("{}", pl.col("label").fill_null(""), literal=True)


def _arithmetic(lines: pl.DataFrame) -> pl.DataFrame:
    """One text a line: the steps of its price in their order, with what the attempt assumed among them."""
    steps = price_steps(lines).select("line_id", "step", "operation", "detail")
    steps = steps.filter(pl.col("operation") != "candidates")
    rank = (
        pl.when(pl.col("operation").is_in(_AFTER_THE_CUT))
        .then(3)
        .when(pl.col("operation") == "multiple_procedure")
        .then(1)
        .otherwise(0)
    )
    ranked = steps.with_columns(rank.alias("place")).join(
        lines.select("line_id", "set_rank"), on="line_id", how="left", validate="m:1"
    )
    told = ranked.filter((pl.col("operation") != "multiple_procedure") | pl.col("set_rank").is_null())
    last = pl.when(pl.col("set_line_share").is_not_null()).then(4).otherwise(2)
    assumed = lines.filter(pl.col("assumed").is_not_null()).select(
        "line_id", pl.lit(0, pl.Int32).alias("step"), pl.col("assumed").alias("detail"), last.alias("place")
    )
    rows = pl.concat(
        [told.select("line_id", "step", "detail", "place"), assumed.cast({"place": pl.Int32})],
        how="vertical_relaxed",
    )
    texts = (
        rows.sort("line_id", "place", "step")
        .group_by("line_id", maintain_order=True)
        .agg(pl.col("detail").str.join("; ").alias("arithmetic"))
    )
    named = texts.join(lines.select("line_id", "rate_row"), on="line_id", how="left", validate="1:1")
    row = pl.when(pl.col("rate_row").is_not_null()).then(pl.format("{}: ", "rate_row")).otherwise(pl.lit(""))
    return named.select("line_id", pl.concat_str(row, "arithmetic").alias("arithmetic"))
