"""Tables -> segments: the way back, which proves that nothing was lost.

Segments come back as they were sent, decoration aside. Left out are transactions that are not an 835 (they
are counted, not kept) and text before the first segment.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

import polars as pl

from era_parser.envelope import ISA_WIDTHS
from era_parser.parties import N1_COLUMNS, NM1_COLUMNS
from era_parser.registry import TableSpec, tables

MERGED = {
    "payment": {"ST": "segment", "BPR": "payment_segment", "TRN": "trace_segment", "CUR": "currency_segment"},
    "provider_summary": {"TS3": "segment", "TS2": "supplement_segment"},
    "party": {"N3": "address_segment", "N4": "city_segment"},
}


@dataclass(frozen=True, slots=True)
class Sent:
    """One element of one segment: ordinal of the segment, tag, element number (0: none sent), text."""

    segment: int
    tag: str
    element: int
    text: str


def write(frames: dict[str, pl.DataFrame], file_hash: str) -> str:
    """Give the file's text: each segment with the terminator of its interchange, a newline after it."""
    ends = _delimiters(frames, file_hash, "segment_terminator")
    return "".join(f"{text}{ends(number)}\n" for number, text in segments(frames, file_hash).items())


def segments(frames: dict[str, pl.DataFrame], file_hash: str) -> dict[int, str]:
    """Give the file's segments by ordinal, without terminators."""
    own = {
        name: f.filter(pl.col("file_hash") == file_hash) for name, f in frames.items() if name != "finding"
    }
    element = _delimiters(frames, file_hash, "element_separator")
    component = _delimiters(frames, file_hash, "body_component_separator")
    texts: dict[int, dict[int, str]] = defaultdict(dict)
    tags: dict[int, str] = {}
    cents = own["file"]["amount_style"][0] == "cents"
    for sent in _sent(own, cents=cents):
        tags[sent.segment] = sent.tag
        if sent.text:
            separator = component(sent.segment)
            texts[sent.segment][sent.element] = sent.text.replace("\0", separator)
    for segment, number, text in own["element_text"].select("segment", "element", "text").iter_rows():
        texts[segment][number] = text
    written = {n: element(n).join([tag, *_dense(texts[n])]) for n, tag in tags.items()}
    notes = own["segment_note"].filter(pl.col("segment").is_not_null())
    written.update(dict(notes.select("segment", "text").iter_rows()))
    return dict(sorted(written.items()))


def _dense(texts: dict[int, str]) -> list[str]:
    return [texts.get(n, "") for n in range(1, max(texts, default=0) + 1)]


class _Stepwise:
    """A delimiter by segment ordinal: that of the last ISA at or before it, the file's own before any."""

    def __init__(self, steps: list[tuple[int, str]], default: str) -> None:
        self.steps = steps
        self.default = default

    def __call__(self, segment: int) -> str:
        return next((text for start, text in reversed(self.steps) if start <= segment), self.default)


def _delimiters(frames: dict[str, pl.DataFrame], file_hash: str, column: str) -> _Stepwise:
    rows = frames["interchange"].filter(pl.col("file_hash") == file_hash).select("segment", column)
    own = frames["file"].filter(pl.col("file_hash") == file_hash)[column.removeprefix("body_")][0]
    return _Stepwise(list(rows.sort("segment").iter_rows()), own)


def _sent(own: dict[str, pl.DataFrame], *, cents: bool) -> Iterator[Sent]:
    for spec in tables().values():
        frame = own.get(spec.name)
        if frame is None or not len(frame):
            continue
        for tag, ordinal in MERGED.get(spec.name, {spec.segment: "segment"} if spec.segment else {}).items():
            yield from _whole(spec, frame, tag or "", ordinal, cents=cents)
    yield from _procedures(own["service_line"])
    yield from _adjustments(own["adjustment"], cents=cents)
    yield from _provider_adjustments(own["provider_adjustment"], cents=cents)
    yield from _parties(own["party"])
    yield from _remarks(own)
    yield from _trailers(own["trailer"])


