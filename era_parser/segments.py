"""Bodies of many files -> one frame of segments, each with its ordinals and its loop.

A frame of segments has one row a segment, in the order of the files and of their bytes:
source (place of the file in the batch), text (the segment, decoration aside), tag and loop (codes of the
grammar), in_835, byte_offset, segment, interchange, functional_group, payment, header, claim, line.
"""

from dataclasses import dataclass

import polars as pl

from era_parser.grammar import ENVELOPE_TAGS, Rule, loop_code, rules, segment_tags, tag_code
from era_parser.interchange import Delimiters
from era_parser.pieces import Piece

DECORATION = "\r\n \t"
NO_LOOP = 0


@dataclass(frozen=True)
class Batch:
    """Pieces of bodies that share delimiters and encoding.

    A segment's `source` is the place of its piece here.
    """

    pieces: list[Piece]

    @property
    def delimiters(self) -> Delimiters:
        return self.pieces[0].body.delimiters

    @property
    def latin(self) -> bool:
        return self.pieces[0].body.encoding != "utf-8"

    @property
    def element(self) -> str:
        return self.delimiters.element.decode("ascii")

    @property
    def component(self) -> str:
        return self.delimiters.component.decode("ascii")

    @property
    def terminator(self) -> str:
        return self.delimiters.terminator.decode("ascii")


def segment_frame(batch: Batch) -> pl.DataFrame:
    """Split a batch into its frame of segments."""
    views = [memoryview(piece.body.data)[piece.start : piece.end] for piece in batch.pieces]
    data = b"".join(views)
    counts = _counts(data, views, batch.delimiters.terminator)
    raw = split_column(data, batch.delimiters.terminator, sum(counts))
    frame = pl.DataFrame({"raw": raw.fill_null(""), "source": _source_of(counts)})
    frame = _undecorated(frame)
    frame = frame.select("source", "text", _length("raw", batch), _length("text", batch))
    position = pl.col("raw_length").cum_sum() - pl.col("text_length") - 1
    frame = frame.with_columns(position.alias("position")).drop("raw_length", "text_length")
    if (frame["text"] == "").any():
        frame = frame.filter(pl.col("text") != "")
    frame = _without_breaks(frame, data)
    return _placed(_offsets(frame, batch, [len(view) for view in views]), batch)


def _counts(data: bytes, views: list[memoryview], terminator: bytes) -> list[int]:
    """Segments of each piece; each ends in a terminator."""
    counts, at = [], 0
    for view in views:
        counts.append(data.count(terminator, at, at + len(view)))
        at += len(view)
    return counts


def _length(column: str, batch: Batch) -> pl.Expr:
    """Bytes of a column in the file as received, its terminator included for `raw`."""
    size = pl.col(column).str.len_chars() if batch.latin else pl.col(column).str.len_bytes()
    return (size.cast(pl.Int64) + (1 if column == "raw" else 0)).alias(f"{column}_length")


def split_column(data: bytes, separator: bytes, count: int) -> pl.Series:
    """Split bytes (UTF-8) at a separator into `count` strings; an empty one is null.

    The CSV reader does it fastest (0.3 s against 1 s for 100 MB), but eats a carriage return before the
    separator and needs a byte that the data do not hold for its own use.
    """
    unused = next((byte for byte in range(1, 32) if byte not in data and byte not in b"\r\n"), None)
    if unused is not None and (b"\r" not in data or b"\r" + separator not in data):
        column = _read(data, chr(unused), separator.decode("ascii"), 1).to_series()
        if len(column) == count:
            return column
    strings = data.decode("utf-8").split(separator.decode("ascii"))[:count]
    return pl.Series("c0", [string or None for string in strings], dtype=pl.String)


def _read(data: bytes, separator: str, end: str, width: int) -> pl.DataFrame:
    return pl.read_csv(
        data,
        separator=separator,
        eol_char=end,
        quote_char=None,
        has_header=False,
        schema={f"c{n}": pl.String for n in range(width)},
        truncate_ragged_lines=True,
        extra_columns="ignore",
        missing_columns="insert",
        raise_if_empty=False,
    )


