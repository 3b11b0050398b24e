"""A workbook that comes back: its rows, by the column names in their header, whatever was sorted, moved or added."""

from __future__ import annotations

import functools
import html
import io
import re
import zipfile
import zlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from contracts.workbooks import WorkbookError, read_workbook

if TYPE_CHECKING:
    from collections.abc import Iterator

EDITABLE = ("status", "assignee", "note", "decision_date")
_KEY = ("dispute_id", "version")
_LISTS = frozenset({"worklist", "expired", "closed"})
_OURS = 3
"""Of the six columns, those that make a row the header of a list of disputes, one of them renamed or not."""
_OF_REFUSED = {"edit_code", "row_number", "message"}
"""What only the sheet of rows that were not taken has: it shows what stood in them, and is never read as edits."""
_HEADER_WITHIN = 20
_MOST_BYTES, _MOST_UNPACKED, _MOST_PARTS = 64_000_000, 512_000_000, 2_000
_SHEET = re.compile(rb"<(?:\w{1,20}:)?sheet\b[^<>]{0,2000}>")
_RELATION = re.compile(rb"<(?:\w{1,20}:)?Relationship\b[^<>]{0,2000}>")
_ATTRIBUTE = re.compile(rb"""(?<![\w:])([\w:]+)\s*=\s*["']([^"']*)["']""")
_FORMULA = re.compile(
    rb"<(?:\w{1,20}:)?c\b([^<>]{0,2000})>\s*<(?:\w{1,20}:)?f\b[^<>]{0,2000}>([^<]{0,9000})<"
)
_PLACE = re.compile(r"([A-Z]+)([0-9]+)")
_AUTHOR = re.compile(rb"<cp:lastModifiedBy>([^<]{1,80})</cp:lastModifiedBy>")


class NotAWorklistError(Exception):
    """The file is no workbook that we printed; the message says why and what to do."""


@dataclass(frozen=True)
class ReturnedRow:
    """One row with a dispute. `cells`: what stands in the editable columns that the sheet has."""

    sheet: str
    row: int
    dispute_id: str
    version: str
    cells: dict[str, object]


@dataclass(frozen=True)
class Gap:
    """A list of disputes that lacks columns, renamed or deleted. `row`: its header; `is_read`: whether its other columns are."""

    sheet: str
    row: int
    missing: tuple[str, ...]
    is_read: bool

    @property
    def message(self) -> str:
        """What is missing and what to do."""
        lost = "what stands in renamed ones was not read" if self.is_read else "no row of it was read"
        names = ", ".join(self.missing)
        return f"no column {names} in the sheet: {lost}; name them so again and send the workbook again"


@dataclass(frozen=True)
class Returned:
    """The rows of a returned workbook, who saved it last as far as the file says, and what its sheets lack."""

    rows: list[ReturnedRow] = field(default_factory=list)
    author: str | None = None
    gaps: list[Gap] = field(default_factory=list)


def read_returned(data: bytes) -> Returned:
    """Read every sheet that lists disputes. Raises NotAWorklistError."""
    parts = _parts(data)
    try:
        sheets = {sheet.name: sheet.rows for sheet in read_workbook(data).sheets}
    except WorkbookError as error:
        raise NotAWorklistError(f"the workbook {error}") from None
    for name, row, column, text in _formulas(parts):
        if name in sheets and row < len(sheets[name]) and column < len(sheets[name][row]):
            sheets[name][row][column] = text
    found = [(name, rows, _header(rows)) for name, rows in sheets.items()]
    gaps = [gap for name, rows, header in found for gap in _gaps(name, rows, header)]
    if all(header is None for _, _, header in found):
        wanted = ", ".join((*_KEY, *EDITABLE))
        lacking = "".join(f" (sheet {gap.sheet!r}: no {', '.join(gap.missing)})" for gap in gaps)
        raise NotAWorklistError(
            f"no sheet has the columns {wanted}{lacking}: not a worklist of ours. Fee schedules go into contracts/,"
            " CMS's tables in by: shortpay reference load"
        )
    listed = [row for name, rows, header in found if header is not None for row in _rows(name, rows, header)]
    return Returned(listed, _author(parts), gaps)


def _parts(data: bytes) -> zipfile.ZipFile:
    """Open the package; nothing is unpacked that would not fit into memory many times over."""
    if len(data) > _MOST_BYTES:
        raise NotAWorklistError(f"larger than {_MOST_BYTES // 1_000_000} MB: not a worklist of ours")
    try:
        parts = zipfile.ZipFile(io.BytesIO(data))
    except (zipfile.BadZipFile, ValueError, OSError) as error:
        raise NotAWorklistError("not an .xlsx file, or damaged; save it again as .xlsx") from error
    sizes = [part.file_size for part in parts.infolist()]
    if sum(sizes) > _MOST_UNPACKED or len(sizes) > _MOST_PARTS:
        raise NotAWorklistError("it unpacks to more than any worklist has: not opened")
    return parts


