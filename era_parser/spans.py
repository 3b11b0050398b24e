"""Ranges of bytes -> Polars columns: texts without a copy, numbers and dates straight from their digits."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa

from era_parser.registry import DTYPES
from era_parser.scan import Flags, Positions, Scan
from era_parser.values import SCALES, typed

Words = npt.NDArray[np.uint64]
INLINE = 12
"""Bytes that a string view holds in itself (Arrow columnar format, variable-size binary view layout)."""
LOW = np.array([(1 << 8 * n) - 1 for n in range(9)], np.uint64)
"""Masks of a word's first n bytes."""
HIGH = np.array([(1 << 64) - (1 << 8 * (8 - n)) for n in range(9)], np.uint64)
"""Masks of a word's last n bytes."""
ZEROS = np.uint64(0x3030303030303030)
DIGITS = ("money", "quantity", "integer", "count")
"""Kinds that are read from their digits; the others are rare and read text by text."""
BYTE = np.uint64(0xFF)
POINT, MINUS, ZERO = ord("."), ord("-"), ord("0")


@dataclass(frozen=True)
class Spans:
    """`start[n]:end[n]` of a scan's data; an empty one says that nothing was sent."""

    scan: Scan
    start: Positions
    end: Positions

    def __len__(self) -> int:
        return len(self.start)

    @property
    def sent(self) -> Flags:
        return self.end > self.start

    def at(self, rows: npt.NDArray[np.int64] | Flags) -> "Spans":
        return Spans(self.scan, self.start[rows], self.end[rows])

    def texts(self) -> pl.Series:
        """Texts; null where nothing was sent. They point into the scan's data where they are long."""
        length = self.end - self.start
        sent = length > 0
        if not sent.any():
            return nothing(pl.String(), len(self))
        words = self.scan.words
        low = words[self.start] & LOW[np.minimum(length, 8)]
        views = np.empty((len(self), 2), np.uint64)
        views[:, 0] = low << np.uint64(32) | length.astype(np.uint64)
        views[:, 1] = low >> np.uint64(32)
        more = np.flatnonzero(length > 8)
        if len(more):
            start, size = self.start[more], length[more]
            rest = words[start + 8] & LOW[np.minimum(size - 8, 4)]
            whole = views[more, 1] | rest << np.uint64(32)
            views[more, 1] = np.where(size > INLINE, start.astype(np.uint64) << np.uint64(32), whole)
        return column(pa.string_view(), sent, views, self.scan.data)

    def values(self, kind: str) -> tuple[pl.Series, Flags]:
        """Values of a typed kind, and which texts do not follow from their value (see `values.typed`)."""
        if not self.sent.any():
            return nothing(DTYPES[kind], len(self)), np.zeros(len(self), np.bool_)
        if kind == "date":
            numbers, plain = _days(self)
        elif kind in DIGITS:
            numbers, plain = _numbers(self, SCALES.get(kind, 0), cents=self.scan.cents and kind == "money")
        else:
            numbers, plain = np.zeros(len(self), np.int64), np.zeros(len(self), np.bool_)
        return _with_odd(self, kind, numbers, plain)


@dataclass(frozen=True)
class Parts:
    """Components of composite elements: `count[n]` separators in each, `separators` all of the data's."""

    spans: Spans
    separators: Positions
    first: Positions
    count: Positions

    def part(self, number: int, until: int | None = None) -> Spans:
        """Component `number`, from 0, of each element; with `until`, that and what follows up to `until`."""
        last = number if until is None else until
        start = self._mark(number - 1, self.spans.start - 1) + 1
        end = np.where(last < self.count, self._mark(last, self.spans.end), self.spans.end)
        return Spans(self.spans.scan, np.where(number <= self.count, start, end), end)

    @cached_property
    def empty(self) -> Flags:
        """Elements that are sent and have an empty component."""
        several = np.flatnonzero(self.count > 0)
        found = np.zeros(len(self.count), np.bool_)
        if len(several):
            first = self.first[several]
            last = first + self.count[several] - 1
            side_by_side = np.cumsum(np.diff(self.separators, prepend=-2) == 1)
            found[several] = (
                (self.separators[first] == self.spans.start[several])
                | (self.separators[last] == self.spans.end[several] - 1)
                | (side_by_side[last] > side_by_side[first])
            )
        return found & self.spans.sent

    def _mark(self, number: int, otherwise: Positions) -> Positions:
        """Position of a separator; `otherwise` before the first one."""
        if number < 0 or not len(self.separators):
            return otherwise
        return self.separators[np.minimum(self.first + number, len(self.separators) - 1)]


def components(spans: Spans) -> Parts:
    """Split composite elements at the component separator."""
    separators = spans.scan.separators
    first = np.searchsorted(separators, spans.start)
    return Parts(spans, separators, first, np.searchsorted(separators, spans.end) - first)


def nothing(dtype: pl.DataType, length: int) -> pl.Series:
    """Give a column of nulls."""
    return pl.Series([None], dtype=dtype).new_from_index(0, length)


def column(dtype: pa.DataType, sent: Flags, values: npt.NDArray[np.generic], *more: bytes) -> pl.Series:
    """Give a Polars column over the memory of `values`; null where not `sent`."""
    known = None if sent.all() else pa.py_buffer(np.packbits(sent, bitorder="little"))
    buffers = [known, pa.py_buffer(values), *map(pa.py_buffer, more)]
    return pl.Series(pa.Array.from_buffers(dtype, len(sent), buffers))


