"""A scan -> its segments: tags, ordinals, loops.

What a segment belongs to changes at few of them only: those that open or close a loop, a transaction or an
interchange (`openers`). Ordinals and loops are worked out for these; every other segment takes them from the
last opener before it.
"""

import functools
import itertools
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import numpy.typing as npt
import polars as pl

from era_parser.grammar import ENVELOPE_TAGS, Rule, loop_code, rules, segment_tags, tag_code
from era_parser.pieces import Batch
from era_parser.scan import Flags, Positions, Scan, scan
from era_parser.spans import LOW, Spans

NO_LOOP = 0
IN_835 = 1
IN_OTHER = 2
CARRIED = ("interchange", "functional_group", "payment", "header", "claim", "line", "loop", "transaction",
           "claim_row", "line_row")  # fmt: skip


@dataclass(frozen=True)
class Segments:
    """Segments of a batch: one entry of `tag` (code of the grammar, 0 unknown) and `opener` each.

    `openers` has the columns CARRIED: ordinals (from 1 in each piece), `loop` (code), `transaction` (IN_835,
    IN_OTHER or 0), `claim_row` and `line_row` (ordinals over the whole batch: one number tells a claim or a
    line). `other_starts` are the ST of transactions that are not an 835.
    """

    scan: Scan
    tag: npt.NDArray[np.uint8]
    opener: Positions
    openers: pl.DataFrame
    ordinal: npt.NDArray[np.int32]
    other_starts: Positions

    def rows(self, rows: Positions) -> pl.DataFrame:
        """Frame of some segments: `row` (place in the scan), source, tag, segment, byte_offset, CARRIED."""
        carried = self.openers[self.opener[rows]] if len(rows) else self.openers.clear()
        return carried.with_columns(
            pl.Series("row", rows),
            pl.Series("source", self.scan.source[rows]),
            pl.Series("tag", self.tag[rows]),
            pl.Series("segment", self.ordinal[rows]),
            pl.Series("byte_offset", self.scan.offset[rows]),
        )

    def tagged(self) -> dict[str, pl.DataFrame]:
        """Frames of the segments of each tag; those of none under the empty one."""
        order = np.argsort(self.tag, kind="stable")
        bounds = np.searchsorted(self.tag[order], np.arange(len(segment_tags()) + 2))
        names = ["", *segment_tags()]
        return {name: self.rows(order[bounds[n] : bounds[n + 1]]) for n, name in enumerate(names)}

    def carried(self, column: str) -> npt.NDArray[np.uint8]:
        """A column of codes for every segment."""
        values: npt.NDArray[np.uint8] = self.openers[column].to_numpy()[self.opener]
        return values

    def texts(self, rows: pl.Series) -> pl.Series:
        """Whole segments, decoration and terminator aside."""
        places = rows.to_numpy()
        return Spans(self.scan, self.scan.start[places], self.scan.end[places]).texts()


def read_segments(batch: Batch) -> Segments:
    """Cut a batch into its segments."""
    cut = scan(batch)
    tag = _tags(cut)
    first = np.diff(cut.source, prepend=-1) != 0
    after_end = np.zeros(len(cut), np.bool_)
    after_end[1:] = tag[:-1] == tag_code("SE")
    opens = np.zeros(256, np.bool_)
    opens[[tag_code(rule.segment) for rule in rules() if rule.starts]] = True
    opens_here = opens[tag] | first | after_end
    opener = np.cumsum(opens_here) - 1
    rows = np.flatnonzero(opens_here)
    openers = _placed(_openers(cut, tag, rows, first, after_end))
    starts_other = (openers["transaction"] == IN_OTHER).to_numpy() & (tag[rows] == tag_code("ST"))
    known = (openers["transaction"] == IN_835).to_numpy()[opener] | _envelope()[tag]
    tag = np.where(known, tag, 0).astype(np.uint8)
    tag[rows] = openers["tag"].to_numpy()
    starts = np.flatnonzero(first)
    ordinal = np.arange(1, len(cut) + 1, dtype=np.int32)
    ordinal -= np.repeat(starts, np.diff(starts, append=len(cut))).astype(np.int32)
    return Segments(cut, tag, opener, openers.select(CARRIED), ordinal, rows[starts_other])


