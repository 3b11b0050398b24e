"""Files dropped in the wrong form or folder: what they are by their first bytes, and what to do with them."""

from __future__ import annotations

import re
from dataclasses import replace

from era_parser import Refusal, RefusalCode

_FORMS = (
    (b"\x1f\x8b", "packed with gzip: unpack it and drop what is inside"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive: unpack it and drop what is inside"),
    (b"Rar!", "a RAR archive: unpack it and drop what is inside"),
    (b"\xd0\xcf\x11\xe0", "an old Office file: save a worklist as .xlsx and drop it again"),
    (b"%PDF", "a PDF: ask the payer or clearing house for the electronic remittance (835)"),
)
_ODS = b"mimetypeapplication/vnd.oasis.opendocument"
_SHEET = "a spreadsheet: save a worklist as .xlsx and drop it again"
_TABLE = (
    "a spreadsheet: save a worklist as .xlsx and drop it again; files of encounters belong into encounters/"
)
_ZIP = "a zip: unpack it and drop what is inside"
_WORKLIST = "a worklist saved as text: save it as .xlsx and drop it again"
_ENCOUNTERS = "by its first row a file of encounters: it belongs into encounters/"
_REMITTANCE = "by its first bytes an X12 file: a remittance belongs into inbox/"
_HEAD = 4096


def said_better(refusal: Refusal, data: bytes) -> Refusal:
    """Return the refusal of a file that is no X12 at all with what it is instead, where its first bytes say so."""
    known = _known(data[:_HEAD]) if refusal.code is RefusalCode.NOT_X12 else None
    return refusal if known is None else replace(refusal, message=f"this is no X12 file but {known}")


def no_encounters(data: bytes) -> str | None:
    """Return what a file that is no encounter file is instead; None where nobody can tell, or its reader has told."""
    head = data[:_HEAD]
    if re.match(rb"(\xef\xbb\xbf)?\s*ISA\W", head):
        return _REMITTANCE
    known = _known(head)
    return None if known in {_TABLE, _WORKLIST} else known


def _known(head: bytes) -> str | None:
    if head.startswith(b"PK\x03\x04"):
        return _SHEET if _ODS in head else _TABLE if b"xl/" in head else _ZIP
    for sign, known in _FORMS:
        if head.startswith(sign):
            return known
    cells = re.split(rb"[,;\t|]", head.removeprefix(b"\xef\xbb\xbf").split(b"\n", 1)[0].lower())
    first = {cell.strip(b' \r"') for cell in cells}
    if b"dispute_id" in first:
        return _WORKLIST
    dated = first & {b"date", b"service_date", b"dos"}
    coded = first & {b"code", b"cpt", b"procedure", b"procedure_code", b"hcpcs"}
    return _ENCOUNTERS if dated and coded else None