def _with_odd(spans: Spans, kind: str, numbers: Positions, plain: Flags) -> tuple[pl.Series, Flags]:
    """Build the column from plain numbers; the texts that are not plain are read one by one."""
    sent = spans.sent
    rest = np.flatnonzero(sent & ~plain)
    series = typed_column(kind, numbers, sent & plain)
    odd = np.zeros(len(spans), np.bool_)
    if len(rest):
        value, strange = typed(spans.at(rest).texts(), kind, cents=spans.scan.cents)
        series = series.scatter(rest, value)
        odd[rest] = strange.to_numpy()
    return series, odd


def typed_column(kind: str, numbers: Positions, known: Flags) -> pl.Series:
    if kind in ("date", "short_date"):
        return column(pa.date32(), known, numbers.astype(np.int32))
    if kind == "integer":
        return column(pa.int32(), known, numbers.astype(np.int32))
    if kind == "count":
        return column(pa.int64(), known, numbers)
    wide = np.empty((len(numbers), 2), np.int64)
    wide[:, 0] = numbers
    wide[:, 1] = numbers >> np.int64(63)
    return column(pa.decimal128(18, SCALES[kind]), known, wide)


def _numbers(spans: Spans, scale: int, *, cents: bool) -> tuple[Positions, Flags]:
    """Numbers times 10**scale, and which texts are canonical, of at most eight characters.

    Works on the last eight characters of each text, as one word whose highest byte is the last character.
    """
    length = spans.end - spans.start
    tail = spans.scan.words[spans.end - 8]
    fraction, places, good = _fractions(tail, scale, cents=cents)
    first = tail >> (8 * np.clip(8 - length, 0, 7)).astype(np.uint64) & BYTE
    minus = first == MINUS
    dropped = places + (places > 0)
    size = length - dropped - minus
    kept = HIGH[np.clip(size, 0, 8)]
    digits = tail << (8 * dropped).astype(np.uint64) & kept | ZEROS & ~kept
    whole, numeric = _digits(digits)
    number = whole * np.int64(10**scale) + fraction
    good &= numeric & (length <= 8) & (size >= 1)
    leading = digits >> (8 * np.clip(8 - size, 0, 7)).astype(np.uint64) & BYTE
    good &= (size == 1) | (leading != ZERO)
    return np.where(minus, -number, number), good & (~minus | (number > 0))


def _fractions(tail: Words, scale: int, *, cents: bool) -> tuple[Positions, Positions, Flags]:
    """Fractions of texts in units of 10**-scale, how many digits they have, which of them are canonical."""
    fraction = np.zeros(len(tail), np.int64)
    places = np.zeros(len(tail), np.int64)
    good = np.ones(len(tail), np.bool_)
    for size in range(1, scale + 1):
        rows = np.flatnonzero(tail >> np.uint64(8 * (7 - size)) & BYTE == POINT)
        if not len(rows):
            continue
        total = np.zeros(len(rows), np.int64)
        for place in range(size, 0, -1):
            digit = (tail[rows] >> np.uint64(8 * (8 - place)) & BYTE).astype(np.int64) - ZERO
            good[rows] &= (digit >= 0) & (digit <= 9)
            total = total * 10 + digit
        good[rows] &= ((total % 10 != 0) | cents) & (places[rows] == 0)
        fraction[rows] = total * 10 ** (scale - size)
        places[rows] = size
    if cents:
        good &= places == scale
    return fraction, places, good


def _digits(words: Words) -> tuple[Positions, Flags]:
    """Numbers that eight characters say, the first one lowest in the word, and whether all are digits."""
    high = np.uint64(0xF0F0F0F0F0F0F0F0)
    good = ((words & high) == ZEROS) & (((words + np.uint64(0x0606060606060606)) & high) == ZEROS)
    words = (words & np.uint64(0x0F0F0F0F0F0F0F0F)) * np.uint64(2561) >> np.uint64(8)
    words = (words & np.uint64(0x00FF00FF00FF00FF)) * np.uint64(6553601) >> np.uint64(16)
    words = (words & np.uint64(0x0000FFFF0000FFFF)) * np.uint64(42949672960001) >> np.uint64(32)
    return words.astype(np.int64), good


def _days(spans: Spans) -> tuple[Positions, Flags]:
    """Days since 1970-01-01 of texts CCYYMMDD, and which of them are days of the calendar."""
    number, good = _digits(spans.scan.words[spans.start])
    good &= spans.end - spans.start == 8
    number = np.where(good, number, 19700101)
    year, month, day = number // 10000, number // 100 % 100, number % 100
    good &= (year >= 1) & (month >= 1) & (month <= 12) & (day >= 1)
    months = (year - 1970) * 12 + np.clip(month, 1, 12) - 1
    earliest = int(months.min(initial=0))
    span = np.arange(earliest, int(months.max(initial=0)) + 2).astype("datetime64[M]")
    starts = span.astype("datetime64[D]").astype(np.int64)
    first, following = starts[months - earliest], starts[months - earliest + 1]
    return first + day - 1, good & (first + day <= following)
