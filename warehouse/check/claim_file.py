"""A claims file (837P, 005010X222) to the rows that the points are asked of; the segment stands in the place of the row.

What a professional claim does not hold (minutes, plan of care, notes) stays empty, and the points that need it cannot
tell. Places are those of ASC X12N/005010X222A1: payer 2000B SBR and 2010BB NM1*PR, account 2300 CLM01, diagnoses
2300 HI, rendering clinician 2310B or of the line 2420A NM1*82, line 2400 SV1 with DTP*472.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING

import polars as pl

from warehouse.encounters import EncounterFinding, Encounters, FindingCode, NotEncountersError, cells
from warehouse.encounters.reading import ROW_SCHEMA

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator

    from era_parser import Source

CLAIM_SCHEMA: dict[str, pl.DataType] = {**ROW_SCHEMA, "frequency": pl.String()}
"""Rows of an encounter file with CLM05-3: 1 the first claim, 7 replaces one, 8 voids one."""
_ISA, _MOST_SEGMENTS = 106, 3_000_000
_BLANK = "\r\n \t"
_GUIDES = {
    "X222": "",
    "X223": "institutional claims (837I)",
    "X224": "dental claims (837D)",
    "X221": "remittances (835): drop the file into inbox/",
    "X098": "claims in version 4010, which nobody takes since 2012",
}
_SETS = {
    "835": "remittances (835): drop the file into inbox/",
    "837": "claims of a guide that is not the professional one",
}


class NotClaimsError(NotEncountersError):
    """The file is X12 and no whole file of professional claims; the message says why, and nothing of what it holds."""


@dataclass(frozen=True)
class Segment:
    """One segment: its ordinal in the file from 1, its elements (the tag first), and the sign between components."""

    number: int
    elements: list[str]
    component: str

    def __getitem__(self, place: int) -> str:
        return self.elements[place].strip() if place < len(self.elements) else ""

    def parts(self, place: int) -> list[str]:
        return [part.strip() for part in self[place].split(self.component)]


def is_claims(data: bytes) -> bool:
    """Whether a file is X12: it begins with ISA."""
    return data.removeprefix(b"\xef\xbb\xbf").lstrip()[:3] == b"ISA"


def read_claims(source: Source) -> Encounters:
    """Read the lines of all claims. Raises NotClaimsError where it is no whole 837P."""
    reader = _Claims()
    for segment in _whole(_segments(source.data.removeprefix(b"\xef\xbb\xbf").decode("latin-1"))):
        reader.take(segment)
    reader.finish_line()
    if not reader.claims:
        raise NotClaimsError("the file holds no claim (CLM)")
    rows = pl.DataFrame(reader.rows, schema=CLAIM_SCHEMA, orient="row")
    return Encounters(rows, reader.findings, None, None, counted="segment")


def _segments(text: str) -> Iterator[Segment]:
    """Cut interchanges one after the other, each with the signs that its own ISA states."""
    numbers, place = count(1), _past_blanks(text, 0)
    while place < len(text):
        head = text[place : place + _ISA]
        if len(head) < _ISA or not head.startswith("ISA"):
            raise NotClaimsError(
                "the file does not begin with a whole ISA, or holds more behind its last IEA"
            )
        element, component, terminator = head[3], head[104], head[105]
        if len({element, component, terminator}) < 3 or any(
            one.isalnum() for one in (element, component, terminator)
        ):
            raise NotClaimsError("the separators that ISA states cannot be told apart")
        tag = ""
        while tag != "IEA":
            end = text.find(terminator, place)
            if end < 0:
                raise NotClaimsError("the file ends before IEA: it is cut short; export it again")
            elements = text[place:end].strip(_BLANK).split(element)
            place, tag = _past_blanks(text, end + 1), elements[0]
            if (number := next(numbers)) > _MOST_SEGMENTS:
                raise NotClaimsError(f"more than {_MOST_SEGMENTS:,} segments; split the file")
            yield Segment(number, elements, component)


def _past_blanks(text: str, place: int) -> int:
    while place < len(text) and text[place] in _BLANK:
        place += 1
    return place


def _whole(segments: Iterator[Segment]) -> Iterator[Segment]:
    """See that every transaction is of professional claims and as long as it says."""
    guide, begun = "", 0
    for segment in segments:
        match segment[0]:
            case "GS":
                guide = segment[8]
            case "ST":
                begun = segment.number
                _expected(segment[1], segment[3] or guide)
            case "SE":
                if not begun or segment[1].lstrip("0") != str(segment.number - begun + 1):
                    raise NotClaimsError(
                        f"segment {segment.number}: SE counts other segments than there are; export it again"
                    )
                begun = 0
            case "GE" | "IEA" if begun:
                raise NotClaimsError(
                    f"segment {segment.number}: a transaction ends without SE; export it again"
                )
        yield segment


def _expected(transaction: str, guide: str) -> None:
    if transaction == "837" and "005010X222" in guide:
        return
    known = next((said for name, said in _GUIDES.items() if said and name in guide), None)
    said = known or _SETS.get(transaction, "another transaction")
    raise NotClaimsError(f"the file holds {said}; checked are professional claims, 837P 005010X222A1")


@dataclass
class _Line:
    """A line while it is read."""

    segment: Segment
    dates: tuple[str, str] = ("", "")
    clinician: tuple[str, str] = ("", "")


@dataclass
class _Claims:
    """What stands above the segment that is read next."""

    rows: list[tuple[object, ...]] = field(default_factory=list)
    findings: list[EncounterFinding] = field(default_factory=list)
    claims: int = 0
    billing: tuple[str, str] = ("", "")
    payer: str = ""
    filing: str = ""
    claim: Segment | None = None
    rendering: tuple[str, str] = ("", "")
    diagnoses: list[str | None] = field(default_factory=list)
    of_other_payer: bool = False
    line: _Line | None = None

    def take(self, segment: Segment) -> None:
        tag = segment[0]
        if tag == "NM1":
            self._named(segment)
        elif tag in {"ST", "HL", "CLM"}:
            self._begin(segment)
        elif tag == "SBR":
            self.of_other_payer = self.claim is not None
            if self.claim is None:
                self.filing = segment[9]
        elif self.claim is not None:
            self._of_claim(segment)

    def _begin(self, segment: Segment) -> None:
        """A transaction, a level or a claim begins, and the line before it has ended."""
        self.finish_line()
        self.claim, self.rendering, self.diagnoses, self.of_other_payer = None, ("", ""), [], False
        if segment[0] == "CLM":
            self.claim, self.claims = segment, self.claims + 1
        elif segment[0] == "ST" or segment[3] in {"20", "22"}:
            self.payer = self.filing = ""
            if segment[0] == "ST" or segment[3] == "20":
                self.billing = ("", "")

    def _of_claim(self, segment: Segment) -> None:
        match segment[0]:
            case "HI" if self.line is None:
                self._diagnosed(segment)
            case "LX":
                self.finish_line()
                self.of_other_payer = False
            case "SV1":
                self.finish_line()
                self.line = _Line(segment)
            case "DTP" if self.line is not None and segment[1] == "472":
                first, _, last = segment[3].partition("-")
                self.line.dates = (first, last or first)

    def _named(self, segment: Segment) -> None:
        person = (
            ", ".join(part for part in (segment[3], segment[4]) if part),
            segment[9] if segment[8] == "XX" else "",
        )
        if segment[1] == "85" and self.claim is None:
            self.billing = person
        elif segment[1] == "PR" and self.claim is None:
            self.payer = segment[3] or segment[9]
        elif segment[1] == "82" and self.line is not None:
            self.line.clinician = person
        elif segment[1] == "82" and not self.of_other_payer:
            self.rendering = person

    def _diagnosed(self, segment: Segment) -> None:
        """HI in its order, for pointers count through it; a code that is no ICD-10-CM is an empty place."""
        for place in range(1, len(segment.elements)):
            qualifier, code, *_ = [*segment.parts(place), "", ""]
            if qualifier in {"ABK", "ABF", "BK", "BF"}:
                found, whole = cells.diagnoses(code)
                good = whole and len(found) == 1 and qualifier.startswith("A")
                self.diagnoses.append(found[0] if good else None)

    def finish_line(self) -> None:
        """Make a row of the line that was read, or a finding where it has no account or no one day."""
        line, claim, self.line = self.line, self.claim, None
        if line is None or claim is None:
            return
        number, account = line.segment.number, claim[1]
        days = {cells.day(text) for text in line.dates}
        day = days.pop() if len(days) == 1 else None
        if not account or day is None:
            self._say(number, FindingCode.BAD_DATE if account else FindingCode.NO_ACCOUNT)
            return
        self.rows.append(self._row(line, claim, account, day))

    def _row(self, line: _Line, claim: Segment, account: str, day: dt.date) -> tuple[object, ...]:
        segment, number = line.segment, line.segment.number
        _, text, *rest = [*segment.parts(1), "", ""]
        code = cells.procedure_code(text)
        modifiers, whole = cells.modifiers(":".join(rest[:4]))
        charge, quantity = cells.cents(segment[2]), cells.whole_number(segment[4])
        for wrong, finding in (
            (code is None, FindingCode.BAD_CODE),
            (not whole, FindingCode.BAD_MODIFIER),
            (bool(segment[2]) and charge is None, FindingCode.BAD_CHARGE),
            (bool(segment[4]) and quantity is None, FindingCode.BAD_UNITS),
        ):
            if wrong:
                self._say(number, finding)
        clinician, npi = next(
            (one for one in (line.clinician, self.rendering, self.billing) if any(one)), ("", "")
        )
        if npi and not cells.npi_is_right(npi):
            self._say(number, FindingCode.BAD_NPI)
        values: dict[str, object] = {
            "row_number": number, "patient_account": account, "service_date": day, "procedure_code": code,
            "minutes": quantity if segment[3] == "MJ" else None, "units": quantity if segment[3] != "MJ" else None,
            "clinician": clinician or None, "clinician_npi": npi or None, "diagnosis_codes": self._pointed(line.segment),
            "modifiers": ", ".join(modifiers) or None, "charge_cents": charge, "payer": self._payer() or None,
            "frequency": claim.parts(5)[2] if len(claim.parts(5)) > 2 else None,
        }  # fmt: skip
        return tuple(values.get(name) for name in CLAIM_SCHEMA)

    def _pointed(self, segment: Segment) -> str | None:
        """The diagnoses that SV107 points at."""
        found = []
        for pointer in segment.parts(7):
            place = cells.whole_number(pointer)
            code = self.diagnoses[place - 1] if place and place <= len(self.diagnoses) else None
            if pointer and code is None:
                self._say(segment.number, FindingCode.BAD_DIAGNOSIS)
            found.append(code)
        return ", ".join(dict.fromkeys(code for code in found if code)) or None

    def _payer(self) -> str:
        """The payer by name; SBR09 MB is original Medicare whatever its name, and another indicator is not."""
        if self.filing == "MB":
            return "Medicare"
        return (
            f"{self.payer} ({self.filing})"
            if self.filing and "medicare" in self.payer.casefold()
            else self.payer
        )

    def _say(self, number: int, code: FindingCode) -> None:
        if len(self.findings) < 1000:
            self.findings.append(EncounterFinding(number, code))
