"""Envelope: ISA with its delimiters, trailers, other transactions."""

import bisect

import polars as pl

from era_parser.elements import Fields, Reading, fields, note, value_of
from era_parser.registry import tables
from era_parser.segments import IN_OTHER
from era_parser.spans import Spans
from era_parser.values import is_typed

ISA_WIDTHS = (2, 10, 2, 10, 2, 15, 2, 15, 6, 4, 1, 5, 9, 1, 1, 1)


def read_interchanges(reading: Reading) -> None:
    part = reading.part("ISA")
    if not len(part):
        return
    own = fields(reading, "ISA", len(ISA_WIDTHS))
    columns: dict[str, pl.Series | pl.Expr] = {}
    for name, column in tables()["interchange"].elements("ISA").items():
        number = int(name.removeprefix("ISA"))
        spans = _unpadded(own.spans(number))
        columns[column.name] = (
            value_of(reading, part, "ISA", number, spans, column.type)
            if is_typed(column.type)
            else spans.texts()
        )
        sent = own.text(number).fill_null("")
        odd = sent != spans.texts().fill_null("").str.pad_end(ISA_WIDTHS[number - 1])
        if odd.any():
            reading.keep_text(part.filter(odd), "ISA", number, sent.filter(odd))
    columns.update(_stated_delimiters(reading, part))
    reading.add("interchange", part, columns)


def _unpadded(spans: Spans) -> Spans:
    """Without the blanks at the end."""
    end = spans.end.copy()
    values = spans.scan.bytes
    while (more := (end > spans.start) & (values[end - 1] == ord(" "))).any():
        end -= more
    return Spans(spans.scan, spans.start, end)


def _stated_delimiters(reading: Reading, part: pl.DataFrame) -> dict[str, pl.Series]:
    """Delimiters of each interchange as its ISA states them, before any were unified."""
    names = ("component_separator", "element_separator", "segment_terminator", "body_component_separator")
    rows = []
    for source, offset in part.select("source", "byte_offset").iter_rows():
        body = reading.batch.pieces[source].body
        place = bisect.bisect_right(body.spans, offset, key=lambda span: span.start)
        d = body.spans[max(place - 1, 0)].delimiters
        rows.append([b.decode("latin-1") or None for b in (d.stated, d.element, d.terminator, d.component)])
    return {name: pl.Series(name, [row[n] for row in rows], dtype=pl.String) for n, name in enumerate(names)}


def read_trailers(reading: Reading) -> None:
    for tag in ("SE", "GE", "IEA"):
        part = reading.part(tag)
        if not len(part):
            continue
        own = fields(reading, tag, 2)
        columns: dict[str, pl.Series | pl.Expr] = {
            "trailer_tag": pl.lit(tag),
            "stated_count": own.value(1, "count"),
            "control_number": own.text(2),
        }
        reading.add("trailer", part, columns)


def read_notes(reading: Reading) -> None:
    part = reading.part("")
    other = part.filter(pl.col("transaction") == IN_OTHER)
    note(reading, part.filter(pl.col("transaction") != IN_OTHER))
    if not len(other):
        return
    starts = reading.tags(other) == "ST"
    heads = other.filter(starts)
    counts = other.group_by(starts.cast(pl.Int32).cum_sum().alias("n"), maintain_order=True).len()
    own = Fields(reading, "ST", heads)
    reading.add("other_transaction", heads, {
        "transaction_set_code": own.text(1), "transaction_control_number": own.text(2),
        "segment_count": counts["len"].cast(pl.Int32),
    })  # fmt: skip
