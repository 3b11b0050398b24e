"""Envelope: ISA with its delimiters, trailers, other transactions."""

import polars as pl

from era_parser.elements import Reading, columns_of, elements, note, value_of
from era_parser.registry import tables
from era_parser.segments import IN_OTHER, split_elements


def read_interchanges(reading: Reading) -> None:
    part = reading.part("ISA")
    if not len(part):
        return
    spec = tables()["interchange"]
    frame = elements(reading, "ISA", 16)
    widths = dict(enumerate((2, 10, 2, 10, 2, 15, 2, 15, 6, 4, 1, 5, 9, 1, 1, 1), 1))
    stripped = frame.with_columns(pl.col(f"e{n}").str.strip_chars_end(" ") for n in widths)
    for number, width in widths.items():
        text = frame[f"e{number}"].fill_null("")
        odd = stripped[f"e{number}"].fill_null("").str.pad_end(width) != text
        if odd.any():
            reading.keep_text(part.filter(odd), "ISA", number, text.filter(odd))
    columns = columns_of(reading, spec, "ISA", part, stripped.with_columns(
        pl.when(pl.all() != "").then(pl.all())
    ))  # fmt: skip
    columns.update(_stated_delimiters(reading, part))
    reading.add("interchange", part, columns)


def _stated_delimiters(reading: Reading, part: pl.DataFrame) -> dict[str, pl.Series]:
    """Delimiters of each interchange as its ISA states them, before any were unified."""
    names = ("component_separator", "element_separator", "segment_terminator", "body_component_separator")
    rows = []
    for source, offset in part.select("source", "byte_offset").iter_rows():
        body = reading.batch.pieces[source].body
        span = next((s for s in reversed(body.spans) if s.start <= offset), body.spans[0])
        d = span.delimiters
        rows.append([b.decode("latin-1") or None for b in (d.stated, d.element, d.terminator, d.component)])
    return {name: pl.Series(name, [row[n] for row in rows], dtype=pl.String) for n, name in enumerate(names)}


def read_trailers(reading: Reading) -> None:
    for tag in ("SE", "GE", "IEA"):
        part = reading.part(tag)
        if not len(part):
            continue
        frame = elements(reading, tag, 2)
        count = value_of(reading, part, tag, 1, frame["e1"], "count")
        columns: dict[str, pl.Series | pl.Expr] = {
            "trailer_tag": pl.lit(tag),
            "stated_count": count,
            "control_number": frame["e2"],
        }
        reading.add("trailer", part, columns)


def read_notes(reading: Reading) -> None:
    part = reading.part("")
    other = part.filter(pl.col("transaction") == IN_OTHER)
    note(reading, part.filter(pl.col("transaction") != IN_OTHER))
    if not len(other):
        return
    separator = reading.batch.element
    starts = other["text"].str.starts_with("ST" + separator) | (other["text"] == "ST")
    heads = other.filter(starts)
    counts = other.group_by(starts.cast(pl.Int32).cum_sum().alias("n"), maintain_order=True).len()
    texts = split_elements(heads["text"], separator, reading.batch.terminator, 3)
    reading.add("other_transaction", heads, {
        "transaction_set_code": texts["c1"], "transaction_control_number": texts["c2"],
        "segment_count": counts["len"].cast(pl.Int32),
    })  # fmt: skip