def split_elements(texts: pl.Series, separator: str, end: str, width: int) -> pl.DataFrame:
    """Split texts at a separator into `width` string columns c0, c1 ...; an empty or missing part is null.

    `end` is a character that no text holds. Parts beyond `width` are dropped.
    """
    if len(texts) and width > 1:
        joined = texts.str.join(end).item().encode("utf-8")
        frame = _read(joined, separator, end, width)
        if len(frame) == len(texts):
            return frame
    parts = texts.str.split(separator)
    columns = [parts.list.get(n, null_on_oob=True).alias(f"c{n}") for n in range(width)]
    return pl.DataFrame(columns).with_columns(
        pl.when(pl.col(f"c{n}") != "").then(pl.col(f"c{n}")) for n in range(width)
    )


def _source_of(counts: list[int]) -> pl.Series:
    """Place of the piece of each segment."""
    if len(counts) == 1:
        return pl.repeat(0, counts[0], dtype=pl.Int32, eager=True).alias("source")
    places = pl.int_range(len(counts), dtype=pl.Int32, eager=True)
    frame = pl.DataFrame({"place": places, "count": pl.Series(counts, dtype=pl.UInt32)})
    return (
        frame.filter(pl.col("count") > 0)
        .select(pl.col("place").repeat_by("count").explode())["place"]
        .alias("source")
    )


def _undecorated(frame: pl.DataFrame) -> pl.DataFrame:
    """Add `text`: segments without the newlines and the indentation before them."""
    frame = frame.with_columns(pl.col("raw").str.strip_prefix("\n").alias("text"))
    if (frame["text"].str.head(1) <= " ").any():
        frame = frame.with_columns(pl.col("raw").str.strip_chars_start(DECORATION).alias("text"))
    return frame


def _without_breaks(frame: pl.DataFrame, data: bytes) -> pl.DataFrame:
    """Take line breaks out of segments; `broken` says where there were any inside one."""
    text = pl.col("text")
    if b"\r" in data:
        frame = frame.with_columns(text.str.strip_chars_end("\r\n"))
    breaks = [byte for byte in ("\n", "\r") if byte.encode() in data]
    if not any(frame["text"].str.contains(byte, literal=True).any() for byte in breaks):
        return frame.with_columns(pl.lit(value=False).alias("broken"))
    inner = text.str.strip_chars_end("\r\n").str.contains("[\r\n]")
    return frame.with_columns(text.str.replace_all("[\r\n]", ""), inner.alias("broken"))


def _offsets(frame: pl.DataFrame, batch: Batch, sizes: list[int]) -> pl.DataFrame:
    """Replace `position` (in the batch) by `byte_offset` (in the file as received)."""
    starts, deltas = _shifts(batch, sizes)
    if len(deltas) == 1:
        offset = pl.col("position") + deltas[0]
    elif len(deltas) == len(batch.pieces):
        offset = pl.col("position") + pl.lit(pl.Series(deltas, dtype=pl.Int64)).gather(pl.col("source"))
    else:
        places = pl.Series(starts, dtype=pl.Int64).search_sorted(frame["position"], side="right") - 1
        offset = pl.col("position") + pl.lit(pl.Series(deltas, dtype=pl.Int64).gather(places))
    return frame.with_columns(offset.alias("byte_offset")).drop("position")


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


def _placed(frame: pl.DataFrame, batch: Batch) -> pl.DataFrame:
    """Add tag, loop and ordinals to a frame of `source`, `text`, `broken`, `byte_offset`."""
    e = batch.element
    first = pl.col("source") != pl.col("source").shift(1, fill_value=-1)
    frame = frame.with_columns(_tags(frame["text"], e), first.alias("first"))
    frame = frame.with_columns(_transaction(e).alias("transaction"))
    envelope = pl.col("tag").is_in([tag_code(tag) for tag in ENVELOPE_TAGS])
    known = envelope | (pl.col("transaction") == IN_835)
    frame = frame.with_columns(pl.when(known).then(pl.col("tag")).otherwise(pl.lit(0, pl.UInt8)).alias("tag"))
    frame = _looped(frame, e)
    return _counted(frame)


