"""The tables a payer may have priced from instead of those in force: each a reference and rates of its own."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import polars as pl

from .rates import Rates

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from .practice import Practice
    from .reference import Reference
    from .terms import Contract, Terms


@dataclass(frozen=True)
class World:
    """What a price is taken from."""

    rates: Rates
    reference: Reference


def world(
    name: str, terms: Terms, contracts: Sequence[Contract], reference: Reference, practice: Practice
) -> World:
    """Return the world that data/hypothesis.toml names. Raises KeyError where there is none of that name."""
    changed = _REFERENCES[name](reference) if name not in _ENTRIES else reference
    rates = Rates.of(terms, contracts, changed, practice)
    if name in _ENTRIES:
        rates = replace(rates, entries=rates.entries.with_columns(_ENTRIES[name]))
    return World(rates, changed)


def _same(reference: Reference) -> Reference:
    return reference


def _previous_factor(reference: Reference) -> Reference:
    """Give every period the factor of the one before; before QPs had their own, everyone's."""
    factors = reference.conversion_factor.sort("effective", "source_file", "source_row")
    before = factors.filter(pl.col("qp") == "no").select(
        (pl.col("effective") + pl.duration(days=1)).alias("effective"), "factor", "source"
    )
    shifted = (
        factors.drop("factor", "source")
        .join_asof(before.sort("effective"), on="effective", strategy="backward")
        .filter(pl.col("factor").is_not_null())
        .select(factors.columns)
    )
    return replace(reference, conversion_factor=shifted)


def _previous_gpci(reference: Reference) -> Reference:
    return replace(reference, gpci=reference.gpci.with_columns(pl.col("year") + 1))


def _previous_values(reference: Reference) -> Reference:
    """Give every release the dates of the one after it."""
    periods = (
        reference.rvu.group_by("release", "effective").agg(pl.col("until").max()).sort("effective", "release")
    )
    after = periods.select(
        "release",
        "effective",
        pl.col("effective").shift(-1).alias("_from"),
        pl.col("until").shift(-1).alias("_to"),
    )
    shifted = (
        reference.rvu.join(after, on=["release", "effective"], how="left", validate="m:1")
        .filter(pl.col("_from").is_not_null())
        .with_columns(effective=pl.col("_from"), until=pl.col("_to"))
        .select(reference.rvu.columns)
    )
    return replace(reference, rvu=shifted)


def _national(reference: Reference) -> Reference:
    """The indices that change nothing: RVU26A, national amounts."""
    one = pl.lit(1).cast(reference.gpci.schema["work"])
    return replace(
        reference, gpci=reference.gpci.with_columns(one.alias(name) for name in ("work", "pe", "mp"))
    )


_REFERENCES: dict[str, Callable[[Reference], Reference]] = {
    "as_it_is": _same,
    "previous_factor": _previous_factor,
    "previous_gpci": _previous_gpci,
    "previous_values": _previous_values,
    "national": _national,
}
_ENTRIES = {
    "not_qp": pl.when(pl.col("factor_choice").is_not_null()).then(pl.lit("non_qp")).alias("factor_choice"),
    "year_of_service": pl.lit(None, pl.Int32).alias("year"),
}
