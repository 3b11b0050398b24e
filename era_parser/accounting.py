"""Nothing lost, nothing half-read.

Which files must be refused after all, and does every segment have its row.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl

from era_parser.findings import Read
from era_parser.grammar import tag_code
from era_parser.interchange import Body, refuse
from era_parser.segments import Segments
from era_parser.source import Refusal, RefusalCode

MERGED = {
    "payment": ("payment_segment", "trace_segment", "currency_segment"),
    "provider_summary": ("supplement_segment",),
    "party": ("address_segment", "city_segment"),
}
ONE_A_SEGMENT = (
    "interchange",
    "functional_group",
    "payment",
    "trailer",
    "header_number",
    "provider_summary",
    "claim",
    "service_line",
    "adjustment",
    "amount",
    "quantity",
    "reference",
    "date",
    "party",
    "contact",
    "delivery",
    "inpatient",
    "outpatient",
    "provider_adjustment",
    "segment_note",
)


@dataclass(slots=True)
class Ending:
    """How a file ends: its last ST*835 and whether an SE follows it, its last segment, its other sets."""

    last_st: str | None = None
    closed: bool = False
    last: str = ""
    others: int = 0

    def then(self, later: "Ending") -> "Ending":
        """Add what a later piece of the same file says."""
        st = later if later.last_st is not None else self
        return Ending(st.last_st, st.closed, later.last or self.last, self.others + later.others)


def endings(segments: Segments) -> dict[int, Ending]:
    """How each file, or piece of one, ends, by its place in the batch."""
    starts, closes = segments.tag == tag_code("ST"), segments.tag == tag_code("SE")
    asked = starts | closes | (np.diff(segments.scan.source, append=-1) != 0)
    asked[segments.other_starts] = True
    rows = segments.rows(np.flatnonzero(asked))
    marks = rows.select(
        "source",
        "segment",
        segments.texts(rows["row"]).alias("text"),
        (pl.col("tag") == tag_code("ST")).alias("st"),
        (pl.col("tag") == tag_code("SE")).alias("se"),
        pl.col("row").is_in(segments.other_starts.tolist()).alias("other"),
    )
    grouped = marks.group_by("source", maintain_order=True).agg(
        pl.col("text").filter("st").last().alias("st_text"),
        (pl.col("segment").filter("se").last() > pl.col("segment").filter("st").last()).alias("closed"),
        pl.col("text").last().alias("last"),
        pl.col("other").sum().alias("others"),
    )
    return {
        source: Ending(st_text, bool(closed), last_text, others)
        for source, st_text, closed, last_text, others in grouped.iter_rows()
    }


def unreadable(body: Body, ending: Ending) -> Refusal | None:
    """Refuse a file without an 835, or a truncated one.

    A file is truncated when its last 835 transaction has no SE, or when the data end inside that SE (no
    terminator, and a control number that is not ST02's). Missing GE or IEA are findings: what they close is
    whole, and files without them are sent. An earlier 835 without SE, with an ST behind it, is a finding.
    """
    if ending.last_st is None:
        message = f"no 835 transaction ({ending.others} other transactions): not a remittance"
        return refuse(body.source, RefusalCode.NO_835, body.spans[0].start, message)
    element = body.delimiters.element.decode("ascii")
    if not ending.closed or (body.unterminated and _cut_in_se(ending, element)):
        message = "the data end inside the last 835 transaction; ask for the file to be sent again"
        return refuse(body.source, RefusalCode.TRUNCATED, len(body.source.data), message)
    return None


def unaccounted_refusal(body: Body) -> Refusal:
    message = "segments and rows do not add up: a fault of the parser, report it with this file's structure"
    return refuse(body.source, RefusalCode.UNACCOUNTED, body.spans[0].start, message)


def _cut_in_se(ending: Ending, element: str) -> bool:
    """Return True where the unterminated last one is an SE without all of ST02."""
    last, first = ending.last.split(element), (ending.last_st or "").split(element)
    return last[0] == "SE" and (len(last) < 3 or len(first) < 3 or last[2].strip() != first[2].strip())


def unaccounted(read: Read) -> list[int]:
    """Pieces whose rows do not account for every segment exactly once (never, but by a fault of ours)."""
    wanted = len(read.segments.tag) - int(read.tables["other_transaction"]["segment_count"].sum() or 0)
    counted = [_rows(read, table) for table in ONE_A_SEGMENT]
    counted.append(read.parts["LQ"].select("source"))
    if sum(len(rows) for rows in counted) == wanted:
        return []
    have = pl.concat(counted).group_by("source").len("rows")
    other = (
        read.tables["other_transaction"].group_by("source").agg(pl.col("segment_count").sum().alias("other"))
    )
    need = pl.DataFrame({"source": read.segments.scan.source}).group_by("source").len("segments")
    joined = need.join(have, on="source", how="left").join(other, on="source", how="left").fill_null(0)
    return joined.filter(pl.col("segments") != pl.col("rows") + pl.col("other"))["source"].sort().to_list()


def _rows(read: Read, table: str) -> pl.DataFrame:
    """One row a segment that the table holds."""
    frame = read.tables[table].filter(pl.col("segment").is_not_null())
    own = frame.filter(pl.col("position") == 1) if table in ("adjustment", "provider_adjustment") else frame
    merged = [
        frame.filter(pl.col(ordinal).is_not_null()).select("source") for ordinal in MERGED.get(table, ())
    ]
    return pl.concat([own.select("source"), *merged])
