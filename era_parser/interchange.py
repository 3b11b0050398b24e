"""Bytes of a file -> its body and delimiters.

Delimiters come from each ISA alone: element separator = the byte after `ISA`, component separator = ISA16,
segment terminator = the byte after it (005010X221A1, appendix B.1). ISA of the wrong width are read by
counting sixteen separators instead of 106 bytes.
"""

import re
from dataclasses import dataclass

from era_parser.source import Refusal, RefusalCode, Source

BOM = b"\xef\xbb\xbf"
BLANK = b" \t\r\n"
SOLID = re.compile(rb"\S")
NEWLINE = re.compile(rb"\r?\n")
NEWLINE_AND_BLANKS = re.compile(rb"\n[ \t\r\n]*")
ISA = re.compile(rb"ISA([^0-9A-Za-z\s])(?:(?:(?!\1)[\s\S]){0,99}\1){15}")
NEXT_SEGMENT = re.compile(rb"\s*(?:GS|ST|TA1|IEA|ISA)[^0-9A-Za-z\s]")
FRAGMENT = re.compile(
    rb"(?<![0-9A-Za-z])ST([^0-9A-Za-z\s])(\d{3})(?:\1[0-9A-Za-z .\-_]{0,40}){1,2}"
    rb"[ \t]*(\r?\n|(?!\1)[^0-9A-Za-z \-_])"
)
COMPONENT_BYTES = b":>^|<\\!+;&*~\x1c\x1d\x1e\x1f"
ROUND_AMOUNT = re.compile(rb"\d\.\d0[^0-9A-Za-z.]")
HEAD_BYTES = 20_000
CLAIM_BYTES = 4_000
FREE_BYTES = bytes([0x1D, 0x1F, 0x1E, 0x1C, *range(1, 9), 0x0B, 0x0C, *range(0x0E, 0x1C)])
DEFAULT_COMPONENT = b":"


@dataclass(frozen=True, slots=True)
class Delimiters:
    """One byte each; `component` is what the body uses, `stated` what ISA16 says (empty: nothing)."""

    element: bytes
    component: bytes
    terminator: bytes
    stated: bytes = b""

    @property
    def ascii(self) -> bool:
        return (self.element + self.component + self.terminator).isascii()

    @property
    def distinct(self) -> bool:
        return len({self.element, self.component, self.terminator}) == 3


@dataclass(frozen=True, slots=True)
class Span:
    """Bytes `start` to `end` of a file that share delimiters; `has_isa` is False for a fragment."""

    start: int
    end: int
    delimiters: Delimiters
    has_isa: bool = True


@dataclass(slots=True)
class Body:
    """A file ready to be split: `data[start:end]` holds segments of one encoding and one set of delimiters.

    `shifts` says where in the file each stretch of them stood: (position in data, offset in file), positions
    rising, the first one `start`; in characters where the encoding is latin-1 (its data are UTF-8 again).
    `guide` is the one it says it follows; `cents` says that it sends amounts with two decimals always (100.00).
    """

    source: Source
    data: bytes
    start: int
    end: int
    delimiters: Delimiters
    encoding: str
    shifts: list[tuple[int, int]]
    spans: list[Span]
    prose: str = ""
    prose_offset: int = 0
    unterminated: bool = False
    wrapped: bool = False
    bom: bool = False
    guide: str = "5010"
    cents: bool = False


def read_body(source: Source) -> Body | Refusal:
    """Find the interchanges of a file, or say why there are none."""
    data = source.data
    start = len(BOM) if data.startswith(BOM) else 0
    if not SOLID.search(data, start):
        return refuse(source, RefusalCode.EMPTY, 0, "the file is empty; ask for it to be sent again")
    spans = find_spans(data, start)
    if not spans:
        return _no_span(source, start)
    if not all(span.delimiters.distinct for span in spans):
        return refuse(
            source, RefusalCode.DELIMITERS, spans[0].start, "delimiters are not distinct; ask for a new file"
        )
    encoding = _encoding(data)
    if encoding == "utf-8" and not all(span.delimiters.ascii for span in spans):
        message = "a delimiter is part of a letter; ask for a new file"
        return refuse(source, RefusalCode.DELIMITERS, spans[0].start, message)
    body = body_of(source, spans, encoding)
    if isinstance(body, Body):
        prose = data[start : spans[0].start].strip()
        body.prose = prose.decode(body.encoding, "replace")
        body.prose_offset = start
        body.bom = start > 0
        body.guide, body.cents = guide_of(data), sends_cents(data)
    return body


def guide_of(data: bytes) -> str:
    """Guide that a file follows by its first GS08: 4010 or 5010."""
    return "4010" if data.find(b"004010X091", 0, HEAD_BYTES) >= 0 else "5010"


