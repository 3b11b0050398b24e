"""The Medicare unit of each line: at every date and conversion factor it may be priced with, low and high."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from .medicare import PRICE_KEY, price_units

if TYPE_CHECKING:
    from .practice import Practice
    from .reference import Reference

_TEXTS = (
    "rate_row",
    "formula",
    "cap_formula",
    "reduced_formula",
    "price_source",
    "uncapped_cents",
)


def medicare_rates(covered: pl.DataFrame, reference: Reference, practice: Practice) -> pl.DataFrame:
    """Price each row of `covered` (row, PRICE_KEY's sources, factor_choice, year); one row a row.

    Texts of the lowest amount, `full`, `half`, `exact` and `half_exact` low and high, `problem`, `unpayable`.
    Where one of several dates or factors has no price, none has.
    """
    distinct = _asked(covered, practice)
    keyed = _price_keys(distinct.drop("row").unique("ask", keep="any"), reference, practice)
    prices = price_units(keyed.select(PRICE_KEY).unique(), reference)
    priced = keyed.join(prices, on=PRICE_KEY, how="left", nulls_equal=True, validate="m:1")
    low = pl.col("full_cents") == pl.col("full_cents").min()
    known = pl.col("full_cents").is_null().any().not_()
    ranged = {
        "full": "full_cents",
        "half": "reduced_cents",
        "exact": "full_exact",
        "half_exact": "reduced_exact",
    }
    found = priced.group_by("ask").agg(
        *(pl.when(known).then(pl.col(name).filter(low).first()).alias(name) for name in _TEXTS),
        *(pl.when(known).then(pl.col(name).min()).alias(f"{own}_low") for own, name in ranged.items()),
        *(pl.when(known).then(pl.col(name).max()).alias(f"{own}_high") for own, name in ranged.items()),
        pl.col("problem").drop_nulls().sort().first(),
        pl.col("unpayable").any(),
    )
    return distinct.select("row", "ask").join(found, on="ask", how="left", validate="m:1").drop("ask")


_ASKED = (
    "code",
    "row_modifier",
    "setting",
    "mac",
    "locality",
    "rendering_npi",
    "factor_choice",
    "year",
    "service_date",
)


def _asked(covered: pl.DataFrame, practice: Practice) -> pl.DataFrame:
    """Give each distinct question a number: many lines ask the same, which is priced once."""
    qualifying = [one.npi for one in practice.clinicians if one.qp_years]
    npi = pl.when(pl.col("rendering_npi").is_in(qualifying)).then("rendering_npi")
    asked = covered.select("row", *_ASKED).with_columns(npi.alias("rendering_npi"))
    return asked.with_columns(pl.struct(_ASKED).rank("dense").cast(pl.UInt32).alias("ask"))


def _price_keys(dated: pl.DataFrame, reference: Reference, practice: Practice) -> pl.DataFrame:
    """Each question once for each date and conversion factor it may be priced with."""
    qp_years = [(one.npi, year) for one in practice.clinicians for year in one.qp_years]
    years = pl.DataFrame(
        qp_years, schema={"rendering_npi": pl.String, "qp_year": pl.Int32}, orient="row"
    ).unique()
    dated = dated.join(fixed_year_dates(dated, reference), on="year", how="left").with_columns(
        price_date=pl.when(pl.col("year").is_null()).then("service_date").otherwise("year_date")
    )
    flagged = dated.with_columns(pl.col("price_date").dt.year().alias("qp_year")).join(
        years.with_columns(is_qp=pl.lit(value=True)),
        on=["rendering_npi", "qp_year"],
        how="left",
        validate="m:1",
    )
    return flagged.with_columns(_factors().alias("qp")).explode("qp").select("ask", *PRICE_KEY)


def _factors() -> pl.Expr:
    qp = pl.col("is_qp").fill_null(value=False)
    choice = pl.col("factor_choice")
    return (
        pl.when(choice == "qp")
        .then(pl.lit(["yes"]))
        .when((choice == "non_qp") | ~qp)
        .then(pl.lit(["no"]))
        .when(choice == "clinician")
        .then(pl.lit(["yes"]))
        .otherwise(pl.lit(["no", "yes"]))
    )


def fixed_year_dates(dated: pl.DataFrame, reference: Reference) -> pl.DataFrame:
    """For each fixed fee-schedule year asked for, the days on which something changed in it.

    A year with two factors has two prices.
    """
    years = dated.select("year").drop_nulls().unique()
    first = pl.date(pl.col("year"), 1, 1)
    starts = [
        frame.select(pl.col("effective").alias("year_date")).unique()
        for frame in (reference.rvu, reference.conversion_factor)
    ]
    changes = years.join(pl.concat(starts).unique(), how="cross").filter(
        pl.col("year_date").dt.year() == pl.col("year")
    )
    return (
        pl.concat([changes, years.with_columns(first.alias("year_date")).select("year", "year_date")])
        .unique()
        .sort("year", "year_date")
    )
