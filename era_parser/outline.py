"""A big file on disk -> its outline, found block by block: hash, interchanges, and where it may be cut.

Its parts are then read one after the other, so that memory follows the size of a part and not of the file.
"""

import codecs
import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from era_parser.interchange import (
    BLANK,
    BOM,
    CLAIM_BYTES,
    HEAD_BYTES,
    Body,
    Delimiters,
    Span,
    body_of,
    guide_of,
    isa_delimiters,
    isa_starts,
    sends_cents,
    with_body_component,
)
from era_parser.source import Refusal, Source

BLOCK_BYTES = 4_000_000
OVERLAP = 400
"""Bytes that a window keeps of the one before: more than an ISA and the blanks around it."""


@dataclass
class Outline:
    """What a file holds; `cuts` are the offsets where its parts start, each but the first at an ST."""

    path: Path
    size: int
    heads: list[tuple[int, Delimiters]] = field(default_factory=list)
    cuts: list[int] = field(default_factory=list)
    file_hash: str = ""
    encoding: str = "utf-8"
    guide: str = ""
    cents: bool = False

    @property
    def longest(self) -> int:
        """Bytes of the longest part."""
        return max(end - start for start, end in self._ranges())

    def bodies(self) -> Iterator[Body | Refusal]:
        """Give the parts in order, each read from the disk when asked for."""
        return (self._body(start, end) for start, end in self._ranges())

    def backwards(self) -> Iterator[Body | Refusal]:
        """Give the parts from the last one on."""
        return (self._body(start, end) for start, end in reversed(self._ranges()))

    def _ranges(self) -> list[tuple[int, int]]:
        return list(zip(self.cuts, [*self.cuts[1:], self.size], strict=True))

    def _body(self, start: int, end: int) -> Body | Refusal:
        with self.path.open("rb") as file:
            lead = file.read(start) if start == self.cuts[0] else b""
            file.seek(start)
            data = file.read(end - start)
        data = data.rstrip(BLANK) if end == self.size else data
        source = Source.known(self.path.name, data, self.file_hash)
        body = body_of(source, self._spans(data, start), self.encoding)
        if isinstance(body, Refusal):
            return replace(body, byte_offset=body.byte_offset + start)
        body.shifts = [(position, offset + start) for position, offset in body.shifts]
        body.spans = [replace(span, start=span.start + start, end=span.end + start) for span in body.spans]
        body.guide, body.cents = self.guide, self.cents
        body.bom = lead.startswith(BOM)
        body.prose = lead.removeprefix(BOM).strip().decode(self.encoding, "replace")
        body.prose_offset = len(BOM) if body.bom else 0
        return body

    def _spans(self, data: bytes, start: int) -> list[Span]:
        """Interchanges of a part, the first of which may have begun before it; positions in its data."""
        end = start + len(data)
        carried = [head for head in self.heads if head[0] <= start][-1:]
        heads = [(max(at, start) - start, own) for at, own in carried]
        heads += [(at - start, own) for at, own in self.heads if start < at < end]
        spans = []
        for (at, own), until in zip(heads, [*(at for at, _ in heads[1:]), len(data)], strict=True):
            spans.append(Span(at, until, with_body_component(data, at, until, own)))
        return spans


def outline(path: Path, size: int) -> Outline:
    """Find parts of about `size` bytes; there are none where no ISA stands in the first block or one is odd.

    Raises OSError where the file cannot be read.
    """
    found = Outline(path, path.stat().st_size)
    digest, decoder = hashlib.sha256(), codecs.getincrementaldecoder("utf-8")()
    window, base = b"", 0
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES + CLAIM_BYTES)
        found.guide, found.cents = guide_of(head), sends_cents(head)
        file.seek(0)
        while block := file.read(BLOCK_BYTES):
            digest.update(block)
            _decode(found, decoder, block)
            kept = window[-OVERLAP:]
            base += len(window) - len(kept)
            window = kept + block
            if found.heads or base == 0:
                _find_heads(found, window, base, last=base + len(window) >= found.size)
            if found.heads:
                _find_cut(found, window, base, size)
    found.file_hash = digest.hexdigest()
    if not all(own.distinct and (own.ascii or found.encoding != "utf-8") for _, own in found.heads):
        found.cuts = []
    return found


def _decode(found: Outline, decoder: codecs.IncrementalDecoder, block: bytes) -> None:
    """Note a file that is not UTF-8: it is then read as Latin-1, like a small one."""
    if found.encoding == "utf-8" and not (block.isascii() and not decoder.getstate()[0]):
        try:
            decoder.decode(block)
        except UnicodeDecodeError:
            found.encoding = "latin-1"


def _find_heads(found: Outline, window: bytes, base: int, *, last: bool) -> None:
    """Add the interchanges that start in a window; one too near its end is seen whole in the next one."""
    at = window.find(b"ISA")
    while at >= 0 and (last or at + OVERLAP // 2 <= len(window)):
        before = found.heads[-1] if found.heads else None
        if before is None or base + at > before[0] + 60:
            delimiters = isa_delimiters(window, at)
            if delimiters and isa_starts(window, at, before[1] if before else None):
                found.heads.append((base + at, delimiters))
                if before is None:
                    found.cuts.append(base + at)
        at = window.find(b"ISA", at + 3)


def _find_cut(found: Outline, window: bytes, base: int, size: int) -> None:
    """Add the first ST behind each full part, if it starts in this window."""
    while (wanted := found.cuts[-1] + size) < base + len(window) and found.size - wanted > size // 2:
        delimiters = [own for at, own in found.heads if at <= wanted][-1]
        terminator, element = re.escape(delimiters.terminator), re.escape(delimiters.element)
        start_of_set = re.compile(terminator + rb"(?=[ \t\r\n]{0,99}ST" + element + rb")")
        match = start_of_set.search(window, max(wanted - base, 0))
        if match is None:
            return
        found.cuts.append(base + match.end())
