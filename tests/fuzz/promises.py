"""What the reader promises for any bytes, and ways to spoil a remittance."""

import functools
import random
from collections.abc import Callable, Sequence
from pathlib import Path

import polars as pl

from era_parser import RefusalCode, Remittances, Source, parse
from era_parser.findings import FindingCode
from era_parser.write import segments

FIXTURES = Path(__file__).parents[1] / "fixtures" / "835"
GOOD = Source.from_path(FIXTURES / "pass" / "one-claim.835")
ODD_TEXTS = tuple(
    text.encode()
    for text in ("", "--5", "+5", "-0", ".", "1e9", "nan", "inf", "1_000", "\uff11\uff12", "9" * 40, "99999999999999999.99",
                 "1.005", "20260230", "00000000", "99991231", "é", "\u2028", "\ufeff", "\x00", "\x1d", "\r", "\n", '"', "'",
                 "ISA", "ST*835*1", "SE*1*1", "CLP", "SVC", "HC:1:2:3:4:5:6:7:8:9", ":" * 9, "~~", "*" * 30)
)  # fmt: skip
ODD_BYTES = (b"\xff", b"\xe2\x80", b"\xef\xbb\xbf", b"\x80", b"\xc3")
DELIMITERS = b"*~:|^\n\r\x1c\x1d\x1e\x1f>+;&<\\ \x00A0"
LONGEST = 20_000


class BrokenPromiseError(AssertionError):
    """The reader did what it promises never to do."""


def hold(files: Sequence[bytes]) -> None:
    """Read the files in one batch with a good one. Raises BrokenPromiseError, or what the reader raised."""
    sources = [Source(f"{number}.835", data) for number, data in enumerate(files) if data != GOOD.data]
    read = parse([*sources, GOOD])
    read_hashes = read.tables["file"]["file_hash"].to_list()
    refused = {refusal.file_hash for refusal in read.refusals}
    _promise(len(read_hashes) == len(set(read_hashes)), "a file is read twice")
    _promise(not refused & set(read_hashes), "a file is read and refused")
    given = {source.file_hash for source in sources} | {GOOD.file_hash}
    _promise(refused | set(read_hashes) == given, "a file is neither read nor refused")
    _refusals(read, {source.file_hash: len(source.data) for source in sources})
    _rows(read, set(read_hashes))
    for source in sources[:2]:
        if source.file_hash in read_hashes:
            _accounted(read, source)


def _promise(kept: bool, what: str) -> None:
    if not kept:
        raise BrokenPromiseError(what)


def _refusals(read: Remittances, sizes: dict[str, int]) -> None:
    for refusal in read.refusals:
        _promise(refusal.code != RefusalCode.UNACCOUNTED, "segments in and rows out do not add up")
        _promise(0 <= refusal.byte_offset <= sizes[refusal.file_hash], "a refusal points outside the file")
        _promise(bool(refusal.message), "a refusal without a reason")


def _rows(read: Remittances, read_hashes: set[str]) -> None:
    """No row of a refused file; a good file is read as it is alone, whatever stands beside it."""
    for name, frame in read.tables.items():
        _promise(set(frame["file_hash"].unique()) <= read_hashes, f"{name} holds rows of a refused file")
        mine = frame.filter(pl.col("file_hash") == GOOD.file_hash)
        _promise(mine.equals(_good().tables[name]), f"{name}: a file changes with its neighbours")
    codes = set(read.tables["finding"]["code"].unique())
    _promise(codes <= {code.value for code in FindingCode}, "a finding without a code")


def _accounted(read: Remittances, source: Source) -> None:
    """The tables give back every segment but those of other transactions."""
    file = read.tables["file"].row(by_predicate=pl.col("file_hash") == source.file_hash, named=True)
    written = segments(read.tables, source.file_hash)
    lost = file["segment_count"] - file["other_segment_count"] - len(written)
    _promise(lost == 0, "segments do not come back from the tables")


@functools.cache
def _good() -> Remittances:
    return parse([GOOD])


def spoiled(data: bytes, chance: random.Random, bytewise: Callable[[bytes], bytes]) -> bytes:
    """Return a remittance with a few things wrong; `bytewise` is a mutation of single bytes."""
    for _ in range(chance.choice((1, 1, 2, 4))):
        way = chance.choice((_segments, _segments, _element, _element, _delimiter, _cut, _odd, None))
        data = way(data, chance) if way else bytewise(data)
    return data[:LONGEST]


def _segments(data: bytes, chance: random.Random) -> bytes:
    """Drop, double, move, repeat or exchange segments; or take one of another file."""
    parts = data.split(b"~")
    at, other = chance.randrange(len(parts)), chance.randrange(len(parts))
    match chance.randrange(6):
        case 0:
            del parts[at]
        case 1:
            parts.insert(other, parts[at])
        case 2:
            parts[at], parts[other] = parts[other], parts[at]
        case 3:
            parts[at:at] = parts[at : at + 1] * 60
        case 4:
            parts[at:other] = []
        case _:
            parts.insert(at, chance.choice(_seeds()[chance.randrange(len(_seeds()))].split(b"~")))
    return b"~".join(parts)


def _element(data: bytes, chance: random.Random) -> bytes:
    parts = data.split(b"*")
    parts[chance.randrange(len(parts))] = chance.choice(ODD_TEXTS)
    return b"*".join(parts)


def _delimiter(data: bytes, chance: random.Random) -> bytes:
    """Write all of one delimiter, or those of the rest of the file, as another byte."""
    old, new = chance.choice((b"*", b"~", b":", b"~\n")), bytes([chance.choice(DELIMITERS)])
    start = chance.choice((0, 0, chance.randrange(len(data) + 1)))
    return data[:start] + data[start:].replace(old, new)


def _cut(data: bytes, chance: random.Random) -> bytes:
    at, other = sorted((chance.randrange(len(data) + 1), chance.randrange(len(data) + 1)))
    return chance.choice((data[:at], data[at:], data[:at] + data[other:], data + data[at:other], data * 2))


def _odd(data: bytes, chance: random.Random) -> bytes:
    at = chance.randrange(len(data) + 1)
    return data[:at] + chance.choice(ODD_TEXTS + ODD_BYTES) + data[at:]


@functools.cache
def _seeds() -> list[bytes]:
    return [path.read_bytes() for path in sorted(FIXTURES.glob("*/*.835"))]


def seeds() -> list[bytes]:
    """All fixtures, as they are."""
    return _seeds()
