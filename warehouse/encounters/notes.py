"""Notes as text only: what a treatment note must tell, as far as words show it, and how like an earlier note it is.

A word is evidence and not proof: an element is found or not found, never missing. Rules: data/thresholds.toml and
data/documentation_element.csv (Pub. 100-02 ch. 15 s. 220.3 E, whose sixth element, the date, is the row's own).
"""

from __future__ import annotations

import re
import tomllib
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

import polars as pl
from rapidfuzz import fuzz, process

if TYPE_CHECKING:
    from collections.abc import Sequence

_DATA = files("warehouse.encounters") / "data"


@cache
def settings() -> dict[str, int]:
    """Return least_characters, most_characters, alike (percent) and look_back."""
    return tomllib.loads((_DATA / "thresholds.toml").read_text(encoding="utf-8"))


@cache
def _elements() -> dict[str, re.Pattern[str]]:
    table = pl.read_csv((_DATA / "documentation_element.csv").read_bytes(), infer_schema=False)
    # letters after a name are written large; everything else in any case
    return {
        element: re.compile(pattern, 0 if element == "professional identification" else re.IGNORECASE)
        for element, pattern, _ in table.iter_rows()
    }


def element_names() -> list[str]:
    """Return the elements that are looked for in the text, in their order."""
    return list(_elements())


def elements_found(text: str) -> list[str]:
    """Return the elements of which a note shows a word, in their order."""
    return [element for element, pattern in _elements().items() if pattern.search(text)]


def comparable(text: str) -> str:
    """Return a note as it is compared: one case, one space, every number alike; empty where it is too short."""
    plain = re.sub(r"\s+", " ", re.sub(r"\d+", "#", text.casefold())).strip()
    return plain[: settings()["most_characters"]] if len(plain) >= settings()["least_characters"] else ""


def similarities(pairs: Sequence[tuple[str, str]]) -> list[float]:
    """Return how like the notes of each pair are, in percent to a tenth; 0 where one is too short to be compared."""
    ready = [(comparable(one), comparable(other)) for one, other in pairs]
    if not ready:
        return []
    scores = process.cpdist([one for one, _ in ready], [other for _, other in ready], scorer=fuzz.ratio)
    return [
        round(float(score), 1) if one and other else 0.0
        for (one, other), score in zip(ready, scores, strict=True)
    ]
