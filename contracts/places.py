"""Where a line was rendered.

The site, its setting and its Medicare locality, or every candidate where that is not certain.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files

import polars as pl

from .practice import Practice, Site, split_zip

_SITE_KEYS = ("payee_npi", "payee_tin", "rendering_npi", "location_number")
_PLACE = (*_SITE_KEYS, "payee_zip", "facility_code", "service_date")
PLACE_COLUMNS = ("site", "setting", "mac", "locality", "locality_source", "place_problem", "split_unknown")


@cache
def _places_of_service() -> pl.DataFrame:
    path = files("contracts") / "data" / "place_of_service.csv"
    return pl.read_csv(path.read_bytes(), infer_schema=False).select(
        "facility_code", pl.col("setting").alias("pos_setting")
    )


def place_lines(lines: pl.DataFrame, practice: Practice, zip_locality: pl.DataFrame) -> pl.DataFrame:
    """Each line once for each candidate place, with PLACE_COLUMNS added and `place_count`.

    A line of no site stands at the payee's ZIP, said in `locality_source`. Without a known locality `mac` and
    `locality` are null and `place_problem` says why; `split_unknown` marks a split ZIP whose localities are
    not all known.
    """
    keyed = lines.with_columns(pl.struct(_PLACE).rank("dense").cast(pl.UInt32).alias("_place"))
    places = keyed.unique("_place", keep="any").select("_place", *_PLACE)
    sited = _located(_sited(places, practice), zip_locality)
    distinct = sited.unique(["_place", "setting", "mac", "locality"], keep="first", maintain_order=True)
    counted = distinct.with_columns(pl.len().over("_place").cast(pl.Int32).alias("place_count"))
    return keyed.join(counted.select("_place", "place_count", *PLACE_COLUMNS), on="_place", how="left").drop(
        "_place"
    )


def _sited(places: pl.DataFrame, practice: Practice) -> pl.DataFrame:
    """One row for each place and fitting site: site, zip, plus_four, setting, locality_source.

    A claim that says a facility (CLP08) is paid as one, whatever the site is; else the site's setting counts, and
    without a site the claim's (Medicare Claims Processing Manual ch. 12 s. 20.4.2, ch. 26 s. 10.5).
    """
    told = places.join(_places_of_service(), on="facility_code", how="left", validate="m:1")
    parts = [_at_site(told, site, index) for index, site in enumerate(practice.sites)]
    found = pl.concat(parts) if parts else told.clear().with_columns(_site=pl.lit(0, pl.Int32))
    elsewhere = told.join(found, on="_place", how="anti") if parts else told
    digits = pl.col("payee_zip").fill_null("").str.replace_all(r"\D", "")
    unknown = elsewhere.with_columns(
        site=pl.lit(None, pl.String),
        zip=pl.when(digits.str.len_chars().is_in([5, 9])).then(digits.str.slice(0, 5)),
        plus_four=digits.str.slice(5, 4),
        setting=pl.col("pos_setting").fill_null("nonfacility"),
        locality_source=pl.lit("payee ZIP"),
    )
    sited = pl.concat([found.drop("_site"), unknown], how="diagonal") if parts else unknown
    return sited.drop("pos_setting")


def _at_site(places: pl.DataFrame, site: Site, index: int) -> pl.DataFrame:
    given = [
        pl.col(key).is_in(list(values)).fill_null(value=False)
        for key in _SITE_KEYS
        if (values := getattr(site, key))
    ]
    zip_code, plus_four = split_zip(site.zip) or ("", "")
    return places.filter(pl.all_horizontal([pl.lit(value=True), *given])).with_columns(
        _site=pl.lit(index, pl.Int32),
        site=pl.lit(site.name),
        zip=pl.lit(zip_code),
        plus_four=pl.lit(plus_four),
        setting=pl.when(pl.col("pos_setting") == "facility")
        .then(pl.lit("facility"))
        .otherwise(pl.lit(site.setting)),
        locality_source=pl.lit(f"site {site.name}, ZIP {site.zip}"),
    )


def _located(sited: pl.DataFrame, zip_locality: pl.DataFrame) -> pl.DataFrame:
    """One row for each place and candidate locality."""
    asked = sited.select("zip", "plus_four", "service_date").unique()
    localities = _localities(asked, zip_locality)
    located = sited.join(localities, on=["zip", "plus_four", "service_date"], how="left", nulls_equal=True)
    day = pl.col("service_date").dt.to_string()
    unknown = (
        pl.when(pl.col("zip").is_null())
        .then(pl.lit("no site fits the line and the payee's ZIP is absent: add a [[site]] to shortpay.toml"))
        .when(pl.col("split_unknown"))
        .then(
            pl.format(
                "ZIP {} is split between localities that are not listed: give the site's ZIP+4 and load ZIP9",
                "zip",
            )
        )
        .when(pl.col("locality").is_null())
        .then(pl.format("ZIP {} is not in the ZIP-to-locality table for {}", "zip", day.fill_null("no date")))
    )
    return located.with_columns(
        pl.col("split_unknown").fill_null(value=False), unknown.alias("place_problem")
    ).sort("_place", "site", "setting", "mac", "locality", nulls_last=True)


def _localities(asked: pl.DataFrame, zip_locality: pl.DataFrame) -> pl.DataFrame:
    """Return the localities of each ZIP, +4 and date.

    A split ZIP has several; one that names only a single locality is unknown.
    """
    day = pl.col("service_date")
    rows = asked.join(
        zip_locality.select(
            "zip", pl.col("plus_four").alias("_four"), "mac", "locality", "split", "effective", "until"
        ),
        on="zip",
        how="inner",
    ).filter((day >= pl.col("effective")) & (pl.col("until").is_null() | (day <= pl.col("until"))))
    key = ["zip", "plus_four", "service_date"]
    exact = (pl.col("plus_four") != "") & (pl.col("_four") == pl.col("plus_four"))
    kept = rows.filter(exact | ~exact.any().over(key)).with_columns(exact.alias("_exact"))
    distinct = kept.unique([*key, "mac", "locality"], keep="first").with_columns(
        split_unknown=(pl.len().over(key) == 1) & (pl.col("split") == "1") & ~pl.col("_exact")
    )
    known = pl.when(~pl.col("split_unknown"))
    return distinct.select(
        *key, "split_unknown", known.then("mac").alias("mac"), known.then("locality").alias("locality")
    )