IN_835 = 1
IN_OTHER = 2


def _tags(text: pl.Series, element: str) -> pl.Series:
    """Tag codes: the first three or four characters settle which tag a segment has."""
    head = text.str.head(4)
    codes = {}
    for start in head.unique().to_list():
        tag, separator, _ = start.partition(element)
        codes[start] = tag_code(tag) if separator or len(start) < 4 else 0
    if len(codes) > 50_000:
        codes = {start: code for start, code in codes.items() if code}
    return head.replace_strict(codes, default=0, return_dtype=pl.UInt8).alias("tag")


def _starts(text: str, element: str) -> pl.Expr:
    """Find segments that start with these whole elements."""
    return pl.col("text").str.starts_with(text + element) | (pl.col("text") == text)


def _is(tag: str) -> pl.Expr:
    return pl.col("tag") == tag_code(tag)


def _transaction(element: str) -> pl.Expr:
    """Say in which transaction a segment is: an 835, another, or none (0). The SE still is."""
    is_835 = _starts(f"ST{element}835", element)
    after_se = _is("SE").shift(1, fill_value=False)
    state = (
        pl.when(_is("ST") & is_835).then(_code(IN_835)).when(_is("ST")).then(_code(IN_OTHER))
        .when(_is("ISA") | _is("GS") | _is("GE") | _is("IEA") | pl.col("first") | after_se)
        .then(pl.lit(0, pl.UInt8))
    )  # fmt: skip
    return state.forward_fill()


def _looped(frame: pl.DataFrame, element: str) -> pl.DataFrame:
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
        frame = frame.with_columns(_children(parent, children, element).alias("loop"))
    return frame


def _children(parent: str, children: list[Rule], element: str) -> pl.Expr:
    """`loop`, refined where a segment with the right qualifier opens a loop inside `parent`."""
    inside = pl.col("loop") == loop_code(parent)
    opened = pl.when(inside.not_()).then(_code(NO_LOOP)).when(_is("ST")).then(_code(loop_code(parent)))
    for rule in children:
        for qualifier in rule.qualifiers:
            right = _is(rule.segment) & _starts(f"{rule.segment}{element}{qualifier}", element)
            opened = opened.when(right).then(_code(loop_code(rule.loop)))
    for tag in dict.fromkeys(rule.segment for rule in children):
        opened = opened.when(_is(tag)).then(_code(loop_code(parent)))
    refined = opened.forward_fill()
    return pl.when(inside).then(refined).otherwise(pl.col("loop"))


def _code(code: int) -> pl.Expr:
    return pl.lit(code, pl.UInt8)


def _counted(frame: pl.DataFrame) -> pl.DataFrame:
    """Add the ordinals; a service line outside a claim loses its tag, so that it is kept as a note.

    `claim_row` and `line_row` count over the whole frame: one number tells a claim or a line.
    """
    several = frame["source"].n_unique() > 1
    starts_835 = _is("ST") & (pl.col("transaction") == IN_835)
    frame = frame.with_columns(
        _open(_is("CLP"), _opener_other_than("CLP", "SVC")).alias("claim_row"),
        _open(_is("LX"), _opener_other_than("LX", "CLP", "SVC")).alias("header"),
        pl.when(pl.col("transaction") == IN_835).then(_count(starts_835)).alias("payment"),
        _count(pl.col("tag") >= 0).alias("segment"),
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
    return _from_one(frame) if several else frame


def _from_one(frame: pl.DataFrame) -> pl.DataFrame:
    """Count each file's ordinals from 1, the frame holding several files."""
    events = {
        "segment": pl.col("tag") >= 0,
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
