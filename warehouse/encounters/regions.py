"""Whether two services were given to the same, a contiguous or a separate region: data/contiguous_region.csv."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from itertools import product
from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    from collections.abc import Sequence


@cache
def contiguous_regions() -> pl.DataFrame:
    """Return region, other, standing (contiguous or unknown), source; each pair once."""
    path = files("warehouse.encounters") / "data" / "contiguous_region.csv"
    return pl.read_csv(path.read_bytes(), infer_schema=False)


@cache
def _standings() -> dict[frozenset[str], str]:
    return {frozenset({one, other}): standing for one, other, standing, _ in contiguous_regions().iter_rows()}


def meeting(one: Sequence[str | None], other: Sequence[str | None]) -> str:
    """Return SAME, CONTIGUOUS, SEPARATE or CANNOT_TELL of the regions of two services (joined with ', ', None: not given)."""
    regions = [{name for text in side if text for name in text.split(", ")} for side in (one, other)]
    pairs = list(product(*regions))
    standings = {_standings().get(frozenset(pair), "separate") for pair in pairs}
    if regions[0] & regions[1]:
        return "SAME"
    if "contiguous" in standings:
        return "CONTIGUOUS"
    return "CANNOT_TELL" if not pairs or None in (*one, *other) or "unknown" in standings else "SEPARATE"
