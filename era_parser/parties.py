"""Segments that complete another one.

N3 and N4 of a party, TS2 of a summary, BPR, TRN and CUR of a payment.
"""

import numpy as np
import polars as pl

from era_parser.elements import Reading, columns_of, fields, note
from era_parser.grammar import tag_code
from era_parser.registry import tables
from era_parser.segments import Elements

NM1_COLUMNS = ("entity_code", "entity_type_code", "name", "first_name", "middle_name", "prefix", "suffix",
               "id_qualifier", "id", "relationship_code", "related_entity_code", "second_name")  # fmt: skip
N1_COLUMNS = ("entity_code", "name", "id_qualifier", "id", "relationship_code", "related_entity_code")
ADDRESS_PLACE = ["source", "payment", "claim_row", "line_row", "loop"]
ABSENT = 99
"""Number of an element that no segment has."""


def read_payments(reading: Reading) -> None:
    part = reading.part("ST")
    if not len(part):
        return
    spec = tables()["payment"]
    columns: dict[str, pl.Series | pl.Expr] = {}
    columns.update(columns_of(fields(reading, "ST", 3), spec))
    merged = part.select("source", "payment")
    for tag, limit, ordinal in (
        ("BPR", 21, "payment_segment"),
        ("TRN", 4, "trace_segment"),
        ("CUR", 3, "currency_segment"),
    ):
        rows, repeated = _first_of(reading.part(tag), "source", "payment")
        note(reading, repeated, repeated=True)
        values = columns_of(fields(reading, tag, limit, rows), spec)
        frame = rows.select("source", "payment", pl.col("segment").alias(ordinal)).with_columns(
            column.alias(name) for name, column in values.items()
        )
        joined = merged.join(
            frame, on=["source", "payment"], how="left", maintain_order="left", validate="1:1"
        )
        columns.update({name: joined[name] for name in [ordinal, *values]})
    reading.add("payment", part, columns)


def read_summaries(reading: Reading) -> None:
    part = reading.part("TS3")
    place = ["source", "payment", "header"]
    supplement = _attached(reading, part, "TS2", "provider_summary", "supplement_segment", place)
    if len(part):
        columns = columns_of(fields(reading, "TS3", 24), tables()["provider_summary"])
        reading.add("provider_summary", part, {**columns, **supplement})


def read_parties(reading: Reading) -> None:
    n1, nm1 = fields(reading, "N1", len(N1_COLUMNS)), fields(reading, "NM1", len(NM1_COLUMNS))
    part = pl.concat([n1.part, nm1.part])
    order = np.argsort(part["row"].to_numpy(), kind="stable")
    part = part[pl.Series(order)]
    columns: dict[str, pl.Series | pl.Expr] = {
        **_attached(reading, part, "N3", "party", "address_segment", ADDRESS_PLACE),
        **_attached(reading, part, "N4", "party", "city_segment", ADDRESS_PLACE),
    }
    if not len(part):
        return
    short = (part["tag"] == tag_code("N1")).to_numpy()
    places = Elements.of(reading.cut, part["row"].to_numpy())
    for name in NM1_COLUMNS:
        numbers = [names.index(name) + 1 if name in names else ABSENT for names in (N1_COLUMNS, NM1_COLUMNS)]
        columns[name] = places.spans(np.where(short, *numbers)).texts()
    reading.add("party", part, {"party_tag": reading.tags(part), **columns})


def _first_of(part: pl.DataFrame, *keys: str) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Rows that are the first of their keys, and the others."""
    first = pl.struct(*keys).is_first_distinct()
    return part.filter(first), part.filter(first.not_())


def _attached(
    reading: Reading, owners: pl.DataFrame, tag: str, table: str, ordinal: str, place: list[str]
) -> dict[str, pl.Series]:
    """Values of the first segment of a tag behind each owner in the same place, a row an owner.

    `ordinal` names the column that says which segment it was. Further ones and strays become notes.
    """
    spec, part = tables()[table], reading.part(tag)
    owner = np.searchsorted(owners["row"].to_numpy(), part["row"].to_numpy()) - 1
    behind = part.with_columns(pl.Series("owner", owner)).filter(pl.col("owner") >= 0)
    same = pl.all_horizontal(pl.col(name).eq_missing(owners[name].gather(behind["owner"])) for name in place)
    mine = behind.filter(same) if len(behind) else behind
    note(reading, part.join(mine, on="row", how="anti", maintain_order="left"))
    first, repeated = _first_of(mine, "owner")
    note(reading, repeated, repeated=True)
    place_of = np.full(len(owners), -1)
    place_of[first["owner"].to_numpy()] = np.arange(len(first))
    index = pl.Series(place_of).to_frame("n").select(pl.when(pl.col("n") >= 0).then("n"))["n"]
    values = columns_of(fields(reading, tag, len(spec.elements(tag)), first), spec)
    frame = first.select(pl.col("segment").alias(ordinal)).with_columns(
        column.alias(name) for name, column in values.items()
    )
    return {name: frame[name].gather(index) for name in frame.columns}
