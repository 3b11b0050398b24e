"""Line breaks that cut segments: systems that wrap lines put them anywhere, also inside an element.

Worked out block by block: a file may be nothing but line breaks.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

Positions = npt.NDArray[np.signedinteger]
Flags = npt.NDArray[np.bool_]
Bytes = npt.NDArray[np.uint8]

DECORATION = b"\r\n \t"
BREAKS = b"\r\n"
_BLOCK = 1 << 22
_NEAR = 64
_NONE = np.zeros(0, np.int64)


@dataclass(frozen=True)
class Breaks:
    """Line breaks to take out, in rows of neighbours, each from `start` to before `end` in the data.

    `torn`: it stands within a segment, not at its end.
    """

    start: Positions
    end: Positions
    torn: Flags

    def __len__(self) -> int:
        return len(self.start)

    @cached_property
    def _lengths(self) -> Positions:
        """Bytes in all rows up to each, one more than there are rows."""
        lengths: Positions = np.append(0, np.cumsum(self.end - self.start))
        return lengths

    @cached_property
    def place(self) -> Positions:
        """Where each row stood, in what is left."""
        place: Positions = self.start - self._lengths[:-1]
        return place

    def before(self, positions: Positions) -> Positions:
        """How many bytes were taken out before each position of what is left."""
        found: Positions = self._lengths[np.searchsorted(self.place, positions, side="right")]
        return found

    def without(self, data: bytes) -> bytes:
        """Return the data without them."""
        edges = np.zeros(len(data) + 1, np.int8)
        edges[self.start] = 1
        edges[self.end] -= 1
        np.cumsum(edges, out=edges)
        kept: Bytes = np.frombuffer(data, np.uint8)[edges[:-1] == 0]
        return kept.tobytes()


def line_breaks(data: bytes, terminator: int, pad: int) -> Breaks:
    """Find line breaks inside segments; those with other blanks before a segment are decoration.

    `pad`: zero bytes before and after the data.
    """
    signs = [sign for sign in BREAKS if sign != terminator and bytes([sign]) in data]
    values = np.frombuffer(data, np.uint8)
    start, end = _rows(_inside(values, signs, terminator, pad)) if signs else (_NONE, _NONE)
    return Breaks(start, end, values[end] != terminator)


def _rows(blocks: Iterable[Positions]) -> tuple[Positions, Positions]:
    """Return starts and ends of rows of neighbours; one may reach over blocks."""
    starts, ends = [_NONE], [_NONE]
    for breaks in blocks:
        edge = np.flatnonzero(np.diff(breaks) != 1)
        starts.append(breaks[np.append(0, edge + 1)])
        ends.append(breaks[np.append(edge, len(breaks) - 1)] + 1)
    start, end = np.concatenate(starts), np.concatenate(ends)
    goes_on = start[1:] == end[:-1]
    return start[np.append(True, ~goes_on)[: len(start)]], end[np.append(~goes_on, True)[: len(end)]]


def _inside(values: Bytes, signs: list[int], terminator: int, pad: int) -> Iterator[Positions]:
    """Give breaks whose last byte before them that is no blank is of their segment; those of a block together."""
    before = 0
    for start in range(pad, len(values) - pad, _BLOCK):
        end = min(start + _BLOCK, len(values) - pad)
        breaks = np.flatnonzero(_any_of(values[start:end], signs)) + start
        breaks = breaks[~_follows(values, breaks, terminator, pad)]
        if len(breaks):
            solid = np.append(before, np.flatnonzero(_solid(values[start:end], terminator)) + start)
            last = solid[np.searchsorted(solid, breaks) - 1]
            kept = breaks[(values[last] != terminator) & (last >= pad)]
            if len(kept):
                yield kept
        before = _last_solid(values, start, end, terminator, before)


def _any_of(values: Bytes, signs: list[int]) -> Flags:
    found: Flags = values == signs[0]
    for sign in signs[1:]:
        found |= values == sign
    return found


def _solid(values: Bytes, terminator: int) -> Flags:
    """Whether each byte is no blank, or the terminator."""
    solid: Flags = ~_any_of(values, list(DECORATION)) | (values == terminator)
    return solid


def _last_solid(values: Bytes, start: int, end: int, terminator: int, before: int) -> int:
    """Where the last byte of a block stands that is no blank; `before` where there is none."""
    for first in (max(start, end - _NEAR), start):
        solid = np.flatnonzero(_solid(values[first:end], terminator))
        if len(solid):
            return first + int(solid[-1])
    return before


def _follows(values: Bytes, breaks: Positions, terminator: int, pad: int) -> Flags:
    """Whether a break follows a terminator at once, or after a carriage return: the common decoration."""
    before = values[breaks - 1]
    found: Flags = (before == terminator) | (breaks == pad)
    found |= (before == ord("\r")) & ((values[breaks - 2] == terminator) | (breaks == pad + 1))
    return found