def _whole(spec: TableSpec, frame: pl.DataFrame, tag: str, ordinal: str, *, cents: bool) -> Iterator[Sent]:
    """Elements that a column holds whole."""
    rows = frame.filter(pl.col(ordinal).is_not_null())
    ordinals = rows[ordinal].to_list()
    for segment in ordinals:
        yield Sent(segment, tag, 0, "")
    for name, column in spec.elements(tag).items():
        if "-" in name:
            continue
        number = int(name[len(tag) :])
        for segment, text in zip(
            ordinals, canonical(rows[column.name], column.type, cents=cents), strict=True
        ):
            padded = (text or "").ljust(ISA_WIDTHS[number - 1]) if tag == "ISA" else text or ""
            yield Sent(segment, tag, number, padded)


def canonical(values: pl.Series, kind: str, *, cents: bool = False) -> list[str | None]:
    """Give the text of each value: the shortest one, amounts with two decimals where the file sends `cents`."""
    if kind == "money" and cents:
        return values.cast(pl.String).to_list()
    if kind in ("money", "quantity", "rate"):
        values = values.cast(pl.String).str.strip_chars_end("0").str.strip_suffix(".")
    elif kind in ("date", "short_date"):
        values = values.dt.to_string("%Y%m%d" if kind == "date" else "%y%m%d")
    return values.cast(pl.String).to_list()


def _procedures(frame: pl.DataFrame) -> Iterator[Sent]:
    for number, prefix in ((1, ""), (6, "billed_")):
        names = (
            "procedure_qualifier",
            "procedure_code",
            "modifiers",
            "procedure_description",
            "procedure_range_end",
        )
        columns = [prefix + name for name in names]
        for segment, *parts in frame.select("segment", *columns).iter_rows():
            parts[2] = parts[2] and parts[2].replace(":", "\0")
            yield Sent(segment, "SVC", number, "\0".join(part for part in parts if part))


def _adjustments(frame: pl.DataFrame, *, cents: bool) -> Iterator[Sent]:
    amounts = canonical(frame["adjustment_amount"], "money", cents=cents)
    quantities = canonical(frame["adjustment_quantity"], "quantity")
    rows = frame.select("segment", "position", "group_code", "reason_code").iter_rows()
    for (segment, position, group, reason), amount, quantity in zip(rows, amounts, quantities, strict=True):
        first = 3 * position - 1
        for number, text in ((1, group), (first, reason), (first + 1, amount), (first + 2, quantity)):
            yield Sent(segment, "CAS", number, text or "")


def _provider_adjustments(frame: pl.DataFrame, *, cents: bool) -> Iterator[Sent]:
    amounts = canonical(frame["adjustment_amount"], "money", cents=cents)
    dates = canonical(frame["fiscal_date"], "date")
    rows = frame.select("segment", "position", "provider_id", "reason_code", "reference_id").iter_rows()
    for (segment, position, provider, reason, reference), amount, date in zip(
        rows, amounts, dates, strict=True
    ):
        first = 2 * position + 1
        code = "\0".join(part for part in (reason, reference) if part)
        for number, text in ((1, provider), (2, date), (first, code), (first + 1, amount)):
            yield Sent(segment, "PLB", number, text or "")


def _parties(frame: pl.DataFrame) -> Iterator[Sent]:
    for tag, names in (("N1", N1_COLUMNS), ("NM1", NM1_COLUMNS)):
        for segment, *texts in frame.filter(pl.col("party_tag") == tag).select("segment", *names).iter_rows():
            for number, text in enumerate(texts, 1):
                yield Sent(segment, tag, number, text or "")


def _remarks(own: dict[str, pl.DataFrame]) -> Iterator[Sent]:
    others = pl.concat([own["inpatient"].select("segment"), own["outpatient"].select("segment")])
    rows = own["remark"].join(others, on="segment", how="anti", maintain_order="left")
    for segment, qualifier, code in rows.select("segment", "remark_qualifier", "remark_code").iter_rows():
        yield Sent(segment, "LQ", 1, qualifier or "")
        yield Sent(segment, "LQ", 2, code or "")


def _trailers(frame: pl.DataFrame) -> Iterator[Sent]:
    for segment, tag, count, control in frame.select(
        "segment", "trailer_tag", "stated_count", "control_number"
    ).iter_rows():
        yield Sent(segment, tag, 1, "" if count is None else str(count))
        yield Sent(segment, tag, 2, control or "")