def _formulas(parts: zipfile.ZipFile) -> Iterator[tuple[str, int, int, str]]:
    """Return sheet, row, column (from 0) and text of each formula: what a poster typed is kept as typed, never reckoned."""
    relations = {
        at.get("Id"): at.get("Target", "") for at in _tags(parts, "xl/_rels/workbook.xml.rels", _RELATION)
    }
    for sheet in _tags(parts, "xl/workbook.xml", _SHEET):
        target = next((relations.get(value, "") for name, value in sheet.items() if name.endswith(":id")), "")
        data = _read(parts, target.lstrip("/") if target.startswith("/") else f"xl/{target}")
        for attributes, text in _FORMULA.findall(data):
            place = _PLACE.fullmatch(dict(_pairs(attributes)).get("r", ""))
            if place:
                column = functools.reduce(lambda sum_, sign: sum_ * 26 + ord(sign) - 64, place[1], 0) - 1
                yield (
                    sheet.get("name", ""),
                    int(place[2]) - 1,
                    column,
                    "=" + html.unescape(text.decode("utf-8", "replace")),
                )


def _tags(parts: zipfile.ZipFile, part: str, tag: re.Pattern[bytes]) -> list[dict[str, str]]:
    return [dict(_pairs(found)) for found in tag.findall(_read(parts, part))]


def _pairs(attributes: bytes) -> Iterator[tuple[str, str]]:
    for name, value in _ATTRIBUTE.findall(attributes):
        yield name.decode(), html.unescape(value.decode("utf-8", "replace"))


def _read(parts: zipfile.ZipFile, part: str) -> bytes:
    """Return a part's bytes; none where it is missing or damaged, of which the reader of the cells has judged."""
    try:
        return parts.read(part)
    except (KeyError, OSError, ValueError, NotImplementedError, RuntimeError, zipfile.BadZipFile, zlib.error):
        return b""


def _author(parts: zipfile.ZipFile) -> str | None:
    found = _AUTHOR.search(_read(parts, "docProps/core.xml"))
    return html.unescape(found[1].decode("utf-8", "replace")).strip() or None if found else None


Header = tuple[int, dict[str, int]]
"""The place of a header row and each column's place in it, from 0; people put titles above."""


def _tops(rows: list[list[Any]]) -> list[Header]:
    """Return what may be a header: the first rows, each name where it first stands."""
    return [
        (number, {str(cell).strip().casefold(): place for place, cell in reversed(list(enumerate(row)))})
        for number, row in enumerate(rows[:_HEADER_WITHIN])
    ]


def _header(rows: list[list[Any]]) -> Header | None:
    """Return the header of a list whose rows can be told apart and have something to edit."""
    for number, places in _tops(rows):
        if places.keys() >= {*_KEY} and not places.keys().isdisjoint(EDITABLE):
            return None if _is_of_refused(places) else (number, places)
    return None


def _gaps(sheet: str, rows: list[list[Any]], header: Header | None) -> list[Gap]:
    """Return what a sheet lacks that is a list of disputes by its name or by what else is in its header."""
    wanted = (*_KEY, *EDITABLE)
    tops = [header] if header else _tops(rows)
    number, places = max(tops, key=lambda top: len(top[1].keys() & {*wanted}), default=(0, {"": 0}))
    missing = tuple(name for name in wanted if name not in places)
    named = sheet.strip().casefold() in _LISTS and any(places.keys() != {""} for _, places in tops)
    meant = header or named or len(wanted) - len(missing) >= _OURS
    if not missing or not meant or _is_of_refused(places):
        return []
    return [Gap(sheet, number + 1, missing, is_read=header is not None)]


def _is_of_refused(places: dict[str, int]) -> bool:
    """Whether a header is that of refused rows: by two of its columns, for people rename one or add one of that name."""
    return len(places.keys() & _OF_REFUSED) > 1


def _rows(sheet: str, rows: list[list[Any]], header: Header) -> list[ReturnedRow]:
    top, places = header
    kept = [name for name in EDITABLE if name in places]
    found = []
    for number, row in enumerate(rows[top + 1 :], start=top + 2):
        dispute = str(row[places["dispute_id"]]).strip().upper()
        if dispute:
            version = str(row[places["version"]]).strip()
            found.append(
                ReturnedRow(sheet, number, dispute, version, {name: row[places[name]] for name in kept})
            )
    return found
