"""One batch of pieces -> its finished tables, its findings, and what the merging of pieces needs to know."""

import functools
from dataclasses import dataclass

import numpy as np
import polars as pl

from era_parser import balance, codes, control, occurrence, order
from era_parser.accounting import Ending, endings, unaccounted
from era_parser.duplicates import claims_told
from era_parser.elements import Reading, complete, loop_names
from era_parser.findings import PieceCheck, Read
from era_parser.interchange import Body, Delimiters
from era_parser.pieces import Batch, Piece
from era_parser.registry import TableSpec, tables
from era_parser.segments import IN_OTHER, read_segments
from era_parser.tables import read_tables

CHECKS: list[PieceCheck] = [
    *control.PIECE_CHECKS,
    *order.CHECKS,
    *occurrence.CHECKS,
    *codes.CHECKS,
    *balance.CHECKS,
]
DERIVED = ("file", "finding")


@dataclass(frozen=True)
class Outcome:
    """What a batch of pieces gave: `tables` with the hidden column `source`, the file's place.

    `counts` has one row a piece: place and how many of each thing it holds. Ordinals start anew in each.
    """

    pieces: list[Piece]
    tables: dict[str, pl.DataFrame]
    counts: pl.DataFrame
    endings: dict[int, Ending]
    lost: set[int]


def read_batch(pieces: list[Piece]) -> Outcome:
    """Read pieces that share delimiters and encoding."""
    batch = Batch(pieces)
    segments = read_segments(batch)
    parts = segments.tagged()
    reading = Reading(batch, segments, parts)
    read_tables(reading)
    done = {
        name: complete(spec, reading.tables.get(name, []))
        for name, spec in tables().items()
        if name not in DERIVED
    }
    read = Read(batch, segments, parts, _as_sent(done, batch), reading.bad)
    lost = {pieces[source].place for source in unaccounted(read)}
    found = [rows for check in CHECKS for rows in check(read) if len(rows)]
    read.tables["finding"] = complete(tables()["finding"], found)
    places = pl.Series([piece.place for piece in pieces], dtype=pl.Int32)
    done = {name: _finished(tables()[name], rows, places, pieces) for name, rows in read.tables.items()}
    return Outcome(
        pieces,
        done | {"claims_told": claims_told(done["claim"])},
        _counted(read).with_columns(places.gather(pl.int_range(len(pieces), eager=True)).alias("source")),
        {pieces[source].place: ending for source, ending in endings(segments).items()},
        lost,
    )


def _counted(read: Read) -> pl.DataFrame:
    """Count segments of each kind by piece."""
    segments = read.segments
    kinds = {"interchange": "ISA", "functional_group": "GS", "payment": "ST", "header": "LX", "claim": "CLP",
             "line": "SVC"}  # fmt: skip
    source, size = segments.scan.source, len(read.batch.pieces)
    other = source[segments.carried("transaction") == IN_OTHER]
    counted = {
        "segment": np.bincount(source, minlength=size),
        **{name: np.bincount(read.parts[tag]["source"], minlength=size) for name, tag in kinds.items()},
        "other_segment": np.bincount(other, minlength=size),
    }
    others = (
        read.tables["other_transaction"]
        .group_by("source")
        .agg(pl.len().cast(pl.Int32).alias("other_transaction"))
    )
    own = pl.DataFrame(counted, schema=dict.fromkeys(counted, pl.Int32())).with_row_index("source")
    own = own.with_columns(pl.col("source").cast(pl.Int32))
    return own.join(others, on="source", how="left", maintain_order="left", validate="1:1").fill_null(0)


def _finished(spec: TableSpec, frame: pl.DataFrame, places: pl.Series, pieces: list[Piece]) -> pl.DataFrame:
    """Give a frame the registry's columns and types, and `source`."""
    if frame.is_empty():
        return empty_of(spec.name)
    hashes = pl.Series([piece.body.source.file_hash for piece in pieces], dtype=pl.String)
    columns: list[pl.Expr] = [pl.lit(places).gather(pl.col("source")).alias("source")]
    for name, dtype in spec.schema.items():
        if name == "file_hash":
            columns.append(pl.lit(hashes).gather(pl.col("source")).alias(name))
        elif name == "loop":
            columns.append(pl.lit(loop_names()).gather(pl.col("loop")).alias(name))
        else:
            columns.append(pl.col(name).cast(dtype))
    return frame.select(columns)


@functools.cache
def empty_of(name: str) -> pl.DataFrame:
    """Give a frame without rows of a table, with `source`."""
    return pl.DataFrame(schema={"source": pl.Int32(), **tables()[name].schema})


def _as_sent(frames: dict[str, pl.DataFrame], batch: Batch) -> dict[str, pl.DataFrame]:
    """Give verbatim texts of files whose delimiters were unified their own delimiters back."""
    new = batch.delimiters
    changed = {
        n for n, piece in enumerate(batch.pieces) if any(_differ(s.delimiters, new) for s in piece.body.spans)
    }
    if not changed:
        return frames
    for name in ("segment_note", "element_text"):
        frame = frames[name]
        texts = [
            _restored(text, batch.pieces[source].body, offset, new) if source in changed and text else text
            for source, offset, text in frame.select("source", "byte_offset", "text").iter_rows()
        ]
        frames[name] = frame.with_columns(pl.Series("text", texts, dtype=pl.String))
    return frames


def _differ(old: Delimiters, new: Delimiters) -> bool:
    return (old.element, old.component) != (new.element, new.component)


def _restored(text: str, body: Body, offset: int, new: Delimiters) -> str:
    old = next((s for s in reversed(body.spans) if s.start <= offset), body.spans[0]).delimiters
    pairs = [(new.element, old.element)]
    if new.component != old.component:
        pairs.append((new.component, old.component))
    return text.translate({new_[0]: old_.decode("latin-1") for new_, old_ in pairs})
