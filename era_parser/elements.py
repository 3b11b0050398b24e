"""Segments of one tag -> their elements as columns, and what the typed columns cannot say."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import polars as pl

from era_parser.grammar import loops
from era_parser.registry import TableSpec, tables
from era_parser.segments import Batch, split_elements
from era_parser.values import is_typed, typed

PLACE = ["source", "interchange", "functional_group", "payment", "header", "claim", "line", "loop", "segment",
         "byte_offset"]  # fmt: skip

ROWS = {"claim": ("claim_row",), "service_line": ("line_row",), "adjustment": ("claim_row", "line_row")}


@dataclass
class Reading:
    """A batch on its way into tables.

    `parts` are the segments by tag, `tables` the finished frames by name (several to a name), each with the
    hidden column `source`; `bad` collects elements that could not be typed, for the findings.
    """

    batch: Batch
    parts: dict[str, pl.DataFrame]
    tables: dict[str, list[pl.DataFrame]] = field(default_factory=dict)
    bad: list[pl.DataFrame] = field(default_factory=list)

    def part(self, tag: str) -> pl.DataFrame:
        """Segments of a tag, in the order of the batch."""
        return self.parts[tag]

    def add(self, table: str, part: pl.DataFrame, columns: Mapping[str, pl.Series | pl.Expr]) -> None:
        """Add rows to a table: their place from `part`, the rest from `columns`; what is left out is null."""
        spec = tables()[table]
        values = [column.alias(name) for name, column in columns.items()]
        place = [c for c in PLACE if c in spec.place or c == "source"]
        frame = part.select(*place, *ROWS.get(table, ()), *values)
        self.tables.setdefault(table, []).append(frame)

    def keep_text(self, part: pl.DataFrame, tag: str, element: int | pl.Expr, text: pl.Series | str) -> None:
        """Keep the text of an element verbatim."""
        number = pl.lit(element, pl.Int32) if isinstance(element, int) else element.cast(pl.Int32)
        words = pl.lit(text) if isinstance(text, str) else text
        self.add("element_text", part, {"tag": pl.lit(tag), "element": number, "text": words})


def elements(reading: Reading, tag: str, limit: int, part: pl.DataFrame | None = None) -> pl.DataFrame:
    """Elements e1 ... of the segments of a tag, as texts; elements beyond `limit` go to `element_text`."""
    part = reading.part(tag) if part is None else part
    separator = reading.batch.element
    text = part["text"]
    count = text.str.count_matches(separator, literal=True)
    width = int(count.max() or 0) if len(part) else 0  # type: ignore[arg-type]
    frame = split_elements(text, separator, reading.batch.terminator, width + 1)
    frame = frame.rename({f"c{n}": f"e{n}" for n in range(width + 1)}).drop("e0")
    _keep_trailing(reading, part, tag, count)
    for extra in range(limit + 1, width + 1):
        sent = frame[f"e{extra}"].is_not_null()
        if sent.any():
            reading.keep_text(part.filter(sent), tag, extra, frame[f"e{extra}"].filter(sent))
    absent = pl.Series([None], dtype=pl.String).new_from_index(0, len(part))
    texts = {n: frame[f"e{n}"] if n <= width else absent for n in range(1, limit + 1)}
    return pl.DataFrame([series.alias(f"e{n}") for n, series in texts.items()])


def _keep_trailing(reading: Reading, part: pl.DataFrame, tag: str, count: pl.Series) -> None:
    """Keep the fact that a segment ends in element separators."""
    trailing = part["text"].str.ends_with(reading.batch.element)
    if trailing.any():
        rows = part.with_columns(count.alias("count")).filter(trailing)
        reading.keep_text(rows, tag, pl.col("count"), "")


def columns_of(
    reading: Reading, spec: TableSpec, tag: str, part: pl.DataFrame, frame: pl.DataFrame
) -> dict[str, pl.Series]:
    """Typed columns of a table from the elements of a segment, those that hold a whole element."""
    columns: dict[str, pl.Series] = {}
    for element, column in spec.elements(tag).items():
        if "-" in element:
            continue
        number = int(element[len(tag) :])
        columns[column.name] = value_of(reading, part, tag, number, frame[f"e{number}"], column.type)
    return columns


def note(reading: Reading, part: pl.DataFrame, *, repeated: bool = False) -> None:
    """Keep segments verbatim; `repeated` tells those that would have had a place, were it not taken."""
    if len(part):
        tag = part["text"].str.split(reading.batch.element).list.get(0)
        reading.add("segment_note", part, {"tag": tag, "text": part["text"], "repeated": pl.lit(repeated)})


def value_of(
    reading: Reading, part: pl.DataFrame, tag: str, number: int, text: pl.Series, kind: str
) -> pl.Series:
    """One element typed; odd texts are kept, untypable ones noted as bad."""
    if not is_typed(kind):
        return text
    value, odd = typed(text, kind)
    if odd.any():
        rows, words = part.filter(odd), text.filter(odd)
        reading.keep_text(rows, tag, number, words)
        bad = value.filter(odd).is_null()
        if bad.any():
            name = pl.lit(f"{tag}{number:02d}")
            reading.bad.append(
                rows.filter(bad).select(*PLACE, name.alias("element"), pl.lit(kind).alias("kind"))
            )
    return value


def complete(spec: TableSpec, frames: list[pl.DataFrame]) -> pl.DataFrame:
    """Give the rows of a table in order, with every column of the registry.

    `source` standing for the file's hash.
    """
    schema = {name: dtype for name, dtype in spec.schema.items() if name not in ("file_hash", "loop")}
    if "loop" in spec.schema:
        schema["loop"] = pl.UInt8()
    if not frames:
        hidden = {"repeated": pl.Boolean(), "claim_row": pl.Int32(), "line_row": pl.Int32()}
        return pl.DataFrame(schema={"source": pl.Int32(), **schema, **hidden})
    frame = pl.concat(frames, how="diagonal") if len(frames) > 1 else frames[0]
    absent = [name for name in schema if name not in frame.columns]
    frame = frame.with_columns(pl.lit(None, schema[name]).alias(name) for name in absent)
    return frame.sort("source", "segment", maintain_order=True) if len(frames) > 1 else frame


def loop_names() -> pl.Series:
    """Names of loops by code."""
    return pl.Series([None, *loops()], dtype=pl.String)
