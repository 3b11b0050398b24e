"""Cutting the work: small files together, big files apart, so that memory stays bounded and both cores work.

A big body is cut before an ST: what follows depends on what stood before it by its ordinals alone, and those
are added when the pieces are put together again.
"""

import re
from dataclasses import dataclass

from era_parser.interchange import Body, Delimiters

PIECE_BYTES = 24_000_000
Key = tuple[bytes, bytes, bytes, str, bool]


@dataclass(frozen=True, slots=True)
class Piece:
    """`body.data[start:end]`.

    `place` is that of the file among the sources, `number` that of the piece in it.
    """

    body: Body
    place: int
    number: int
    start: int
    end: int

    @property
    def size(self) -> int:
        return self.end - self.start


@dataclass(frozen=True)
class Batch:
    """Pieces of bodies that share delimiters, encoding and style of amounts.

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


def cut(body: Body, place: int, size: int = PIECE_BYTES) -> list[Piece]:
    """Cut a body into pieces of about `size` bytes, each but the first starting at an ST."""
    if body.end - body.start < 1.5 * size or body.encoding != "utf-8":
        return [Piece(body, place, 0, body.start, body.end)]
    terminator, element = re.escape(body.delimiters.terminator), re.escape(body.delimiters.element)
    start_of_set = re.compile(terminator + rb"(?=[ \t\r\n]{0,99}ST" + element + rb")")
    pieces: list[Piece] = []
    at = body.start
    while body.end - at > 1.5 * size:
        match = start_of_set.search(body.data, at + size, body.end)
        if match is None:
            break
        pieces.append(Piece(body, place, len(pieces), at, match.end()))
        at = match.end()
    pieces.append(Piece(body, place, len(pieces), at, body.end))
    return pieces


def gather(bodies: list[tuple[int, Body]], size: int = PIECE_BYTES) -> list[list[Piece]]:
    """Group pieces by delimiters, encoding and style of amounts into lists of about `size` bytes, in the order of their files.

    A piece that is not the first of its file starts a list, so that a file's pieces lie in lists that follow
    one another.
    """
    pending: dict[Key, list[Piece]] = {}
    filled: dict[Key, int] = {}
    done: list[list[Piece]] = []
    for place, body in bodies:
        d = body.delimiters
        key = (d.element, d.component, d.terminator, body.encoding, body.cents)
        for piece in cut(body, place, size):
            if key in pending and (piece.number or filled[key] + piece.size > size):
                done.append(pending.pop(key))
            pending.setdefault(key, []).append(piece)
            filled[key] = piece.size if len(pending[key]) == 1 else filled[key] + piece.size
    return done + list(pending.values())
