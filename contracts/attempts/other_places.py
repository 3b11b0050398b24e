"""Other localities than the site's."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from .form import numbered, whole

if TYPE_CHECKING:
    from contracts.short_days import ShortDays

    from .form import Attempts


def _localities(cases: pl.DataFrame, localities: pl.DataFrame) -> Attempts:
    """Try `localities` (as_mac, as_locality, and the columns that tie them to a case) but the case's own."""
    keys = [name for name in localities.columns if name == "mac"]
    own = cases.select("case", "mac", "locality")
    pairs = own.join(localities, on=keys, how="inner") if keys else own.join(localities, how="cross")
    elsewhere = pairs.filter(
        (pl.col("as_mac") != pl.col("mac")) | (pl.col("as_locality") != pl.col("locality"))
    ).unique(["case", "as_mac", "as_locality"])
    labelled = elsewhere.with_columns(pl.format("{}-{}", "as_mac", "as_locality").alias("label"))
    return whole(numbered(labelled, "as_mac", "as_locality"))


def site_locality(days: ShortDays, cases: pl.DataFrame, whose: str) -> Attempts:  # noqa: ARG001
    zips = [site.zip[:5] for site in days.practice.sites]
    ours = days.reference.zip_locality.filter(pl.col("zip").is_in(zips))
    return _localities(
        cases, ours.select(pl.col("mac").alias("as_mac"), pl.col("locality").alias("as_locality")).unique()
    )


def contractor_locality(days: ShortDays, cases: pl.DataFrame, whose: str) -> Attempts:  # noqa: ARG001
    every = days.reference.gpci.select(
        "mac", pl.col("mac").alias("as_mac"), pl.col("locality").alias("as_locality")
    ).unique()
    return _localities(cases, every)
