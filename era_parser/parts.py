"""A big file, part by part: two parts in memory at a time, ordinals running on from part to part."""

from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import polars as pl

from era_parser import control, duplicates
from era_parser.accounting import Ending, endings, unreadable
from era_parser.findings import ONCE_A_FILE, FileCheck, Whole
from era_parser.interchange import Body, refuse
from era_parser.merging import Counts, carry, file_table, merged, prose_notes
from era_parser.outline import Outline, outline
from era_parser.pieces import Batch, Piece, cut
from era_parser.reading import Outcome, read_batch
from era_parser.registry import tables
from era_parser.segments import read_segments
from era_parser.source import Refusal, RefusalCode, Remittances

FILE_CHECKS: list[FileCheck] = [*control.FILE_CHECKS, *duplicates.CHECKS]
WHOLE_TABLES = ("interchange", "functional_group", "payment", "other_transaction", "trailer", "claims_told")
"""Tables that the checks of whole files look at; small, so they are kept until the file's end."""
PIECE_LIMIT = 256_000_000
"""Bytes that are read at once at most: a file that cannot be cut, or one transaction, may have this many."""


def parse_parts(path: Path, size: int) -> Iterator[Remittances] | None:
    """Read a file in parts, two of which have about `size` bytes; None where it is to be read at once.

    Raises OSError where the file cannot be read.
    """
    found = outline(path, size // 2)
    if found.cuts:
        return _parse(found)
    if found.size <= PIECE_LIMIT:
        return None
    refusal = Refusal(found.file_hash, path.name, RefusalCode.TOO_LARGE, 0, TOO_LARGE)
    return iter([Remittances(finished({}), [refusal])])


def _parse(found: Outline) -> Iterator[Remittances]:
    refusal = _refusal(found)
    if refusal:
        yield Remittances(finished({}), [refusal])
        return
    before: Counts = {}
    counts: list[pl.DataFrame] = []
    whole: dict[str, list[pl.DataFrame]] = {name: [] for name in WHOLE_TABLES}
    first: Body | None = None
    for body, outcome in _outcomes(found):
        if isinstance(body, Refusal) or outcome is None or outcome.lost:
            yield Remittances(finished({}), [_late(found, body)])
            return
        first = first or replace(body, data=b"")
        frames = merged([outcome], set(), {0: before})
        before = carry(outcome, before)
        counts.append(outcome.counts)
        for name in WHOLE_TABLES:
            whole[name].append(
                frames[name].with_columns(pl.col(pl.String) + "")
            )  # a copy: texts hold a part's bytes
        if len(counts) == 1:
            frames["segment_note"] = prose_notes(frames["segment_note"], {0: body})
        yield Remittances(finished(frames), [])
    if first:
        yield _ending(found, first, counts, {name: pl.concat(frames) for name, frames in whole.items()})


def _refusal(found: Outline) -> Refusal | None:
    """Why the file must be refused: what its end says, before any row is given away."""
    hidden = Refusal(found.file_hash, found.path.name, RefusalCode.TOO_LARGE, found.cuts[0], TOO_LARGE)
    if found.longest > PIECE_LIMIT:
        return hidden
    if len(found.heads) > INTERCHANGE_LIMIT:
        return replace(hidden, message=TOO_MANY)
    ending = Ending()
    body: Body | Refusal = hidden
    for body in found.backwards():
        if isinstance(body, Refusal):
            return body
        segments = read_segments(Batch([Piece(body, 0, 0, body.start, body.end)]))
        ending = endings(segments).get(0, Ending()).then(ending)
        if ending.last_st is not None:
            break
    refusal = unreadable(body, ending) if isinstance(body, Body) else body
    return replace(refusal, byte_offset=found.size) if refusal else None


def _outcomes(found: Outline) -> Iterator[tuple[Body | Refusal, Outcome | None]]:
    """Read the parts, the next one while the one before is used."""
    with ThreadPoolExecutor(max_workers=2) as pool:
        waiting: deque[tuple[Body | Refusal, Future[Outcome] | None]] = deque()
        for number, body in enumerate(found.bodies()):
            own = isinstance(body, Body) and [Piece(body, 0, number, body.start, body.end)]
            waiting.append((body, pool.submit(read_batch, own) if own else None))
            if len(waiting) == 2:
                yield _ready(*waiting.popleft())
        for part in waiting:
            yield _ready(*part)


def _ready(body: Body | Refusal, future: Future[Outcome] | None) -> tuple[Body | Refusal, Outcome | None]:
    return body, future.result() if future else None


def _late(found: Outline, body: Body | Refusal) -> Refusal:
    if isinstance(body, Refusal):
        return body
    message = "segments and rows do not add up: a fault of the parser, report it with this file's structure"
    return Refusal(found.file_hash, found.path.name, RefusalCode.UNACCOUNTED, body.spans[0].start, message)


def _ending(
    found: Outline, first: Body, counts: list[pl.DataFrame], whole: dict[str, pl.DataFrame]
) -> Remittances:
    """What concerns the whole file: its row, and the findings of its envelope."""
    rows = file_table({0: first}, counts)
    frames = {"file": rows.with_columns(pl.lit(found.size, pl.Int64).alias("byte_count")), **whole}
    own = file_findings({**frames, "finding": tables()["finding"].empty()}, {0: first})
    return Remittances(finished({"file": frames["file"], "finding": own}), [])


def finished(frames: dict[str, pl.DataFrame]) -> dict[str, pl.DataFrame]:
    """All tables of the registry, with their columns in order; those that are not given are empty."""
    return {
        name: frames[name].select(list(spec.schema)) if name in frames else spec.empty()
        for name, spec in tables().items()
    }


def file_findings(frames: dict[str, pl.DataFrame], bodies: dict[int, Body]) -> pl.DataFrame:
    """Give findings of the pieces and of the whole files, in the order of the files and their segments."""
    whole = Whole(list(bodies.values()), frames)
    rows = [found for check in FILE_CHECKS for found in check(whole) if len(found)]
    order = {body.source.file_hash: place for place, body in bodies.items()}
    place = pl.col("file_hash").replace_strict(order, return_dtype=pl.Int32)
    rows = [found.with_columns(place.alias("source")) for found in rows]
    known = frames["finding"]
    joined = pl.concat([known.clear(), *rows, known], how="diagonal")
    if "source" not in joined.columns:
        return joined
    joined = joined.sort("source", "segment", maintain_order=True)
    again = pl.col("code").is_in(ONCE_A_FILE) & pl.struct("source", "code").is_first_distinct().not_()
    return joined.filter(again.not_())


def too_large(read: Body | Refusal) -> Refusal | None:
    """Refuse a file that has a piece which is too much to read at once, or interchanges beyond all measure."""
    if isinstance(read, Body) and len(read.spans) > INTERCHANGE_LIMIT:
        return refuse(read.source, RefusalCode.TOO_LARGE, read.spans[0].start, TOO_MANY)
    if isinstance(read, Refusal) or max(piece.size for piece in cut(read, 0)) <= PIECE_LIMIT:
        return None
    return refuse(read.source, RefusalCode.TOO_LARGE, read.spans[0].start, TOO_LARGE)


INTERCHANGE_LIMIT = 100_000
"""Interchanges of a file at most: each costs some two kilobytes of memory, and no payer sends a thousand at once."""
TOO_MANY = f"more than {INTERCHANGE_LIMIT:,} interchanges; ask for it in several files"
TOO_LARGE = f"more than {PIECE_LIMIT // 1_000_000} MB without a place to cut; ask for it in several files"
