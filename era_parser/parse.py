"""The way in: sources -> remittances."""

import os
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

import polars as pl

from era_parser import control, duplicates
from era_parser.findings import FileCheck, Whole
from era_parser.interchange import Body, read_body
from era_parser.merging import file_table, merged, prose_notes, refused
from era_parser.pieces import PIECE_BYTES, gather
from era_parser.reading import Outcome, read_batch
from era_parser.registry import tables
from era_parser.source import Refusal, Remittances, Source

FILE_CHECKS: list[FileCheck] = [*control.FILE_CHECKS, *duplicates.CHECKS]
CHUNK_BYTES = 48_000_000


def parse(sources: Sequence[Source], *, piece_bytes: int = PIECE_BYTES) -> Remittances:
    """Read a batch of files, column-wise.

    Returns every table of the registry (all present, exact schema, rows in the order of the sources and of
    their bytes) and the refused files. Each file is either in table `file` or refused, whole. Files with the
    same bytes are read once. Work is cut into pieces of about `piece_bytes`; results do not depend on it.
    Never raises on any bytes.
    """
    places: dict[str, int] = {}
    for place, source in enumerate(sources):
        places.setdefault(source.file_hash, place)
    reads = {place: read_body(sources[place]) for place in places.values()}
    refusals = {place: read for place, read in reads.items() if isinstance(read, Refusal)}
    bodies = {place: read for place, read in reads.items() if isinstance(read, Body)}
    outcomes = _outcomes(bodies, piece_bytes)
    refusals.update(refused(bodies, outcomes))
    bodies = {place: body for place, body in bodies.items() if place not in refusals}
    frames = merged(outcomes, set(refusals))
    frames["segment_note"] = prose_notes(frames["segment_note"], bodies)
    frames["file"] = file_table(bodies, outcomes)
    frames["finding"] = _findings(frames, bodies)
    finished = {name: frames[name].select(list(spec.schema)) for name, spec in tables().items()}
    return Remittances(finished, [refusals[place] for place in sorted(refusals)])


def parse_chunks(sources: Iterable[Source], size: int = CHUNK_BYTES) -> Iterator[Remittances]:
    """Read many files with bounded memory: whole files in chunks of about `size` bytes, in their order."""
    chunk: list[Source] = []
    filled = 0
    for source in sources:
        if chunk and filled + len(source.data) > size:
            yield parse(chunk)
            chunk, filled = [], 0
        chunk.append(source)
        filled += len(source.data)
    if chunk:
        yield parse(chunk)


def _outcomes(bodies: dict[int, Body], piece_bytes: int) -> list[Outcome]:
    """Read all bodies, several batches at a time where there are several.

    Polars leaves the interpreter free.
    """
    lists = gather(list(bodies.items()), piece_bytes)
    if len(lists) < 2:
        return [read_batch(pieces) for pieces in lists]
    with ThreadPoolExecutor(max_workers=min(2, os.cpu_count() or 1)) as pool:
        return list(pool.map(read_batch, lists))


def _findings(frames: dict[str, pl.DataFrame], bodies: dict[int, Body]) -> pl.DataFrame:
    """Give findings of the pieces and of the whole files, in the order of the files and their segments."""
    whole = Whole(list(bodies.values()), frames)
    rows = [found for check in FILE_CHECKS for found in check(whole) if len(found)]
    order = {body.source.file_hash: place for place, body in bodies.items()}
    place = pl.col("file_hash").replace_strict(order, return_dtype=pl.Int32)
    rows = [found.with_columns(place.alias("source")) for found in rows]
    known = frames["finding"]
    joined = pl.concat([known.clear(), *rows, known], how="diagonal").sort(
        "source", "segment", maintain_order=True
    )
    wraps = (pl.col("code") == "LINE_WRAP") & pl.struct("source", "code").is_first_distinct().not_()
    return joined.filter(wraps.not_())