def sends_cents(data: bytes) -> bool:
    """Whether the first claims say amounts with two decimals, against the shortest form that X12 asks for."""
    first = data.find(b"CLP", 0, HEAD_BYTES)
    return first >= 0 and ROUND_AMOUNT.search(data, first, first + CLAIM_BYTES) is not None


def refuse(source: Source, code: RefusalCode, offset: int, message: str) -> Refusal:
    return Refusal(source.file_hash, source.name, code, offset, message)


def _no_span(source: Source, start: int) -> Refusal:
    at = source.data.find(b"ISA", start)
    if (
        at >= 0
        and len(source.data) - at < 120
        and ISA.match(source.data, at) is None
        and source.data.isascii()
    ):
        message = "the data end inside the ISA; ask for the file to be sent again"
        return refuse(source, RefusalCode.TRUNCATED, at, message)
    message = "no ISA, GS or ST segment found; this is not an X12 file"
    return refuse(source, RefusalCode.NOT_X12, start, message)


def find_spans(data: bytes, start: int) -> list[Span]:
    """Spans of a file in order: one an ISA, or one fragment that starts at GS or ST."""
    heads = _interchange_heads(data, start)
    lead = _fragment(data, start, heads[0][0] if heads else len(data))
    spans = [lead] if lead else []
    for n, (at, delimiters) in enumerate(heads):
        end = heads[n + 1][0] if n + 1 < len(heads) else len(data)
        spans.append(Span(at, end, with_body_component(data, at, end, delimiters)))
    return spans


def _interchange_heads(data: bytes, start: int) -> list[tuple[int, Delimiters]]:
    heads: list[tuple[int, Delimiters]] = []
    at = data.find(b"ISA", start)
    while at >= 0:
        delimiters = isa_delimiters(data, at)
        if delimiters and isa_starts(data, at, heads[-1][1] if heads else None):
            heads.append((at, delimiters))
            at += 60
        at = data.find(b"ISA", at + 3)
    return heads


def isa_starts(data: bytes, at: int, before: Delimiters | None) -> bool:
    """Return True where an ISA may start.

    The file's first one anywhere, later ones after a terminator or a line.
    """
    if at == 0:
        return True
    previous = data[at - 1 : at]
    if before is None:
        return not previous.isalnum()
    lead = data[max(0, at - 40) : at].rstrip(BLANK)
    return lead.endswith(before.terminator) or previous in (b"\n", before.terminator)


def isa_delimiters(data: bytes, at: int) -> Delimiters | None:
    match = ISA.match(data, at)
    if match is None:
        return None
    element = match[1]
    tail = data[match.end() : match.end() + 60]
    if tail[:1] in (b"\r", b"\n") and NEXT_SEGMENT.match(tail):
        return Delimiters(element, DEFAULT_COMPONENT, b"\n")
    tail = tail.lstrip(b"\r\n")
    stated, rest = tail[:1], tail[1:].lstrip(b" ")
    if stated == element:
        stated, rest = b"", tail[1:]
    if rest[:1].isalnum():
        stated, rest = b"", tail
    if rest[:1] in (b"\r", b"\n"):
        after = rest.lstrip(b"\r\n")
        rest = b"\n" if NEXT_SEGMENT.match(after) or not after else after
    if not rest[:1] or rest[:1].isalnum():
        return None
    return Delimiters(element, stated or DEFAULT_COMPONENT, rest[:1], stated)


def _fragment(data: bytes, start: int, end: int) -> Span | None:
    match = FRAGMENT.search(data, start, end)
    if match is None:
        return None
    element, terminator = match[1], match[3][-1:]
    group = re.compile(rb"(?<![0-9A-Za-z])GS" + re.escape(element)).search(data, start, match.start())
    at = group.start() if group else match.start()
    delimiters = with_body_component(data, at, end, Delimiters(element, DEFAULT_COMPONENT, terminator))
    return Span(at, end, delimiters, has_isa=False)


def with_body_component(data: bytes, start: int, end: int, stated: Delimiters) -> Delimiters:
    """Delimiters with the component separator that the first SVC or PLB uses, where it differs from ISA16."""
    for tag, skip in ((b"SVC", 1), (b"PLB", 3)):
        at = data.find(tag + stated.element, start, end)
        if at < 0:
            continue
        elements = data[at : at + 200].split(stated.terminator)[0].split(stated.element)
        code = elements[skip] if len(elements) > skip else b""
        used = code[2:3]
        if code[:2].isalnum() and used and used in COMPONENT_BYTES:
            return Delimiters(stated.element, used, stated.terminator, stated.stated)
    if stated.component in (stated.element, stated.terminator):
        other = next(b for b in (b":", b">", b"^") if b not in (stated.element, stated.terminator))
        return Delimiters(stated.element, other, stated.terminator, stated.stated)
    return stated