@dataclass(frozen=True)
class Elements:
    """Where the elements of some segments stand: `first` and `last` are their first and last marks' places."""

    cut: Scan
    first: Positions
    last: Positions
    kept: dict[int, Positions] = field(default_factory=dict, repr=False)

    @classmethod
    def of(cls, cut: Scan, rows: Positions) -> "Elements":
        """Those of the segments at some places of a scan."""
        first = cut.first[rows]
        return cls(cut, first, first + cut.count[rows])

    @cached_property
    def most(self) -> int:
        """Elements of the longest segment."""
        return int((self.last - self.first).max(initial=0))

    @cached_property
    def count(self) -> Positions:
        return self.last - self.first

    def spans(self, number: int | Positions) -> Spans:
        """Element `number`, from 1, of each; empty where it was not sent."""
        return self.run(number, 1)[0]

    def run(self, number: int | Positions, size: int) -> list[Spans]:
        """Elements `number` to `number + size - 1` of each."""
        marks = [self._mark(number - 1 + n) for n in range(size + 1)]
        return [Spans(self.cut, np.minimum(a + 1, b), b) for a, b in itertools.pairwise(marks)]

    def rest(self, number: int) -> Spans:
        """All from element `number` on, separators with it; empty where fewer were sent."""
        return Spans(
            self.cut,
            np.minimum(self._mark(number - 1) + 1, self.cut.marks[self.last]),
            self.cut.marks[self.last],
        )

    def at(self, places: Positions) -> "Elements":
        return Elements(self.cut, self.first[places], self.last[places])

    def _mark(self, number: int | Positions) -> Positions:
        """Position of a mark, from 0; the last one is kept, since neighbours share it."""
        if isinstance(number, int) and number in self.kept:
            return self.kept[number]
        mark: Positions = self.cut.marks[np.minimum(self.first + number, self.last)]
        if isinstance(number, int):
            self.kept.clear()
            self.kept[number] = mark
        return mark


def _tags(cut: Scan) -> npt.NDArray[np.uint8]:
    """Codes of tags: what stands before the first mark."""
    size = cut.marks[cut.first] - cut.start
    head = cut.words[cut.start] & LOW[np.clip(size, 0, 3)]
    tag: npt.NDArray[np.uint8] = _codes()[head]
    tag[size > TAG_BYTES] = 0
    return tag


TAG_BYTES = 3


@functools.cache
def _codes() -> npt.NDArray[np.uint8]:
    """Code of each tag at the number that its bytes make."""
    codes = np.zeros(1 << 8 * TAG_BYTES, np.uint8)
    for tag in segment_tags():
        codes[int.from_bytes(tag.encode("ascii"), "little")] = tag_code(tag)
    return codes


def _envelope() -> Flags:
    flags = np.zeros(256, np.bool_)
    flags[[tag_code(tag) for tag in ENVELOPE_TAGS]] = True
    return flags


def _openers(
    cut: Scan, tag: npt.NDArray[np.uint8], rows: Positions, first: Flags, after_end: Flags
) -> pl.DataFrame:
    """Openers with what decides about them: tag, first of its piece, after an SE, first element."""
    qualified = [tag_code(rule.segment) for rule in rules() if rule.starts and rule.qualifiers]
    asked = np.flatnonzero(np.isin(tag[rows], [tag_code("ST"), *qualified]))
    texts = Elements.of(cut, rows[asked]).spans(1).texts()
    frame = pl.DataFrame(
        {
            "source": cut.source[rows],
            "tag": tag[rows],
            "first": first[rows],
            "after_end": after_end[rows],
        }
    )
    words = pl.DataFrame({"place": asked, "word": texts}).with_columns(pl.col("place").cast(pl.UInt32))
    return frame.with_row_index("place").join(
        words, on="place", how="left", maintain_order="left", validate="1:1"
    )


def _placed(frame: pl.DataFrame) -> pl.DataFrame:
    """Add transaction, loop and ordinals to the openers; what no transaction holds loses its tag."""
    frame = frame.with_columns(_transaction().alias("transaction"))
    envelope = pl.col("tag").is_in([tag_code(tag) for tag in ENVELOPE_TAGS])
    known = envelope | (pl.col("transaction") == IN_835)
    frame = frame.with_columns(pl.when(known).then(pl.col("tag")).otherwise(_code(0)).alias("tag"))
    return _counted(_looped(frame))


def _is(tag: str) -> pl.Expr:
    return pl.col("tag") == tag_code(tag)


def _transaction() -> pl.Expr:
    """Say in which transaction a segment is: an 835, another, or none (0). The SE still is."""
    state = (
        pl.when(_is("ST") & (pl.col("word") == "835")).then(_code(IN_835))
        .when(_is("ST")).then(_code(IN_OTHER))
        .when(_is("ISA") | _is("GS") | _is("GE") | _is("IEA") | pl.col("first") | pl.col("after_end"))
        .then(_code(0))
    )  # fmt: skip
    return state.forward_fill()


