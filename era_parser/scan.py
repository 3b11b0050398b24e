"""Bytes of a batch -> where each segment and each of its elements stands, as arrays.

Nothing is copied but the bytes themselves, once: a segment is a range of positions, its elements lie between
its marks (element separators, and the terminator at its end).
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from era_parser.line_breaks import DECORATION, line_breaks
from era_parser.pieces import Batch

Positions = npt.NDArray[np.signedinteger]
Flags = npt.NDArray[np.bool_]
Bytes = npt.NDArray[np.uint8]

PAD = 16
"""Zero bytes before and after the data, so that eight bytes can be read at any position of them."""
FEW = 8


@dataclass(frozen=True)
class Scan:
    """Segments of a batch, empty ones left out, in the order of their bytes.

    Positions count in `data`. Segment n stands at `start[n]:end[n]`, decoration aside; its marks are
    `marks[first[n]] ... marks[first[n] + count[n]]`, the last one its end. `source` is the place of its piece
    in the batch, `offset` that of its first byte in the file as received. `broken` says where line breaks were
    taken out of a segment; `blank` has one row an empty segment: its source and offset. `cents`: see `Body`.
    """

    data: bytes
    marks: Positions
    first: Positions
    count: Positions
    start: Positions
    end: Positions
    source: npt.NDArray[np.int32]
    offset: Positions
    broken: Flags
    blank: tuple[npt.NDArray[np.int32], Positions]
    component: int
    cents: bool

    def __len__(self) -> int:
        return len(self.start)

    @cached_property
    def bytes(self) -> Bytes:
        return np.frombuffer(self.data, np.uint8)

    @cached_property
    def words(self) -> npt.NDArray[np.uint64]:
        """The eight bytes from each position on, the first one lowest."""
        return np.ndarray((len(self.data) - 7,), "<u8", self.data, strides=(1,))

    @cached_property
    def trailing(self) -> Flags:
        """Segments that end in an element separator."""
        last = self.marks[self.first + self.count - (self.count > 0)]
        found: Flags = (last + 1 == self.end) & (self.count > 0)
        return found

    @cached_property
    def separators(self) -> Positions:
        """Component separators, wherever they stand."""
        return np.flatnonzero(self.bytes == self.component)


def scan(batch: Batch) -> Scan:
    """Cut the bytes of a batch."""
    views = [memoryview(piece.body.data)[piece.start : piece.end] for piece in batch.pieces]
    data = b"".join([bytes(PAD), *views, bytes(PAD)])
    ends = PAD + np.cumsum([len(view) for view in views], dtype=np.int64)
    terminator = batch.delimiters.terminator[0]
    breaks = line_breaks(data, terminator, PAD)
    if len(breaks):
        data = breaks.without(data)
    marks = _marks(data, batch.delimiters.element[0], terminator)
    values = np.frombuffer(data, np.uint8)
    last = np.flatnonzero(values[marks] == terminator)
    first = np.concatenate([[0], last[:-1] + 1]) if len(last) else last
    end = marks[last]
    start = _undecorated(values, np.concatenate([end[:1] * 0 + PAD, end[:-1] + 1]), end)
    before = start + breaks.before(start) if len(breaks) else start
    counts = np.diff(np.searchsorted(before, ends), prepend=0)
    source = np.repeat(np.arange(len(ends), dtype=np.int32), counts)
    offset = _offsets(batch, views, before.astype(np.int64) - PAD, source)
    broken = np.zeros(len(start), np.bool_)
    if len(breaks):
        broken[np.searchsorted(end, breaks.place[breaks.torn])] = True
    some = start < end
    blank = (source[~some], offset[~some])
    if not some.all():
        first, last, start, end = first[some], last[some], start[some], end[some]
        source, offset, broken = source[some], offset[some], broken[some]
    component = batch.delimiters.component[0]
    return Scan(
        data,
        marks,
        first,
        last - first,
        start,
        end,
        source,
        offset,
        broken,
        blank,
        component,
        batch.pieces[0].body.cents,
    )


def _marks(data: bytes, element: int, terminator: int) -> Positions:
    body = np.frombuffer(data, np.uint8)[PAD:-PAD]
    return np.flatnonzero((body == element) | (body == terminator)).astype(np.int32) + np.int32(PAD)


def _undecorated(values: Bytes, start: Positions, end: Positions) -> Positions:
    """Starts of segments behind the blanks before them."""
    signs = list(DECORATION)
    waiting = np.flatnonzero(values[start] <= max(signs))
    for _ in range(FEW):
        waiting = waiting[(start[waiting] < end[waiting]) & np.isin(values[start[waiting]], signs)]
        if not len(waiting):
            return start
        start[waiting] += 1
    solid = np.flatnonzero(~np.isin(values, signs))
    following = solid[np.minimum(np.searchsorted(solid, start[waiting]), len(solid) - 1)]
    start[waiting] = np.minimum(following, end[waiting])
    return start


def _offsets(
    batch: Batch, views: list[memoryview], positions: Positions, source: npt.NDArray[np.int32]
) -> Positions:
    """Offsets in the files as received of positions in the batch."""
    if batch.latin:
        values = np.frombuffer(b"".join(views), np.uint8)
        characters = np.cumsum((values & 0xC0) != 0x80)
        positions = np.append(0, characters)[positions]
    starts, deltas = _shifts(batch, [len(view) for view in views])
    if len(deltas) == 1:
        return positions + deltas[0]
    places = source if len(deltas) == len(batch.pieces) else np.searchsorted(starts, positions, "right") - 1
    return positions + np.array(deltas, np.int64)[places]


def _shifts(batch: Batch, sizes: list[int]) -> tuple[list[int], list[int]]:
    """Positions in the batch where a stretch starts, and what to add there to get the offset in the file."""
    starts: list[int] = []
    deltas: list[int] = []
    base = 0
    for piece, size in zip(batch.pieces, sizes, strict=True):
        shifts = piece.body.shifts
        first = max(n for n, (position, _) in enumerate(shifts) if position <= piece.start)
        for position, offset in shifts[first:]:
            if position < piece.end:
                starts.append(base + max(position - piece.start, 0))
                deltas.append(offset - position + piece.start - base)
        base += len(piece.body.data.decode("utf-8")) if batch.latin else size
    return starts, deltas
