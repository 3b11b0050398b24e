"""Order of segments, as grammar.csv has it, and why some became notes."""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import polars as pl

from era_parser.findings import FindingCode, PieceCheck, Read, found
from era_parser.grammar import loop_code, loops, rules, segment_tags, tag_code

OUTER = "ENVELOPE"
FAR = 999


def _ranks() -> npt.NDArray[np.int16]:
    """Rank of each (loop, tag) in its loop, at loop code * 64 + tag code.

    FAR where the loop lacks the tag.
    """
    ranks = [FAR] * (64 * (len(loops()) + 1))
    for place, rule in reversed(list(enumerate(rules()))):
        ranks[64 * loop_code(rule.loop) + tag_code(rule.segment)] = place
    return np.array(ranks, np.int16)


def segment_order(read: Read) -> Iterator[pl.DataFrame]:
    """Segments of a loop stand in the order of the guide and belong to it."""
    tag, loop = read.segments.tag, read.segments.carried("loop")
    opens = np.isin(np.arange(256), [tag_code(rule.segment) for rule in rules() if rule.starts])
    inside = (tag > 0) & (loop > 0) & (loop != loop_code(OUTER))
    rank = _ranks()[loop.astype(np.int64) * 64 + tag]
    before, loop_before = np.roll(rank, 1), np.roll(loop, 1)
    late = inside & (rank < before) & (before < FAR) & (loop == loop_before) & ~opens[tag]
    late[:1] = False
    for flags, code, text in (
        (
            inside & (rank == FAR),
            FindingCode.SEGMENT_NOT_IN_LOOP,
            "{} does not belong in its loop; read there all the same",
        ),
        (
            late,
            FindingCode.SEGMENT_ORDER,
            "{} stands after a segment that the guide puts behind it; nothing to do",
        ),
    ):
        if flags.any():
            rows = read.segments.rows(np.flatnonzero(flags))
            name = pl.lit(pl.Series(["", *segment_tags()])).gather(pl.col("tag"))
            yield found(code, rows, pl.format(text, name), name)


def notes(read: Read) -> Iterator[pl.DataFrame]:
    """Why a segment became a note."""
    rows = read.tables["segment_note"]
    if not len(rows):
        return
    known = pl.col("tag").is_in(segment_tags())
    for code, which, message in (
        (
            FindingCode.UNKNOWN_SEGMENT,
            known.not_(),
            "not a segment of the 835; kept as a note: see what it says",
        ),
        (
            FindingCode.REPEATED_SEGMENT,
            pl.col("repeated"),
            "may stand once where it stands; kept as a note: see what it says",
        ),
        (
            FindingCode.MISPLACED_SEGMENT,
            known & pl.col("repeated").not_(),
            "belongs to nothing where it stands; kept as a note",
        ),
    ):
        yield found(code, rows.filter(which), message, pl.col("tag").str.head(3))


CHECKS: list[PieceCheck] = [segment_order, notes]
