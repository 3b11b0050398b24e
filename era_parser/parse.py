"""The way in: sources -> remittances."""

import os
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from era_parser.interchange import Body, read_body
from era_parser.merging import file_table, merged, prose_notes, refused
from era_parser.parts import file_findings, finished, parse_parts, too_large
from era_parser.pieces import PIECE_BYTES, gather
from era_parser.reading import Outcome, read_batch
from era_parser.source import Refusal, Remittances, Source

CHUNK_BYTES = 16_000_000


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
    reads = {place: too_large(read) or read for place, read in reads.items()}
    refusals = {place: read for place, read in reads.items() if isinstance(read, Refusal)}
    bodies = {place: read for place, read in reads.items() if isinstance(read, Body)}
    outcomes = _outcomes(bodies, piece_bytes)
    refusals.update(refused(bodies, outcomes))
    bodies = {place: body for place, body in bodies.items() if place not in refusals}
    frames = merged(outcomes, set(refusals))
    frames["segment_note"] = prose_notes(frames["segment_note"], bodies)
    frames["file"] = file_table(bodies, [outcome.counts for outcome in outcomes])
    frames["finding"] = file_findings(frames, bodies)
    return Remittances(finished(frames), [refusals[place] for place in sorted(refusals)])


def parse_chunks(sources: Iterable[Source | Path], size: int = CHUNK_BYTES) -> Iterator[Remittances]:
    """Read many files with bounded memory, about `size` bytes at a time, in their order.

    Small files come together. A path whose file is larger comes in parts: its rows over several chunks, its row
    of table `file` and what concerns the whole file with the last of them. Should a part not be readable after
    all, a refusal ends the file, and the caller takes its earlier rows back. Raises OSError where a file cannot
    be read.
    """
    chunk: list[Source] = []
    filled = 0
    for given in sources:
        large = isinstance(given, Path) and given.stat().st_size > size
        source = None if large else given if isinstance(given, Source) else Source.from_path(given)
        weight = len(source.data) if source else size
        if chunk and filled + weight > size:
            yield parse(chunk)
            chunk, filled = [], 0
        if source:
            chunk.append(source)
            filled += weight
        elif isinstance(given, Path):
            yield from parse_parts(given, size) or [parse([Source.from_path(given)])]
    if chunk:
        yield parse(chunk)


def _outcomes(bodies: dict[int, Body], piece_bytes: int) -> list[Outcome]:
    """Read all bodies, several batches at a time where there are several.

    Polars and numpy leave the interpreter free.
    """
    lists = gather(list(bodies.items()), piece_bytes)
    if len(lists) < 2:
        return [read_batch(pieces) for pieces in lists]
    with ThreadPoolExecutor(max_workers=min(2, os.cpu_count() or 1)) as pool:
        return list(pool.map(read_batch, lists))
