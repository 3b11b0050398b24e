"""Segments that complete another one.

N3 and N4 of a party, TS2 of a summary, BPR, TRN and CUR of a payment.
"""

import polars as pl

from era_parser.elements import Reading, columns_of, elements, note
from era_parser.registry import tables

NM1_COLUMNS = ("entity_code", "entity_type_code", "name", "first_name", "middle_name", "prefix", "suffix",
               "id_qualifier", "id", "relationship_code", "related_entity_code", "second_name")  # fmt: skip
N1_COLUMNS = ("entity_code", "name", "id_qualifier", "id", "relationship_code", "related_entity_code")
ADDRESS_PLACE = ["payment", "claim_row", "line_row", "loop"]


def read_payments(reading: Reading) -> None:
    part = reading.part("ST")
    if not len(part):
        return
    spec = tables()["payment"]
    columns: dict[str, pl.Series | pl.Expr] = {}
    columns.update(columns_of(reading, spec, "ST", part, elements(reading, "ST", 3)))
    merged = part.select("source", "payment")
    for tag, limit, ordinal in (
        ("BPR", 21, "payment_segment"),
        ("TRN", 4, "trace_segment"),
        ("CUR", 3, "currency_segment"),
    ):
        rows, repeated = _first_of(reading.part(tag), "source", "payment")
        note(reading, repeated, repeated=True)
        values = columns_of(reading, spec, tag, rows, elements(reading, tag, limit, rows))
        frame = rows.select("source", "payment", pl.col("segment").alias(ordinal)).with_columns(
            series.alias(name) for name, series in values.items()
        )
        joined = merged.join(
            frame, on=["source", "payment"], how="left", maintain_order="left", validate="1:1"
        )
        columns.update({name: joined[name] for name in [ordinal, *values]})
    reading.add("payment", part, columns)


def read_summaries(reading: Reading) -> None:
    part = reading.part("TS3")
    (rows,) = _owned([part], [reading.part("TS2")], ["payment", "header"])
    supplement = _attached(reading, rows, "TS2", "provider_summary", 19, "supplement_segment")
    if len(part):
        columns = columns_of(reading, tables()["provider_summary"], "TS3", part, elements(reading, "TS3", 24))
        reading.add("provider_summary", part, {**columns, **_joined(part, [supplement])})


def read_parties(reading: Reading) -> None:
    owners = [reading.part("N1"), reading.part("NM1")]
    streets, cities = _owned(owners, [reading.part("N3"), reading.part("N4")], ADDRESS_PLACE)
    attached = [
        _attached(reading, streets, "N3", "party", 2, "address_segment"),
        _attached(reading, cities, "N4", "party", 7, "city_segment"),
    ]
    for tag, names in (("N1", N1_COLUMNS), ("NM1", NM1_COLUMNS)):
        part = reading.part(tag)
        if not len(part):
            continue
        frame = elements(reading, tag, len(names))
        columns = {name: frame[f"e{n}"] for n, name in enumerate(names, 1)}
        extra = _joined(part, attached) if tag == "N1" or any(len(a) for a in attached) else {}
        reading.add("party", part, {"party_tag": pl.lit(tag), **columns, **extra})


def _first_of(part: pl.DataFrame, *keys: str) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Rows that are the first of their keys, and the others."""
    first = pl.struct(*keys).is_first_distinct()
    return part.filter(first), part.filter(first.not_())


def _owned(owners: list[pl.DataFrame], owned: list[pl.DataFrame], place: list[str]) -> list[pl.DataFrame]:
    """`owned` with `owner`: the segment ordinal of the last owner before, null where its place is another."""
    keys = ["source", *place]
    all_rows = pl.concat(
        [
            f.select(*keys, "segment", pl.lit(n < len(owners)).alias("own"))
            for n, f in enumerate([*owners, *owned])
        ]
    ).sort("source", "segment")
    mine = pl.struct(*keys)
    last = pl.when(pl.col("own"))
    all_rows = all_rows.with_columns(
        last.then(pl.col("segment")).forward_fill().alias("owner"),
        last.then(mine).forward_fill().alias("owner_place"),
    ).with_columns(pl.when(pl.col("owner_place") == mine).then(pl.col("owner")).alias("owner"))
    found = all_rows.filter(pl.col("own").not_()).select("source", "segment", "owner")
    return [
        f.join(found, on=["source", "segment"], how="left", maintain_order="left", validate="1:1")
        for f in owned
    ]


def _attached(
    reading: Reading, rows: pl.DataFrame, tag: str, table: str, limit: int, ordinal: str
) -> pl.DataFrame:
    """Values of the first segment of a tag for each owner; further ones and strays become notes."""
    note(reading, rows.filter(pl.col("owner").is_null()))
    first, repeated = _first_of(rows.filter(pl.col("owner").is_not_null()), "source", "owner")
    note(reading, repeated, repeated=True)
    values = columns_of(reading, tables()[table], tag, first, elements(reading, tag, limit, first))
    return first.select(
        "source", pl.col("owner").alias("segment"), pl.col("segment").alias(ordinal)
    ).with_columns(series.alias(name) for name, series in values.items())


def _joined(part: pl.DataFrame, attached: list[pl.DataFrame]) -> dict[str, pl.Series]:
    frame = part.select("source", "segment")
    for other in attached:
        frame = frame.join(other, on=["source", "segment"], how="left", maintain_order="left", validate="1:1")
    return {name: frame[name] for name in frame.columns if name not in ("source", "segment")}