def _looped(frame: pl.DataFrame) -> pl.DataFrame:
    """Add `loop`: the loop that the last segment opened which may open one (grammar.csv)."""
    opens = {rule.segment: loop_code(rule.loop) for rule in rules() if rule.starts and not rule.qualifiers}
    codes = pl.Series([opens.get(tag) for tag in ["", *segment_tags()]], dtype=pl.UInt8)
    opened = pl.lit(codes).gather(pl.col("tag"))
    outside = pl.col("first") & opened.is_null()
    frame = frame.with_columns(
        pl.when(outside).then(_code(NO_LOOP)).otherwise(opened).forward_fill().alias("loop")
    )
    inner = [rule for rule in rules() if rule.starts and rule.qualifiers]
    for parent in dict.fromkeys(rule.parent for rule in inner):
        children = [rule for rule in inner if rule.parent == parent]
        frame = frame.with_columns(_children(parent, children).alias("loop"))
    return frame


def _children(parent: str, children: list[Rule]) -> pl.Expr:
    """`loop`, refined where a segment with the right qualifier opens a loop inside `parent`."""
    inside = pl.col("loop") == loop_code(parent)
    opened = pl.when(inside.not_()).then(_code(NO_LOOP)).when(_is("ST")).then(_code(loop_code(parent)))
    for rule in children:
        right = _is(rule.segment) & pl.col("word").is_in(list(rule.qualifiers))
        opened = opened.when(right).then(_code(loop_code(rule.loop)))
    for tag in dict.fromkeys(rule.segment for rule in children):
        opened = opened.when(_is(tag)).then(_code(loop_code(parent)))
    return pl.when(inside).then(opened.forward_fill()).otherwise(pl.col("loop"))


def _code(code: int) -> pl.Expr:
    return pl.lit(code, pl.UInt8)


def _counted(frame: pl.DataFrame) -> pl.DataFrame:
    """Add the ordinals; a service line outside a claim loses its tag, so that it is kept as a note."""
    starts_835 = _is("ST") & (pl.col("transaction") == IN_835)
    frame = frame.with_columns(
        _open(_is("CLP"), _opener_other_than("CLP", "SVC")).alias("claim_row"),
        _open(_is("LX"), _opener_other_than("LX", "CLP", "SVC")).alias("header"),
        pl.when(pl.col("transaction") == IN_835).then(_count(starts_835)).alias("payment"),
        _count(_is("ISA")).alias("interchange"),
        _count(_is("GS")).alias("functional_group"),
    )
    stray = _is("SVC") & pl.col("claim_row").is_null()
    frame = frame.with_columns(pl.when(stray).then(_code(0)).otherwise(pl.col("tag")).alias("tag"))
    lines = _count(_is("SVC"))
    before = pl.when(_is("CLP")).then(lines).forward_fill()
    inside = (pl.col("loop") == loop_code("2110")) & pl.col("claim_row").is_not_null()
    frame = frame.with_columns(
        pl.when(inside).then(lines - before).alias("line"),
        pl.when(inside).then(lines).alias("line_row"),
        pl.col("claim_row").alias("claim"),
    )
    return _from_one(frame) if frame["source"].n_unique() > 1 else frame


def _from_one(frame: pl.DataFrame) -> pl.DataFrame:
    """Count each piece's ordinals from 1, the frame holding several pieces."""
    events = {
        "interchange": _is("ISA"),
        "functional_group": _is("GS"),
        "payment": _is("ST") & (pl.col("transaction") == IN_835),
        "header": _is("LX"),
        "claim": _is("CLP"),
    }
    before = frame.select(
        "source",
        "first",
        *[(_count(event) - event.cast(pl.Int32)).alias(name) for name, event in events.items()],
    ).filter("first")
    last = int(frame["source"][-1])
    places = pl.int_range(last + 1, dtype=pl.Int32, eager=True).alias("source").to_frame()
    before = places.join(before, on="source", how="left", maintain_order="left", validate="1:1")
    return frame.with_columns(pl.col(name) - pl.lit(before[name]).gather(pl.col("source")) for name in events)


def _count(event: pl.Expr) -> pl.Expr:
    """How many events the frame has had so far."""
    return event.cast(pl.Int32).cum_sum()


def _opener_other_than(*tags: str) -> pl.Expr:
    codes = [tag_code(r.segment) for r in rules() if r.starts and not r.qualifiers and r.segment not in tags]
    return pl.col("first") | pl.col("tag").is_in(codes)


def _open(event: pl.Expr, closed: pl.Expr) -> pl.Expr:
    """Ordinal of the event that is open here; null after one that closes it."""
    state = pl.when(event).then(_count(event)).when(closed).then(pl.lit(0, pl.Int32)).forward_fill()
    return pl.when(state > 0).then(state)