def body_of(source: Source, spans: list[Span], encoding: str) -> Body | Refusal:
    """Bytes whose interchanges are known -> their body."""
    data = source.data
    first = spans[0].delimiters
    key = (first.element, first.component, first.terminator)
    same = all((s.delimiters.element, s.delimiters.component, s.delimiters.terminator) == key for s in spans)
    ascii_only = max(b"".join(key)) < 0x80
    joined = (
        all(data[max(0, s.start - 40) : s.start].rstrip(BLANK).endswith(first.terminator) for s in spans[1:])
        if same
        else False
    )
    if same and joined and ascii_only and first.terminator != b"\n" and encoding == "utf-8":
        return _plain_body(source, spans, first)
    return _rebuilt_body(source, spans, encoding, same and ascii_only and first.terminator != b"\n")


def _encoding(data: bytes) -> str:
    if data.isascii():
        return "utf-8"
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return "latin-1"
    return "utf-8"


def _plain_body(source: Source, spans: list[Span], delimiters: Delimiters) -> Body:
    """Take the file's own bytes, untouched: the common case."""
    data, start, end = source.data, spans[0].start, len(source.data)
    while data[end - 1] in BLANK:
        end -= 1
    unterminated = data[end - 1 : end] != delimiters.terminator
    if unterminated:
        data, start, end = data[start:end] + delimiters.terminator, 0, end - start + 1
    shifts = [(start, spans[0].start)]
    return Body(source, data, start, end, delimiters, "utf-8", shifts, spans, unterminated=unterminated)


def _rebuilt_body(source: Source, spans: list[Span], encoding: str, keep: bool) -> Body | Refusal:
    """The odd cases: delimiters that differ within the file, newline terminators, Latin-1 text."""
    data = source.data
    target = spans[0].delimiters if keep else _free_delimiters(data, spans)
    if target is None:
        message = (
            "interchanges differ in their delimiters and every control byte is taken; ask for a new file"
        )
        return refuse(source, RefusalCode.DELIMITERS, spans[0].start, message)
    pieces: list[bytes] = []
    shifts: list[tuple[int, int]] = []
    size, wrapped, unterminated = 0, False, False
    for span in spans:
        raw = data[span.start : span.end].rstrip(BLANK)
        cuts = _continuations(raw, span.delimiters)
        wrapped = wrapped or bool(cuts)
        at = 0
        for cut, width in [*cuts, (len(raw), 0)]:
            shifts.append((size, span.start + at))
            piece = raw[at:cut]
            at = cut + width
            pieces.append(piece if keep else _unify(piece, span.delimiters, target))
            size += len(piece)
        if not pieces[-1].endswith(target.terminator):
            unterminated = span.delimiters.terminator != b"\n"
            pieces.append(target.terminator)
            size += 1
        else:
            unterminated = False
    joined = b"".join(pieces)
    if encoding == "latin-1":
        joined = joined.decode("latin-1").encode("utf-8")
    size = len(joined)
    return Body(
        source, joined, 0, size, target, encoding, shifts, spans, unterminated=unterminated, wrapped=wrapped
    )


def _continuations(raw: bytes, delimiters: Delimiters) -> list[tuple[int, int]]:
    """Newlines that do not end a segment although the newline is the terminator: (position, width)."""
    if delimiters.terminator != b"\n":
        return []
    segment = re.compile(rb"[A-Z][0-9A-Z]{1,2}" + re.escape(delimiters.element))
    found: list[tuple[int, int]] = []
    for run in NEWLINE_AND_BLANKS.finditer(raw):
        if run.end() == len(raw) or segment.match(raw, run.end()):
            continue
        start = run.start() - (raw[run.start() - 1 : run.start()] == b"\r")
        found += [(at.start(), len(at[0])) for at in NEWLINE.finditer(raw, start, run.end())]
    return found


def _free_delimiters(data: bytes, spans: list[Span]) -> Delimiters | None:
    """Control bytes that the file does not hold; its component separator stays where it has but one."""
    free = [bytes([byte]) for byte in FREE_BYTES if byte not in data]
    if len(free) < 3:
        return None
    components = {span.delimiters.component for span in spans}
    shared = components.pop() if len(components) == 1 else free[1]
    return Delimiters(free[0], shared if shared.isascii() else free[1], free[2])


def _unify(piece: bytes, old: Delimiters, new: Delimiters) -> bytes:
    """Give the bytes with other delimiters; the component separator changes only where composites stand."""
    table = bytes.maketrans(old.element + old.terminator, new.element + new.terminator)
    piece = piece.translate(table)
    if old.component == new.component:
        return piece
    element, terminator = re.escape(new.element), re.escape(new.terminator)
    composite = re.compile(rb"(?:SVC|PLB)" + element + rb"[^" + terminator + rb"]*")
    return composite.sub(lambda match: match[0].replace(old.component, new.component), piece)
