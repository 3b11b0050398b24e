"""Which rows of the Medicare tables a price rests on: relative values, GPCI, conversion factor, by date."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    from .reference import Reference

QP_FACTOR_SINCE = dt.date(2026, 1, 1)
"""From this date of service qualifying APM participants have a conversion factor of their own.

S.1848(d)(1)(A)(iv).
"""


def with_rows(keys: pl.DataFrame, reference: Reference) -> pl.DataFrame:
    """Add to distinct price keys the scaled integers of their rows.

    RVU x 100, GPCI x 1,000, factor x 1,000,000; null where a table has no row in force on `price_date`.
    """
    rows = _with_rvu(keys, reference.rvu)
    rows = rows.join(_gpci(reference.gpci), on=["year", "mac", "locality"], how="left", validate="m:1")
    return _with_factor(rows, reference.conversion_factor)


def _scaled(column: str, scale: int) -> pl.Expr:
    return (pl.col(column) * scale).cast(pl.Int64)


def rvu_rows(keys: pl.DataFrame, rvu: pl.DataFrame) -> pl.DataFrame:
    """Return the relative-value row in force for each distinct (code, row_modifier, price_date).

    The latest release wins.
    """
    asked = keys.select("code", "row_modifier", "price_date").unique()
    day = pl.col("price_date")
    rows = asked.join(rvu, left_on=["code", "row_modifier"], right_on=["hcpcs", "modifier"], how="inner")
    in_force = rows.filter((day >= pl.col("effective")) & (day <= pl.col("until")))
    return in_force.sort("effective", "release", descending=True).unique(
        ["code", "row_modifier", "price_date"], keep="first", maintain_order=True
    )


def _with_rvu(keys: pl.DataFrame, rvu: pl.DataFrame) -> pl.DataFrame:
    found = rvu_rows(keys, rvu).select(
        "code",
        "row_modifier",
        "price_date",
        "release",
        "status",
        pl.col("multiple_procedure").alias("indicator"),
        "bilateral",
        "assistant_surgery",
        "endoscopic_base",
        _scaled("work_rvu", 100).alias("work"),
        _scaled("pe_nonfacility_rvu", 100).alias("pe_nonfacility"),
        _scaled("pe_facility_rvu", 100).alias("pe_facility"),
        _scaled("mp_rvu", 100).alias("mp"),
        _scaled("opps_pe_nonfacility_rvu", 100).alias("opps_nonfacility"),
        _scaled("opps_pe_facility_rvu", 100).alias("opps_facility"),
        _scaled("opps_mp_rvu", 100).alias("opps_mp"),
    )
    facility = pl.col("setting") == "facility"
    released = _released(keys, rvu)
    return (
        keys.join(found, on=["code", "row_modifier", "price_date"], how="left", validate="m:1")
        .join(released, on="price_date", how="left", validate="m:1")
        .with_columns(
            pe=pl.when(facility).then("pe_facility").otherwise("pe_nonfacility"),
            opps_pe=pl.when(facility).then("opps_facility").otherwise("opps_nonfacility"),
            year=pl.col("price_date").dt.year(),
        )
    )


def _released(keys: pl.DataFrame, rvu: pl.DataFrame) -> pl.DataFrame:
    """For each date, the release in force whatever the code (null: none is loaded)."""
    periods = rvu.select("effective", "until", pl.col("release").alias("release_in_force")).unique()
    dates = keys.select("price_date").unique()
    day = pl.col("price_date")
    return (
        dates.join(periods, how="cross")
        .filter((day >= pl.col("effective")) & (day <= pl.col("until")))
        .sort("effective", "release_in_force", descending=True)
        .unique("price_date", keep="first", maintain_order=True)
        .select("price_date", "release_in_force")
    )


def _gpci(gpci: pl.DataFrame) -> pl.DataFrame:
    return gpci.unique(["year", "mac", "locality"], keep="first", maintain_order=True).select(
        "year",
        "mac",
        "locality",
        _scaled("work", 1000).alias("gpci_work"),
        _scaled("pe", 1000).alias("gpci_pe"),
        _scaled("mp", 1000).alias("gpci_mp"),
    )


def _with_factor(rows: pl.DataFrame, factors: pl.DataFrame) -> pl.DataFrame:
    """Return the conversion factor in force. Before QPs had their own, a QP's factor is everyone's."""
    asked = rows.select("price_date", "qp").unique()
    day = pl.col("price_date")
    found = (
        asked.join(factors.rename({"qp": "factor_qp"}), how="cross")
        .filter((day >= pl.col("effective")) & (day <= pl.col("until")))
        .filter(
            (pl.col("qp") == pl.col("factor_qp")) | ((day < QP_FACTOR_SINCE) & (pl.col("factor_qp") == "no"))
        )
        .sort(pl.col("qp") != pl.col("factor_qp"), "effective", "source_file", "source_row")
        .unique(["price_date", "qp"], keep="first", maintain_order=True)
        .select(
            "price_date",
            "qp",
            _scaled("factor", 10**6).alias("factor"),
            pl.col("source").alias("factor_source"),
        )
    )
    return rows.join(found, on=["price_date", "qp"], how="left", validate="m:1")
