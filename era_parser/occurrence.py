"""How often a segment stands in its loop: required ones are there, others do not repeat beyond grammar.csv."""

from collections.abc import Iterator

import numpy as np
import polars as pl

from era_parser.findings import FindingCode, PieceCheck, Read, found
from era_parser.grammar import Rule, loop_code, rules
from era_parser.scan import Flags, Positions
from era_parser.segments import Elements


def repeated_segments(read: Read) -> Iterator[pl.DataFrame]:
    """A segment stands in its loop no more often than the guide allows; what is more is kept all the same."""
    for rule in rules():
        rows = np.zeros(0, np.int64) if rule.starts or rule.repeats is None else _candidates(read, rule)
        if len(rows):
            rows = rows[_matching(read, rule, rows)]
            loop = read.segments.opener[rows]
            starts = np.flatnonzero(np.diff(loop, prepend=-1))
            place = np.arange(len(rows)) - np.repeat(starts, np.diff(starts, append=len(rows)))
            extra = rows[place >= (rule.repeats or 0)]
            message = f"{_name(rule)} stands here more than {rule.repeats} times; all are kept: ask the payer"
            if len(extra):
                yield found(FindingCode.REPEATED_SEGMENT, read.segments.rows(extra), message, rule.segment)


def _candidates(read: Read, rule: Rule) -> Positions:
    """Segments of the rule's tag in loops that have more of them than it allows: mostly none."""
    rows = read.parts[rule.segment]["row"].to_numpy()
    if len(rows) <= (rule.repeats or 0):
        return rows[:0]
    loop = read.segments.opener[rows]
    starts = np.flatnonzero(np.diff(loop, prepend=-1))
    count = np.diff(starts, append=len(rows))
    return rows[np.repeat(count > (rule.repeats or 0), count)]


def _matching(read: Read, rule: Rule, rows: Positions) -> Flags:
    """Those that stand in the rule's loop, of a file that its guide is for, with one of its qualifiers."""
    segments = read.segments
    right: Flags = segments.carried("loop")[rows] == loop_code(rule.loop)
    if rule.guide:
        fits = np.array([piece.body.guide == rule.guide for piece in read.batch.pieces])
        right &= fits[segments.scan.source[rows]]
    if rule.qualifiers:
        told = Elements.of(segments.scan, rows).spans(1).texts()
        right &= told.is_in(list(rule.qualifiers)).fill_null(value=False).to_numpy()
    return right


def required_segments(read: Read) -> Iterator[pl.DataFrame]:
    """A loop has the segments that the guide requires, a transaction the loops."""
    for rule in rules():
        if rule.usage != "required" or rule.loop == "ENVELOPE" or rule.loop == "SUMMARY":
            continue
        if rule.starts and not rule.parent:
            continue
        yield _absent(read, rule)


def _absent(read: Read, rule: Rule) -> pl.DataFrame:
    """Loops (or, for a loop that is required itself, transactions) without the segment."""
    segments = read.segments
    opener = next(r.segment for r in rules() if r.starts and r.loop == (rule.parent or rule.loop))
    owners = read.parts[opener]["row"].to_numpy()
    rows = read.parts[rule.segment]["row"].to_numpy()
    rows = rows[_matching(read, rule, rows)]
    if rule.starts or rule.parent:
        have = np.isin(_payments(read, owners), _payments(read, rows))
    else:
        owners = owners[segments.carried("loop")[owners] == loop_code(rule.loop)]
        have = np.isin(segments.opener[owners], segments.opener[rows])
    if rule.guide:
        fits = np.array([piece.body.guide == rule.guide for piece in read.batch.pieces])
        have |= ~fits[segments.scan.source[owners]]
    message = f"no {_name(rule)} here although the guide requires it; what it would say is null"
    return found(FindingCode.REQUIRED_SEGMENT, segments.rows(owners[~have]), message, _name(rule))


def _payments(read: Read, rows: Positions) -> Positions:
    """Which transaction of the batch each segment stands in."""
    return np.searchsorted(read.parts["ST"]["row"].to_numpy(), rows, side="right")


def _name(rule: Rule) -> str:
    one = len(rule.qualifiers) == 1
    return f"{rule.segment}*{rule.qualifiers[0]}" if one else rule.segment


CHECKS: list[PieceCheck] = [repeated_segments, required_segments]
