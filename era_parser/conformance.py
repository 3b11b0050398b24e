"""Does a file conform to the implementation guide: the opinion of pyx12, guarded against its known faults.

A second opinion beside our findings, never a reason to drop data. pyx12 (https://pypi.org/project/pyx12)
validates 005010X221A1 segment by segment, about 0.25 MB a second; it knows loops, order, repeats, types and
code lists, and knows nothing of balances, CARC or NPI. Where it did not read what we read its opinion is void.
"""

import bisect
import csv
import enum
import functools
import importlib
import importlib.metadata
import io
import json
import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

GUIDE = "005010X221A1"
KEPT_FAULTS = 100
_ENVELOPE = ("ISA", "GS", "ST", "SE", "GE", "IEA")
_ISA_BYTES = 106
_TAG = re.compile(r"[A-Z][A-Z0-9]{1,2}")
_FALSE_ALARMS = {("ISA11", "6"), ("ISA16", "6")}
"""Control characters in the two elements that state delimiters; X12 allows them there (appendix B.1)."""


class Opinion(enum.StrEnum):
    """What pyx12 says of a file."""

    CONFORMS = "CONFORMS"
    """pyx12 read every segment and found no fault."""
    FAULTS = "FAULTS"
    """pyx12 read every segment and found faults."""
    NOT_CHECKED = "NOT_CHECKED"
    """There is no opinion worth having; a reason says why."""


class NotChecked(enum.StrEnum):
    """Why a file has no opinion."""

    OTHER_GUIDE = "OTHER_GUIDE"
    """A functional group follows another guide (GS08), a 4010 remittance for example."""
    NOT_OPENED = "NOT_OPENED"
    """pyx12 opens only files that begin with an ISA of 106 characters, version 00401 or 00501."""
    READ_OTHERWISE = "READ_OTHERWISE"
    """pyx12 counts other segments or interchanges than we do: it stopped early or cut the file wrongly."""
    STOPPED = "STOPPED"
    """pyx12 failed on the file, as it does on stray trailers and surplus components."""
    TOO_LARGE = "TOO_LARGE"
    """The file is larger than the settings allow."""
    TIMED_OUT = "TIMED_OUT"
    """The check took longer than the settings allow."""
    WORKER_DIED = "WORKER_DIED"
    """The process that checked the file died, for want of memory for example."""


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault that pyx12 reports.

    `segment` is the ordinal in the file of where it was noticed, `tag` the segment meant (a missing one
    included), `element` like CLP02 or SVC01-2, `code` X12's (TA105, AK905, IK502, IK304, IK403 by level).
    """

    level: str
    code: str
    segment: int | None = None
    tag: str | None = None
    element: str | None = None

    @property
    def message(self) -> str:
        """What the code means, in our words."""
        return _meaning(self.level, self.code)[1]


@dataclass(frozen=True, slots=True)
class Conformance:
    """The opinion on one file; `fault_count` counts all faults, `faults` keeps the first KEPT_FAULTS."""

    opinion: Opinion
    not_checked: NotChecked | None = None
    detail: str = ""
    fault_count: int | None = None
    pyx12_segment_count: int | None = None
    faults: tuple[Fault, ...] = ()


def pyx12_version() -> str:
    return importlib.metadata.version("pyx12")


def ready() -> None:
    """Import what `check` needs, so that a process finds out early that it cannot. Raises ImportError."""
    importlib.import_module("pyx12.x12n_document")


def not_checked(reason: NotChecked, detail: str = "", segments: int | None = None) -> Conformance:
    return Conformance(Opinion.NOT_CHECKED, reason, detail, pyx12_segment_count=segments)


def check(data: bytes, segment_count: int, interchange_count: int) -> Conformance:
    """Validate the bytes of a file against 005010X221A1.

    The counts are those of our own reader (table `file`). Never raises on any bytes, MemoryError aside; nothing
    that the bytes hold is in the result but positions, segment tags and X12's codes. Takes about 4 s and 40 MB a MB.
    """
    text = _text(data)
    if not text.startswith("ISA") or len(text) < _ISA_BYTES:
        return not_checked(NotChecked.NOT_OPENED, "pyx12 opens only files that begin with a whole ISA")
    if _other_guide(text):
        return not_checked(
            NotChecked.OTHER_GUIDE, f"a functional group states another guide than {GUIDE} (GS08)"
        )
    reading = _Reading()
    try:
        accepted, report = _validate(text, reading)
    except MemoryError:
        raise
    except Exception as error:  # noqa: BLE001  (IndexError, EngineError, X12Error, TypeError … on what it does not foresee)
        detail = f"pyx12 stopped with {type(error).__name__}"
        return not_checked(NotChecked.STOPPED, detail, reading.segments)
    if not reading.segments:
        return not_checked(NotChecked.NOT_OPENED, "pyx12 did not open the file")
    seen = (reading.segments, len(reading.ordinals["ISA"]))
    if seen != (segment_count, interchange_count):
        counts = f"{seen[0]} segments in {seen[1]} interchanges, we {segment_count} in {interchange_count}"
        return not_checked(NotChecked.READ_OTHERWISE, f"pyx12 read {counts}", reading.segments)
    return _concluded(reading, report, accepted=accepted)


def _concluded(reading: "_Reading", report: dict[str, Any], *, accepted: bool) -> Conformance:
    """Weigh what pyx12 reported: each error is logged once, and all but a few stand in its report."""
    found = [*reading.faults, *_faults(report, reading)]
    real = [fault for fault in found if (fault.element, fault.code) not in _FALSE_ALARMS]
    count = max(reading.tally.count - (len(found) - len(real)), len(real))
    if count == 0 and not accepted and not found:
        return not_checked(NotChecked.STOPPED, "pyx12 rejects the file without a reason", reading.segments)
    opinion = Opinion.FAULTS if count else Opinion.CONFORMS
    kept = sorted(real, key=lambda fault: fault.segment or 0)[:KEPT_FAULTS]
    return Conformance(opinion, fault_count=count, pyx12_segment_count=reading.segments, faults=tuple(kept))


def _text(data: bytes) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("latin-1")


def _other_guide(text: str) -> bool:
    """Tell whether a GS states another guide; settled before pyx12 would use the map of that guide."""
    element, terminator = text[3], text[_ISA_BYTES - 1]
    groups = [
        part.lstrip("\r\n") for part in text.split(terminator) if part[:4].lstrip("\r\n").startswith("GS")
    ]
    stated = [parts[8] for group in groups if len(parts := group.split(element)) > 8 and parts[0] == "GS"]
    return any(guide != GUIDE for guide in stated)


class _Tally(logging.Handler):
    """Counts the errors that pyx12 logs; their text, which quotes the file, goes nowhere."""

    count = 0

    def emit(self, record: logging.LogRecord) -> None:
        self.count += record.name == "pyx12.error_handler" and record.levelno == logging.ERROR


@dataclass(slots=True)
class _Reading:
    """What pyx12 read: its segments, where headers stand, and faults of envelope elements."""

    segments: int = 0
    ordinals: dict[str, list[int]] = field(default_factory=lambda: {"ISA": [], "GS": [], "ST": []})
    faults: list[Fault] = field(default_factory=list)
    tally: _Tally = field(default_factory=_Tally)

    def take(self, segment: Any, _source: Any, node: Any, _valid: object) -> None:
        """Take note of a segment; pyx12 calls this once for each."""
        self.segments += 1
        tag = segment.get_seg_id()
        if tag in self.ordinals:
            self.ordinals[tag].append(self.segments)
        if tag in _ENVELOPE and getattr(node, "id", None) == tag:
            self.faults += _envelope_faults(node, segment, tag, self.segments)


def _envelope_faults(node: Any, segment: Any, tag: str, ordinal: int) -> Iterator[Fault]:
    """Faults of an envelope segment's elements: pyx12 counts these but leaves them out of its report."""
    for error in node.is_valid_errors(segment)[1]:
        at = error.map_node
        if at is None:
            yield Fault("segment", "8", ordinal, tag)
        else:
            yield Fault("element", error.err_cde, ordinal, tag, f"{tag}{at.seq:02d}")


