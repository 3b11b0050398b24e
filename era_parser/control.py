"""Envelope: delimiters, counts, control numbers, trailers (005010X221A1, appendix B and C)."""

from collections.abc import Iterator

import numpy as np
import polars as pl

from era_parser.findings import FileCheck, FindingCode, PieceCheck, Read, Whole, found
from era_parser.interchange import Body

WRAPPED = "line breaks inside segments taken out: have the transfer send the file unwrapped"
ISA_BYTES = 105  # terminator aside


def _files(bodies: list[Body], wanted: list[bool], offset: list[int] | None = None) -> pl.DataFrame:
    """Rows for the files for which `wanted` is true."""
    rows = [n for n, yes in enumerate(wanted) if yes]
    return pl.DataFrame(
        {
            "file_hash": [bodies[n].source.file_hash for n in rows],
            "byte_offset": [offset[n] if offset else 0 for n in rows],
        },
        schema={"file_hash": pl.String, "byte_offset": pl.Int64},
    )


def file_form(whole: Whole) -> Iterator[pl.DataFrame]:
    """What the bytes look like before any segment is read."""
    bodies = whole.bodies
    simple: list[tuple[FindingCode, list[bool], str]] = [
        (FindingCode.BYTE_ORDER_MARK, [b.bom for b in bodies], "byte order mark skipped; nothing to do"),
        (
            FindingCode.NOT_UTF8,
            [b.encoding != "utf-8" for b in bodies],
            "read as Latin-1: check names with accents",
        ),
        (
            FindingCode.PROSE_BEFORE_ISA,
            [bool(b.prose) for b in bodies],
            "text before the first segment kept as a note: have it taken out at the source",
        ),
        (
            FindingCode.UNTERMINATED,
            [b.unterminated for b in bodies],
            "the last segment has no terminator: check that the file came whole",
        ),
        (
            FindingCode.DELIMITERS_DIFFER,
            [_differ(b) for b in bodies],
            "interchanges differ in their delimiters; each was read with its own",
        ),
        (FindingCode.LINE_WRAP, [b.wrapped for b in bodies], WRAPPED),
    ]
    for code, wanted, message in simple:
        yield found(code, _files(bodies, wanted), message)
    fragments = [not body.spans[0].has_isa for body in bodies]
    starts = [body.spans[0].start for body in bodies]
    message = "no ISA: delimiters inferred from the ST; ask for whole interchanges"
    yield found(FindingCode.NO_ISA, _files(bodies, fragments, starts), message)


def _differ(body: Body) -> bool:
    triples = {(s.delimiters.element, s.delimiters.stated, s.delimiters.terminator) for s in body.spans}
    return len(triples) > 1


def line_wraps(read: Read) -> Iterator[pl.DataFrame]:
    """Line breaks inside segments, one finding a piece at its first."""
    broken = np.flatnonzero(read.segments.scan.broken)
    if len(broken):
        rows = read.segments.rows(broken).unique("source", keep="first", maintain_order=True)
        yield found(FindingCode.LINE_WRAP, rows, WRAPPED)


def blank_segments(read: Read) -> Iterator[pl.DataFrame]:
    """Empty segments, one finding a piece at its first."""
    source, offset = read.segments.scan.blank
    rows = pl.DataFrame({"source": source, "byte_offset": offset})
    rows = rows.unique("source", keep="first", maintain_order=True)
    yield found(FindingCode.BLANK_SEGMENT, rows, "an empty segment, skipped; tell the sender")


def isa_width(read: Read) -> Iterator[pl.DataFrame]:
    """An ISA is 106 bytes wide, terminator included."""
    part = read.parts["ISA"]
    rows = part.filter(read.segments.texts(part["row"]).str.len_chars() != ISA_BYTES)
    yield found(
        FindingCode.ISA_WIDTH,
        rows,
        "ISA is not 106 bytes wide; read by counting separators: tell the sender",
        "ISA",
    )


def component_separator(whole: Whole) -> Iterator[pl.DataFrame]:
    """ISA16 is the component separator that the body uses."""
    rows = whole.tables["interchange"].filter(
        pl.col("component_separator").ne_missing(pl.col("body_component_separator"))
    )
    message = "the body uses another component separator than ISA16; the body's was used: tell the sender"
    yield found(FindingCode.COMPONENT_SEPARATOR, rows, message, "ISA16")


def other_transactions(whole: Whole) -> Iterator[pl.DataFrame]:
    """Transactions beside the 835."""
    rows = whole.tables["other_transaction"]
    message = pl.format(
        "transaction {} is not an 835: counted, not read", pl.col("transaction_set_code").fill_null("?")
    )
    yield found(FindingCode.OTHER_TRANSACTION, rows, message, "ST01")


