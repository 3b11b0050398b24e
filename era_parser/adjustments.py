"""Adjustments: CAS at claim and line level, PLB at provider level, remark codes."""

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from era_parser.elements import Fields, Reading, columns_of, fields, value_of
from era_parser.registry import tables
from era_parser.scan import Positions
from era_parser.spans import components

if TYPE_CHECKING:
    from collections.abc import Mapping

GROUPS = 6
"""Triplets of a CAS, pairs of a PLB."""


def read_adjustments(reading: Reading) -> None:
    if not len(reading.part("CAS")):
        return
    own = fields(reading, "CAS", 19)
    places, position = _groups(own, before=1, size=3)
    part = _repeated(own, places, position)
    elements = own.places.at(places)
    reason, amount, quantity = elements.run(3 * position - 1, 3)
    number = pl.col("position") * 3
    columns: Mapping[str, pl.Series | pl.Expr] = {
        "position": pl.col("position"),
        "group_code": elements.spans(1).texts(),
        "reason_code": reason.texts(),
        "adjustment_amount": value_of(reading, part, "CAS", number, amount, "money"),
        "adjustment_quantity": value_of(reading, part, "CAS", number + 1, quantity, "quantity"),
    }
    reading.add("adjustment", part, columns)


def read_provider_adjustments(reading: Reading) -> None:
    if not len(reading.part("PLB")):
        return
    own = fields(reading, "PLB", 14)
    fiscal = own.value(2, "date")
    places, position = _groups(own, before=2, size=2)
    part = _repeated(own, places, position)
    elements = own.places.at(places)
    code, amount = elements.run(2 * position + 1, 2)
    number = pl.col("position") * 2 + 1
    parts = components(code)
    odd = parts.empty | (parts.count > 1)
    if odd.any():
        reading.keep_text(part.filter(pl.Series(odd)), "PLB", number, code.at(odd).texts())
    columns: Mapping[str, pl.Series | pl.Expr] = {
        "provider_id": elements.spans(1).texts(),
        "fiscal_date": fiscal[pl.Series(places)],
        "position": pl.col("position"),
        "reason_code": parts.part(0).texts(),
        "reference_id": parts.part(1).texts(),
        "adjustment_amount": value_of(reading, part, "PLB", number + 1, amount, "money"),
    }
    reading.add("provider_adjustment", part, columns)


def _groups(own: Fields, *, before: int, size: int) -> tuple[Positions, Positions]:
    """Groups of `size` elements that repeat behind the first `before` ones: place of the segment, position.

    Each segment has a first one, sent or not, and of the others those that were sent.
    """
    number = np.clip(-(-(own.places.count - before) // size), 1, GROUPS)
    places = np.repeat(np.arange(len(number)), number)
    position = np.arange(1, len(places) + 1) - np.repeat(np.cumsum(number) - number, number)
    if len(places) == len(number):
        return places, position
    first = before + size * (position - 1) + 1
    elements = own.places.at(places)
    kept = np.logical_or.reduce([position == 1, *(spans.sent for spans in elements.run(first, size))])
    return places[kept], position[kept]


def _repeated(own: Fields, places: Positions, position: Positions) -> pl.DataFrame:
    """Frame of the segments, one row a group."""
    part = own.part if len(places) == len(own.part) else own.part[pl.Series(places)]
    return part.with_columns(pl.Series("position", position, dtype=pl.Int32))


def read_remarks(reading: Reading) -> None:
    part = reading.part("LQ")
    if len(part):
        own = fields(reading, "LQ", 2)
        columns: dict[str, pl.Series | pl.Expr] = {
            "remark_qualifier": own.text(1),
            "remark_code": own.text(2),
            "position": pl.lit(1, pl.Int32),
        }
        reading.add("remark", part, columns)
    for table, tag, places in (
        ("inpatient", "MIA", (5, 20, 21, 22, 23)),
        ("outpatient", "MOA", (3, 4, 5, 6, 7)),
    ):
        part = reading.part(tag)
        if not len(part):
            continue
        spec = tables()[table]
        own = fields(reading, tag, len(spec.elements(tag)))
        reading.add(table, part, columns_of(own, spec))
        for position, number in enumerate(places, 1):
            code = own.text(number)
            sent = code.is_not_null()
            if sent.any():
                columns = {"remark_qualifier": pl.lit(tag), "remark_code": code.filter(sent),
                           "position": pl.lit(position, pl.Int32)}  # fmt: skip
                reading.add("remark", part.filter(sent), columns)
