"""The Medicare physician fee schedule amount of one unit, exactly as CMS computes it.

    amount = (work x GPCI + practice expense x GPCI + malpractice x GPCI) x conversion factor

in scaled integers (RVU x 100, GPCI x 1,000, factor x 1,000,000), rounded once, half-up, to cents. With the
therapy reduction the practice expense is halved before that one rounding. Sources: CMS RVU25D.pdf p. 2;
agreement with amounts CMS computed itself is counted in tests/contracts/test_cms_amounts.py.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import polars as pl

from .money import decimals, dollars, half_up

if TYPE_CHECKING:
    from .reference import Reference

PRICE_KEY = ("code", "row_modifier", "setting", "mac", "locality", "price_date", "qp")
PAYABLE_STATUS = ("A", "R", "T")
"""Only the relative values of these are used for payment: RVU25D.pdf p. 6."""
UNKNOWN_STATUS = ("C", "J")
"""Medicare pays these, but not by relative values: contractor-priced, anaesthesia."""
ROW_MODIFIERS = ("26", "TC", "53")
"""Modifiers that have rows of their own in PPRRVU: RVU25D.pdf p. 6."""
QP_FACTOR_SINCE = dt.date(2026, 1, 1)
"""From this date of service qualifying APM participants have a conversion factor of their own.

S.1848(d)(1)(A)(iv).
"""

_CENTS_SCALE = 10**9  # RVU 10^2 x GPCI 10^3 x factor 10^6, less 10^2 for cents


def price_units(keys: pl.DataFrame, reference: Reference) -> pl.DataFrame:
    """Price distinct keys (PRICE_KEY; `qp` is 'yes' or 'no').

    Adds: release, status, indicator (multiple procedure), pe (hundredths of an RVU, of the setting),
    full_cents, reduced_cents, rate_row, formula, price_source; `problem` (what is missing) where there is no
    amount; `unpayable` where Medicare has no price for the code. One row a key.
    """
    rows = _with_rvu(keys, reference.rvu)
    rows = rows.join(_gpci(reference.gpci), on=["year", "mac", "locality"], how="left", validate="m:1")
    rows = _with_factor(rows, reference.conversion_factor)
    amounts = rows.with_columns(_problem(), unpayable=_unpayable()).with_columns(_full(), _reduced())
    priced = pl.col("problem").is_null()
    return amounts.with_columns(
        pl.when(priced).then("full_cents"), pl.when(priced).then("reduced_cents"), *_texts()
    ).select(
        *PRICE_KEY,
        "release",
        "status",
        "indicator",
        "pe",
        "full_cents",
        "reduced_cents",
        "rate_row",
        "formula",
        "price_source",
        "problem",
        "unpayable",
    )


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


def _sum(pe: str, mp: str, whole: int) -> pl.Expr:
    """`whole` times the geographically adjusted total, with the practice expense taken once.

    Whole = 2 halves it.
    """
    return (
        pl.col("work") * pl.col("gpci_work") * whole
        + pl.col(pe) * pl.col("gpci_pe")
        + pl.col(mp) * pl.col("gpci_mp") * whole
    )


def _full() -> pl.Expr:
    ordinary = half_up(_sum("pe", "mp", 1) * pl.col("factor"), _CENTS_SCALE)
    capped = half_up(_sum("opps_pe", "opps_mp", 1) * pl.col("factor"), _CENTS_SCALE)
    has_cap = (pl.col("opps_pe") > 0).fill_null(value=False)
    return pl.when(has_cap).then(pl.min_horizontal(ordinary, capped)).otherwise(ordinary).alias("full_cents")


def _reduced() -> pl.Expr:
    return half_up(_sum("pe", "mp", 2) * pl.col("factor"), 2 * _CENTS_SCALE).alias("reduced_cents")


def _unpayable() -> pl.Expr:
    return (~pl.col("status").is_in([*PAYABLE_STATUS, *UNKNOWN_STATUS])).fill_null(value=False)


def _problem() -> pl.Expr:
    day = pl.col("price_date").dt.to_string()
    code = pl.concat_str(
        "code",
        pl.when(pl.col("row_modifier") != "").then(pl.format("-{}", "row_modifier")).otherwise(pl.lit("")),
    )
    valueless = (pl.col("work") + pl.col("pe") + pl.col("mp")) == 0
    return (
        pl.when(pl.col("price_date").is_null())
        .then(pl.lit("no date of service"))
        .when(pl.col("release_in_force").is_null())
        .then(pl.format("no PPRRVU release is loaded for {}: load the one in force on that day", day))
        .when(pl.col("status").is_null())
        .then(pl.format("{} is not in {} as loaded", code, "release_in_force"))
        .when(~pl.col("status").is_in(PAYABLE_STATUS))
        .then(pl.format("{} has status {} in {}: not priced by relative values", code, "status", "release"))
        .when(valueless)
        .then(
            pl.format(
                "{} has status {} in {} but no relative values: priced by the contractor",
                code,
                "status",
                "release",
            )
        )
        .when(pl.col("mac").is_null())
        .then(pl.lit("no locality"))
        .when(pl.col("gpci_work").is_null())
        .then(pl.format("no {} GPCI is loaded for locality {}-{}", "year", "mac", "locality"))
        .when(pl.col("factor").is_null())
        .then(pl.format("no conversion factor is loaded for {} (QP: {})", day, "qp"))
        .alias("problem")
    )


def _texts() -> tuple[pl.Expr, ...]:
    code = pl.concat_str(
        "code",
        pl.when(pl.col("row_modifier") != "").then(pl.format("-{}", "row_modifier")).otherwise(pl.lit("")),
    )
    formula = pl.format(
        "({} x {} + {} x {} + {} x {}) x {} = {}",
        decimals(pl.col("work"), 2),
        decimals(pl.col("gpci_work"), 3),
        decimals(pl.col("pe"), 2),
        decimals(pl.col("gpci_pe"), 3),
        decimals(pl.col("mp"), 2),
        decimals(pl.col("gpci_mp"), 3),
        decimals(pl.col("factor"), 6).str.replace(r"0{1,2}$", ""),
        dollars(pl.col("full_cents")),
    )
    return (
        pl.format("PPRRVU {} {}, {}-{}", "release", code, "mac", "locality").alias("rate_row"),
        formula.alias("formula"),
        pl.format(
            "PPRRVU {} {}; GPCI {} {}-{}; conversion factor {}",
            "release",
            code,
            "year",
            "mac",
            "locality",
            "factor_source",
        ).alias("price_source"),
    )
