"""Workbooks made to harm: each is refused with a reason, soon, and the process that asked goes on."""

from __future__ import annotations

import io
import time
import zipfile
from typing import TYPE_CHECKING

import openpyxl
import pytest

from contracts.schedule import read_schedule
from contracts.workbooks import WorkbookError, read_workbook
from warehouse.returned import NotAWorklistError, read_returned

if TYPE_CHECKING:
    from pathlib import Path

HEAD = '<?xml version="1.0"?>'
SHEET = '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>{}</sheetData></worksheet>'


def workbook(sheet: str = "", shared: str = "", **parts: str | bytes) -> bytes:
    """Return an .xlsx with one sheet of that XML; `parts` replace others by the last word of their name."""
    book = openpyxl.Workbook()
    assert book.active is not None
    book.active.append(["code", "rate"])
    book.active.append(["97110", 30])
    plain = io.BytesIO()
    book.save(plain)
    out = io.BytesIO()
    with zipfile.ZipFile(plain) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for info in old.infolist():
            data: str | bytes = old.read(info)
            if info.filename.endswith("sheet1.xml") and sheet:
                data = sheet
            if info.filename.endswith("sharedStrings.xml") and shared:
                data = shared
            for name, part in parts.items():
                data = part if info.filename.endswith(f"{name}.xml") else data
            new.writestr(info.filename, data)
    return out.getvalue()


LAUGHS = (
    HEAD + "<!DOCTYPE lolz [<!ENTITY a0 'ha'>"
    + "".join(f"<!ENTITY a{n} '{f'&a{n - 1};' * 10}'>" for n in range(1, 12)) + "]>"
)  # fmt: skip
OUTSIDE = HEAD + "<!DOCTYPE x [<!ENTITY e SYSTEM 'file:///etc/passwd'>]>"

BOMBS: dict[str, bytes] = {
    "two cells far apart": workbook(
        SHEET.format(
            '<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'
        )
    ),
    "ten million rows": workbook(
        SHEET.format("<row/>" * 1_000_000 + '<row r="10000000"><c r="A10000000"><v>1</v></c></row>')
    ),
    "cells without places": workbook(
        SHEET.format("<row>" + "<c><v>1</v></c>" * 16_000 + "</row>" + "<row><c><v>1</v></c></row>" * 65_000)
    ),
    "one long text in many cells": workbook(
        SHEET.format(
            '<row r="1">' + "".join(f'<c r="A{n}" t="s"><v>0</v></c>' for n in range(1, 60_000)) + "</row>"
        ),
        '<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><si><t>'
        + "x" * 1_000_000
        + "</t></si></sst>",
    ),
    "not a zip": b"PK\x03\x04" + b"\0" * 200,
    "an empty zip": b"PK\x05\x06" + b"\0" * 18,
    "no workbook in it": workbook(workbook="nothing"),
    "cut short": workbook()[:-500],
}


@pytest.mark.parametrize("name", BOMBS)
def test_what_asks_for_too_much_is_refused(name: str, tmp_path: Path) -> None:
    started = time.monotonic()
    with pytest.raises(WorkbookError, match="cannot be opened as a workbook"):
        read_workbook(BOMBS[name])
    with pytest.raises(NotAWorklistError):
        read_returned(BOMBS[name])
    (tmp_path / "rates.xlsx").write_bytes(BOMBS[name])
    (problem,) = read_schedule(tmp_path / "rates.xlsx", "rates.xlsx").problems
    assert "cannot be read: cannot be opened as a workbook" in problem.message
    assert time.monotonic() - started < 120


@pytest.mark.parametrize("entity", [LAUGHS, OUTSIDE], ids=["billion laughs", "a file of ours"])
def test_entities_are_never_expanded(entity: str) -> None:
    name = "a11" if entity is LAUGHS else "e"
    cell = f'<row r="1"><c r="A1" t="inlineStr"><is><t>&{name};</t></is></c></row>'
    try:
        (sheet,) = read_workbook(workbook(entity + SHEET.format(cell))).sheets
    except WorkbookError:
        return
    text = str(sheet.rows)
    assert len(text) < 100
    assert "root:" not in text


@pytest.mark.parametrize(
    "noise",
    [
        "<c " * 400_000,
        "<c r='A1'" + " a" * 400_000,
        "<x><f" * 300_000,
        "<row>" * 300_000,
        "<sheet " * 300_000,
        "a" * 2_000_000,
    ],
    ids=[
        "tags that do not end",
        "one long tag",
        "formulas that do not end",
        "deep rows",
        "sheets",
        "one long word",
    ],
)
def test_noise_in_a_sheet_costs_no_time(noise: str) -> None:
    """Patterns that look for formulas take time by length, not by its square."""
    started = time.monotonic()
    for data in (workbook(SHEET.format(noise)), workbook(workbook=HEAD + noise)):
        with pytest.raises(NotAWorklistError):
            read_returned(data)
    assert time.monotonic() - started < 60


def test_members_that_lead_out_are_never_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    data = io.BytesIO(workbook())
    with zipfile.ZipFile(data, "a") as parts:
        parts.writestr("../../outside.txt", "x")
        link = zipfile.ZipInfo("xl/link")
        link.external_attr = 0o120777 << 16
        parts.writestr(link, "/etc/passwd")
    with pytest.raises(NotAWorklistError, match="no sheet has the columns"):
        read_returned(data.getvalue())
    assert list(tmp_path.parent.rglob("outside.txt")) == []


def test_a_zip_of_nothing_but_zeros_is_not_unpacked() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as parts:
        for n in range(6):
            parts.writestr(f"xl/{n}.xml", b"\0" * 100_000_000)
    with pytest.raises(NotAWorklistError, match="unpacks to more"):
        read_returned(out.getvalue())
    many = io.BytesIO()
    with zipfile.ZipFile(many, "w") as parts:
        for n in range(3000):
            parts.writestr(f"{n}", b"")
    with pytest.raises(NotAWorklistError, match="unpacks to more"):
        read_returned(many.getvalue())


def test_an_honest_workbook_is_read() -> None:
    assert read_workbook(workbook()).sheets[0].rows == [["code", "rate"], ["97110", 30.0]]