def segment_counts(whole: Whole) -> Iterator[pl.DataFrame]:
    """SE01 = segments of the transaction; SE02 = ST02."""
    keys = ["file_hash", "payment"]
    trailers = _trailers(whole, "SE")
    starts = whole.tables["payment"].select(
        *keys, "transaction_control_number", pl.col("segment").alias("start")
    )
    joined = trailers.join(starts, on=keys, how="inner", maintain_order="left")
    joined = joined.with_columns((pl.col("segment") - pl.col("start") + 1).cast(pl.Int64).alias("counted"))
    yield _count(FindingCode.SEGMENT_COUNT, joined, "SE01", "segments of the transaction")
    yield _control(joined, "SE02", "transaction_control_number")


def transaction_counts(whole: Whole) -> Iterator[pl.DataFrame]:
    """GE01 = transactions of the group; GE02 = GS06."""
    keys = ["file_hash", "functional_group"]
    heads = pl.concat([whole.tables[t].select(keys) for t in ("payment", "other_transaction")])
    counts = heads.group_by(keys).agg(pl.len().cast(pl.Int64).alias("counted"))
    groups = whole.tables["functional_group"].select(*keys, pl.col("control_number").alias("own"))
    joined = _trailers(whole, "GE").join(groups, on=keys, how="left", maintain_order="left")
    joined = joined.join(counts, on=keys, how="left", maintain_order="left").with_columns(
        pl.col("counted").fill_null(0)
    )
    yield _count(FindingCode.TRANSACTION_COUNT, joined, "GE01", "transactions of the group")
    yield _control(joined.filter(pl.col("own").is_not_null()), "GE02", "own")


def group_counts(whole: Whole) -> Iterator[pl.DataFrame]:
    """IEA01 = groups of the interchange; IEA02 = ISA13."""
    keys = ["file_hash", "interchange"]
    counts = whole.tables["functional_group"].group_by(keys).agg(pl.len().cast(pl.Int64).alias("counted"))
    own = whole.tables["interchange"].select(*keys, pl.col("control_number").alias("own"))
    joined = _trailers(whole, "IEA").join(own, on=keys, how="left", maintain_order="left")
    joined = joined.join(counts, on=keys, how="left", maintain_order="left").with_columns(
        pl.col("counted").fill_null(0)
    )
    yield _count(FindingCode.GROUP_COUNT, joined, "IEA01", "groups of the interchange")
    yield _control(joined.filter(pl.col("own").is_not_null()), "IEA02", "own")


def _trailers(whole: Whole, tag: str) -> pl.DataFrame:
    return whole.tables["trailer"].filter(pl.col("trailer_tag") == tag)


def _count(code: FindingCode, joined: pl.DataFrame, element: str, what: str) -> pl.DataFrame:
    rows = joined.filter(pl.col("stated_count") != pl.col("counted"))
    message = pl.format("{} states {}, there are {} {}: segments may be missing, ask the sender",
                        pl.lit(element), "stated_count", "counted", pl.lit(what))  # fmt: skip
    return found(code, rows, message, element)


def _control(joined: pl.DataFrame, element: str, own: str) -> pl.DataFrame:
    rows = joined.filter(pl.col("control_number").ne_missing(pl.col(own)))
    message = f"{element} differs from the control number of its header: parts of two files may be joined"
    return found(FindingCode.CONTROL_NUMBER, rows, message, element)


def missing_trailers(whole: Whole) -> Iterator[pl.DataFrame]:
    """Each ST has its SE, each GS its GE, each ISA its IEA."""
    for tag, table, keys in (
        ("SE", "payment", ["file_hash", "payment"]),
        ("GE", "functional_group", ["file_hash", "functional_group"]),
        ("IEA", "interchange", ["file_hash", "interchange"]),
    ):
        closed = _trailers(whole, tag).select(keys).unique()
        rows = whole.tables[table].join(closed, on=keys, how="anti", maintain_order="left")
        message = f"no {tag}: check that the file came whole"
        yield found(FindingCode.MISSING_TRAILER, rows, message, tag)


def repeated_control_numbers(whole: Whole) -> Iterator[pl.DataFrame]:
    """ST02 is unique in its group, ISA13 in its file."""
    for table, keys, element in (
        ("payment", ["file_hash", "functional_group", "transaction_control_number"], "ST02"),
        ("interchange", ["file_hash", "control_number"], "ISA13"),
    ):
        frame = whole.tables[table].filter(pl.col(keys[-1]).is_not_null())
        rows = frame.filter(pl.struct(keys).is_first_distinct().not_())
        message = f"{element} was used before in the file: check for a repeated transaction"
        yield found(FindingCode.DUPLICATE_CONTROL_NUMBER, rows, message, element)


PIECE_CHECKS: list[PieceCheck] = [line_wraps, blank_segments, isa_width]
FILE_CHECKS: list[FileCheck] = [
    file_form,
    component_separator,
    other_transactions,
    segment_counts,
    transaction_counts,
    group_counts,
    missing_trailers,
    repeated_control_numbers,
]