def _validate(text: str, reading: _Reading) -> tuple[bool, dict[str, Any]]:
    """Run pyx12; return whether it accepts the text, and its report."""
    from pyx12.params import ParamsBase  # noqa: PLC0415  (the reader does not need pyx12)
    from pyx12.x12n_document import x12n_document  # noqa: PLC0415

    out = io.StringIO()
    with _silenced(reading.tally):
        accepted = x12n_document(
            ParamsBase(), io.StringIO(text), None, None, fd_json=out, callback=reading.take
        )
    return bool(accepted), json.loads(out.getvalue() or "{}")


@contextmanager
def _silenced(tally: _Tally) -> Iterator[None]:
    """Keep what pyx12 logs and prints, which quotes the file, from everyone."""
    logger = logging.getLogger("pyx12")
    before = (logger.propagate, logger.level, logger.handlers)
    logger.propagate, logger.level, logger.handlers = False, logging.ERROR, [tally]
    try:
        with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
            yield
    finally:
        logger.propagate, logger.level, logger.handlers = before


def _faults(report: dict[str, Any], reading: _Reading) -> Iterator[Fault]:
    """Faults of pyx12's report, whose `cur_line` is the ordinal of a segment in the file."""
    for interchange in report.get("interchanges", []):
        yield from _envelope("interchange", interchange, reading)
        for group in interchange["groups"]:
            yield from _envelope("group", group, reading)
            for transaction in group["transactions"]:
                yield from _envelope("transaction", transaction, reading)
                for segment in transaction["segments"]:
                    yield from _inner(segment)


def _envelope(level: str, node: dict[str, Any], reading: _Reading) -> Iterator[Fault]:
    """Faults of an envelope; the report places all of them at its trailer, some belong to the header."""
    for error in node["errors"]:
        code, place = error["err_cde"], node["cur_line"]
        tag = _meaning(level, code)[0] or None
        if tag in reading.ordinals:
            headers = reading.ordinals[tag]
            place = headers[max(bisect.bisect_right(headers, place) - 1, 0)]
        yield Fault(level, code, place, tag)


def _inner(segment: dict[str, Any]) -> Iterator[Fault]:
    """Faults of one segment. A tag is kept only where it is one: cut wrongly, it would be the whole segment."""
    place, tag = segment["cur_line"], segment["seg_id"] or ""
    tag = tag if _TAG.fullmatch(tag) else None
    for error in segment["errors"]:
        yield Fault("segment", error["err_cde"], place, tag)
    for element in segment["elements"]:
        component = f"-{element['subele_pos']}" if element["subele_pos"] else ""
        name = f"{tag or ''}{element['ele_pos']:02d}{component}"
        for error in element["errors"]:
            yield Fault("element", error["err_cde"], place, tag, name)


@functools.cache
def _meanings() -> dict[tuple[str, str], tuple[str, str]]:
    with (Path(__file__).parent / "conformance.csv").open(encoding="utf-8", newline="") as file:
        return {(row["level"], row["code"]): (row["tag"], row["message"]) for row in csv.DictReader(file)}


def _meaning(level: str, code: str) -> tuple[str, str]:
    """Tag of the segment that an envelope's code is about, and what the code means."""
    return _meanings().get((level, code), ("", "see X12's list of codes for this level"))
