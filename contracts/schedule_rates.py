"""Which row of a fee schedule prices a line."""

from __future__ import annotations

import polars as pl


def best_rows(covered: pl.DataFrame, fees: pl.DataFrame) -> pl.DataFrame:
    """Return the fee schedule row for each line: row, fee_cents, fee_row, ambiguous, fitting, unpriced_modifiers.

    In force on the date, modifiers among the line's, setting equal or empty; most modifiers win, then a given
    setting. What then remains with different rates is ambiguous. `unpriced_modifiers`: those of the line that
    change a price (an assistant at surgery, half of a service) while the row is for the whole service. Where the payer
    left out modifiers that were billed, the lower of the rates with and without them.
    """
    asked = covered.select(
        "row",
        "contract_ix",
        "code",
        "modifiers",
        "dropped_modifiers",
        "price_modifiers",
        "setting",
        "service_date",
    )
    dropped = asked.filter(pl.col("dropped_modifiers").list.len() > 0)
    if dropped.is_empty():
        return _best(asked, fees)
    as_billed = dropped.with_columns(pl.col("modifiers").list.set_union("dropped_modifiers"))
    both = pl.concat([_best(asked, fees), _best(as_billed, fees)])
    return both.sort("row", "fee_cents", maintain_order=True).unique("row", keep="first", maintain_order=True)


def _best(asked: pl.DataFrame, fees: pl.DataFrame) -> pl.DataFrame:
    weight = pl.col("row_modifiers").list.len() * 2 + (pl.col("row_setting") != "").cast(pl.UInt32)
    unpriced = pl.col("price_modifiers").list.set_difference("row_modifiers").list.sort().list.join(", ")
    fitting = (
        asked.join(fees, on=["contract_ix", "code"], how="inner")
        .filter(_fits())
        .with_columns(weight.alias("weight"), unpriced.alias("unpriced_modifiers"))
    )
    several = pl.len().over("row") > 1
    return pl.concat([_only(fitting.filter(~several)), _heaviest(fitting.filter(several))])


def _fits() -> pl.Expr:
    day = pl.col("service_date")
    return (
        (pl.col("effective").is_null() | (day >= pl.col("effective")))
        & (pl.col("until").is_null() | (day <= pl.col("until")))
        & ((pl.col("row_setting") == "") | (pl.col("row_setting") == pl.col("setting")))
        & (pl.col("row_modifiers").list.set_difference("modifiers").list.len() == 0)
    )


def _only(fitting: pl.DataFrame) -> pl.DataFrame:
    """Return the row of lines that one row fits."""
    return fitting.select(
        "row",
        pl.col("rate_cents").alias("fee_cents"),
        pl.col("rate_row").alias("fee_row"),
        ambiguous=pl.lit(value=False),
        fitting=pl.col("rate_row"),
        unpriced_modifiers=pl.col("unpriced_modifiers"),
    )


def _heaviest(fitting: pl.DataFrame) -> pl.DataFrame:
    """Return the row of lines that several rows fit: the most particular, ambiguous where these differ."""
    top = fitting.filter(pl.col("weight") == pl.col("weight").max().over("row"))
    return (
        top.sort("row", "fee_position")
        .group_by("row", maintain_order=True)
        .agg(
            pl.col("rate_cents").min().alias("fee_cents"),
            pl.col("rate_row").first().alias("fee_row"),
            (pl.col("rate_cents").n_unique() > 1).alias("ambiguous"),
            pl.col("rate_row").str.join(" and ").alias("fitting"),
            pl.col("unpriced_modifiers").min(),
        )
    )
