"""Segments of one tag -> their elements as columns, and what the typed columns cannot say."""

import functools
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import polars as pl

from era_parser.grammar import loops
from era_parser.pieces import Batch
from era_parser.registry import DTYPES, TableSpec, tables
from era_parser.scan import Scan
from era_parser.segments import Elements, Segments
from era_parser.spans import Spans, nothing
from era_parser.values import is_typed

PLACE = ["source", "interchange", "functional_group", "payment", "header", "claim", "line", "loop", "segment",
         "byte_offset"]  # fmt: skip

EXTRAS = 40
"""Elements beyond those of the guide that are kept one by one: a file's maker may send millions in each segment."""
ROWS = {"claim": ("claim_row",), "service_line": ("line_row",), "adjustment": ("claim_row", "line_row")}


@dataclass
class Reading:
    """A batch on its way into tables.

    `parts` are the segments by tag, `tables` the finished frames by name (several to a name), each with the
    hidden column `source`; `bad` collects elements that could not be typed, for the findings.
    """

    batch: Batch
    segments: Segments
    parts: dict[str, pl.DataFrame]
    tables: dict[str, list[pl.DataFrame]] = field(default_factory=dict)
    bad: list[pl.DataFrame] = field(default_factory=list)

    @property
    def cut(self) -> Scan:
        return self.segments.scan

    def texts(self, part: pl.DataFrame) -> pl.Series:
        """Whole segments."""
        return self.segments.texts(part["row"])

    def tags(self, part: pl.DataFrame) -> pl.Series:
        """What stands before the first element separator, whether the grammar knows it or not."""
        rows = part["row"].to_numpy()
        return (
            Spans(self.cut, self.cut.start[rows], self.cut.marks[self.cut.first[rows]]).texts().fill_null("")
        )

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

    def keep_text(self, part: pl.DataFrame, tag: str, number: int | pl.Expr, text: pl.Series | str) -> None:
        """Keep the text of an element verbatim."""
        place = pl.lit(number, pl.Int32) if isinstance(number, int) else number.cast(pl.Int32)
        words = pl.lit(text) if isinstance(text, str) else text
        self.add("element_text", part, {"tag": pl.lit(tag), "element": place, "text": words})


@dataclass(frozen=True)
class Fields:
    """Elements of the segments of a tag, `part` being their frame."""

    reading: Reading
    tag: str
    part: pl.DataFrame

    @cached_property
    def places(self) -> Elements:
        return Elements.of(self.reading.cut, self.part["row"].to_numpy())

    def spans(self, number: int) -> Spans:
        """Where element `number`, from 1, stands."""
        return self.places.spans(number)

    def text(self, number: int) -> pl.Series:
        absent = number > self.places.most
        return nothing(pl.String(), len(self.part)) if absent else self.spans(number).texts()

    def value(self, number: int, kind: str) -> pl.Series:
        if number > self.places.most:
            return nothing(DTYPES[kind], len(self.part))
        return value_of(self.reading, self.part, self.tag, number, self.spans(number), kind)


def fields(reading: Reading, tag: str, limit: int, part: pl.DataFrame | None = None) -> Fields:
    """Elements of the segments of a tag; what is sent beyond `limit` goes to `element_text`.

    Of a segment with more than EXTRAS of these, the others stand there together, as one text.
    """
    part = reading.part(tag) if part is None else part
    own = Fields(reading, tag, part)
    _keep_trailing(own)
    last = limit + EXTRAS
    for extra in range(limit + 1, min(own.places.most, last) + 1):
        _keep_extra(own, extra, own.spans(extra))
    if own.places.most > last:
        _keep_extra(own, last + 1, own.places.rest(last + 1))
    return own


def _keep_extra(own: Fields, number: int, spans: Spans) -> None:
    if spans.sent.any():
        rows = pl.Series(spans.sent)
        own.reading.keep_text(own.part.filter(rows), own.tag, number, spans.at(spans.sent).texts())


def _keep_trailing(own: Fields) -> None:
    """Keep the fact that a segment ends in element separators."""
    if not own.reading.cut.trailing.any():
        return
    trailing = own.reading.cut.trailing[own.part["row"].to_numpy()]
    if trailing.any():
        part = own.part.with_columns(pl.Series("count", own.places.count)).filter(pl.Series(trailing))
        own.reading.keep_text(part, own.tag, pl.col("count"), "")


def columns_of(own: Fields, spec: TableSpec) -> dict[str, pl.Series | pl.Expr]:
    """Typed columns of a table from the elements of a segment, those that hold a whole element."""
    columns: dict[str, pl.Series | pl.Expr] = {}
    for name, column in spec.elements(own.tag).items():
        if "-" in name:
            continue
        number = int(name[len(own.tag) :])
        columns[column.name] = own.value(number, column.type) if is_typed(column.type) else own.text(number)
    return columns


def note(reading: Reading, part: pl.DataFrame, *, repeated: bool = False) -> None:
    """Keep segments verbatim; `repeated` tells those that would have had a place, were it not taken."""
    if len(part):
        columns: dict[str, pl.Series | pl.Expr] = {
            "tag": reading.tags(part),
            "text": reading.texts(part),
            "repeated": pl.lit(repeated),
        }
        reading.add("segment_note", part, columns)


def value_of(
    reading: Reading, part: pl.DataFrame, tag: str, number: int | pl.Expr, spans: Spans, kind: str
) -> pl.Series:
    """Elements typed; odd texts are kept, untypable ones noted as bad. `number` is that of the element."""
    value, strange = spans.values(kind)
    if strange.any():
        odd = pl.Series(strange)
        rows = part.filter(odd)
        reading.keep_text(rows, tag, number, spans.at(strange).texts())
        bad = value.filter(odd).is_null()
        if bad.any():
            digits = pl.lit(number) if isinstance(number, int) else number
            name = pl.format("{}{}", pl.lit(tag), digits.cast(pl.String).str.zfill(2))
            reading.bad.append(
                rows.filter(bad).select(*PLACE, name.alias("element"), pl.lit(kind).alias("kind"))
            )
    return value


@functools.cache
def _schema(name: str) -> dict[str, pl.DataType]:
    """Types of a table's columns while it is read: without the file's hash, loops as codes."""
    schema = {column: dtype for column, dtype in tables()[name].schema.items() if column != "file_hash"}
    return schema | ({"loop": pl.UInt8()} if "loop" in schema else {})


@functools.cache
def _empty(name: str) -> pl.DataFrame:
    hidden = {"repeated": pl.Boolean(), "claim_row": pl.Int32(), "line_row": pl.Int32()}
    return pl.DataFrame(schema={"source": pl.Int32(), **_schema(name), **hidden})


def complete(spec: TableSpec, frames: list[pl.DataFrame]) -> pl.DataFrame:
    """Give the rows of a table in order, with every column of the registry.

    `source` standing for the file's hash.
    """
    if not frames:
        return _empty(spec.name)
    schema = _schema(spec.name)
    frame = pl.concat(frames, how="diagonal") if len(frames) > 1 else frames[0]
    absent = [pl.lit(None, dtype).alias(name) for name, dtype in schema.items() if name not in frame.columns]
    frame = frame.with_columns(absent) if absent else frame
    return frame.sort("source", "segment", maintain_order=True) if len(frames) > 1 else frame


def loop_names() -> pl.Series:
    """Names of loops by code."""
    return pl.Series([None, *loops()], dtype=pl.String)
