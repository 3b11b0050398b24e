"""From the candidate places of a line to one row a line, with what the multiple-procedure rules ask of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from .medicare import price_units
from .reductions import therapy_codes

if TYPE_CHECKING:
    from .reference import Reference

_KEY = ["code", "row_modifier", "setting", "mac", "locality", "price_date", "qp"]


def with_indicators(rated: pl.DataFrame, reference: Reference) -> pl.DataFrame:
    """Add Medicare's indicators and its own unit at the date of service.

    For contracts that follow its multiple-procedure rule, and for lines priced by Medicare itself; others have none,
    whatever lines are priced beside them.
    """
    asks = (pl.col("multiple_procedure") == "medicare") | (pl.col("rate_basis") == "medicare")
    dated = rated.with_columns(
        price_date=pl.col("service_date"), qp=pl.lit("no"), asks=asks.fill_null(value=False)
    )
    found = price_units(dated.filter("asks").select(_KEY).unique(), reference).select(
        *_KEY,
        pl.lit(value=True).alias("asks"),
        "indicator",
        "bilateral",
        "assistant_surgery",
        "endoscopic_base",
        "status",
        pl.col("rate_row").alias("medicare_row"),
        pl.col("pe").alias("pe_low"),
        pl.col("pe").alias("pe_high"),
        *(pl.col("full_cents").alias(f"medicare_full_{side}") for side in ("low", "high")),
        *(pl.col("reduced_cents").alias(f"medicare_reduced_{side}") for side in ("low", "high")),
        pl.col("problem").alias("unit_problem"),
    )
    joined = dated.join(found, on=[*_KEY, "asks"], how="left", nulls_equal=True, validate="m:1")
    return joined.drop("price_date", "qp", "asks")


def one_a_line(rated: pl.DataFrame) -> pl.DataFrame:
    """Candidates of one line become one row: low and high over them, texts of the lowest, places joined."""
    located = rated.with_columns(pl.format("{}-{}", "mac", "locality").alias("locality")).drop("row", "mac")
    single = located.filter(pl.col("place_count") == 1)
    several = located.filter(pl.col("place_count") > 1)
    if several.is_empty():
        return single
    texts = ("site", "locality", "locality_source", "place_problem")
    kept = [
        name
        for name in located.columns
        if name not in {"line_id", *texts} and not name.endswith(("_low", "_high"))
    ]
    low = [name for name in located.columns if name.endswith("_low")]
    high = [name for name in located.columns if name.endswith("_high")]
    ordered = several.sort("line_id", "base_low", "locality", "setting", "site", nulls_last=True)
    unknown = pl.col("base_low").is_null().any() | (pl.col("clause").n_unique() > 1)
    merged = ordered.group_by("line_id", maintain_order=True).agg(
        *(pl.col(name).first() for name in kept),
        *(
            pl.col(name).unique(maintain_order=True).drop_nulls().str.join(" | ").alias(name)
            for name in texts
        ),
        *(pl.when(~unknown).then(pl.col(name).min()).alias(name) for name in low),
        *(pl.when(~unknown).then(pl.col(name).max()).alias(name) for name in high),
        pl.col("rate_problem").drop_nulls().sort().first().alias("_problem"),
        unknown.alias("_unknown"),
    )
    undecided = pl.when("_unknown").then(
        pl.coalesce("_problem", pl.lit("the candidate sites are priced by different entries of the contract"))
    )
    merged = merged.with_columns(
        undecided.alias("rate_problem"),
        pl.col("split_unknown") | (pl.col("_unknown") & pl.col("_problem").is_null()),
    )
    return pl.concat([single, merged.select(located.columns)])


def with_therapy(lines: pl.DataFrame) -> pl.DataFrame:
    """Whether the code is of the therapy set, and what is not known about that on the date."""
    codes = therapy_codes()
    listed = codes.select("code", pl.lit(value=True).alias("listed")).unique()
    first, last = codes["effective"].min(), codes["until"].max()
    day = pl.col("service_date")
    verified = day.is_between(pl.lit(first, pl.Date), pl.lit(last, pl.Date)).fill_null(value=False)
    text = pl.format(
        "whether the multiple-procedure rule covers {} on {} is not known: load the release",
        "code",
        day.dt.to_string(),
    )
    return (
        lines.join(listed, on="code", how="left", validate="m:1")
        .with_columns(pl.col("listed").fill_null(value=False).alias("in_therapy_set"))
        .with_columns(
            pl.when(~verified).then(text).alias("therapy_problem"),
            pl.when(pl.col("indicator").is_null() & (pl.col("in_therapy_set") | ~verified))
            .then(pl.coalesce("unit_problem", text))
            .alias("indicator_problem"),
        )
    )
