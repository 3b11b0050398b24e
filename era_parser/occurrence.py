"""How often a segment stands in its loop: required ones are there, others do not repeat beyond grammar.csv."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import polars as pl

from era_parser.findings import FindingCode, PieceCheck, Read, found
from era_parser.grammar import Rule, loop_code, rules
from era_parser.scan import Flags, Positions
from era_parser.segments import Elements
from era_parser.spans import LOW


@dataclass(frozen=True)
class Tagged:
    """All segments of a tag: `rows` in the scan, `opener` that of the loop that each stands in."""

    read: Read
    rows: Positions

    @cached_property
    def opener(self) -> Positions:
        return self.read.segments.opener[self.rows]

    def more_than(self, most: int) -> bool:
        """Whether any loop has more than so many of them."""
        return len(self.rows) > most and bool((self.opener[most:] == self.opener[:-most]).any())

    @cached_property
    def loop(self) -> npt.NDArray[np.uint8]:
        loops: npt.NDArray[np.uint8] = self.read.segments.openers["loop"].to_numpy()[self.opener]
        return loops

    @cached_property
    def qualifier(self) -> npt.NDArray[np.uint64]:
        """First elements of at most eight bytes as numbers, their first byte lowest."""
        spans = Elements.of(self.read.segments.scan, self.rows).spans(1)
        words: npt.NDArray[np.uint64] = spans.scan.words[spans.start]
        known: npt.NDArray[np.uint64] = words & LOW[np.minimum(spans.end - spans.start, 8)]
        return known

    def of(self, rule: Rule) -> Flags:
        """Those that the rule speaks of: in its loop, of a file that its guide is for, with its qualifiers."""
        right: Flags = self.loop == loop_code(rule.loop)
        if rule.guide:
            right &= _guided(self.read, rule)[self.read.segments.scan.source[self.rows]]
        if rule.qualifiers:
            codes = [int.from_bytes(code.encode("ascii"), "little") for code in rule.qualifiers]
            right &= np.logical_or.reduce([self.qualifier == code for code in codes])
        return right


def repeated_segments(read: Read) -> Iterator[pl.DataFrame]:
    """A segment stands in its loop no more often than the guide allows; what is more is kept all the same."""
    for tag, tagged in _by_tag(read).items():
        for rule in rules():
            most = rule.repeats
            if rule.segment != tag or rule.starts or not most or not tagged.more_than(most):
                continue
            right = tagged.of(rule)
            opener = tagged.opener[right]
            again = (
                np.flatnonzero(opener[most:] == opener[:-most]) + most if len(opener) > most else opener[:0]
            )
            if len(again):
                message = f"{_name(rule)} stands here more than {most} times; all are kept: ask the payer"
                rows = read.segments.rows(tagged.rows[right][again])
                yield found(FindingCode.REPEATED_SEGMENT, rows, message, tag)


def required_segments(read: Read) -> Iterator[pl.DataFrame]:
    """A loop has the segments that the guide requires, a transaction the loops."""
    tags = _by_tag(read)
    for rule in rules():
        optional = rule.usage != "required" or rule.loop in ("ENVELOPE", "SUMMARY")
        if optional or (rule.starts and not rule.parent):
            continue
        owners = tags[next(r.segment for r in rules() if r.starts and r.loop == (rule.parent or rule.loop))]
        missing = owners.rows[_lacking(read, rule, owners, tags[rule.segment])]
        if len(missing):
            message = f"no {_name(rule)} here although the guide requires it; what it would say is null"
            yield found(FindingCode.REQUIRED_SEGMENT, read.segments.rows(missing), message, _name(rule))


def _lacking(read: Read, rule: Rule, owners: Tagged, tagged: Tagged) -> Flags:
    """Owners (openers of loops; transactions, for a loop that is required itself) without the segment."""
    right = tagged.of(rule)
    if rule.parent:
        starts = owners.rows
        have = np.bincount(np.searchsorted(starts, tagged.rows[right], "right"), minlength=len(starts) + 1)[
            1:
        ]
        lacking: Flags = have == 0
    else:
        has = np.zeros(len(read.segments.openers), np.bool_)
        has[tagged.opener[right]] = True
        lacking = ~has[owners.opener] & (owners.loop == loop_code(rule.loop))
    if rule.guide:
        lacking &= _guided(read, rule)[read.segments.scan.source[owners.rows]]
    return lacking


def _by_tag(read: Read) -> dict[str, Tagged]:
    return {tag: Tagged(read, part["row"].to_numpy()) for tag, part in read.parts.items()}


def _guided(read: Read, rule: Rule) -> Flags:
    """Pieces of files that the rule's guide is for."""
    return np.array([piece.body.guide == rule.guide for piece in read.batch.pieces])


def _name(rule: Rule) -> str:
    one = len(rule.qualifiers) == 1
    return f"{rule.segment}*{rule.qualifiers[0]}" if one else rule.segment


CHECKS: list[PieceCheck] = [repeated_segments, required_segments]
