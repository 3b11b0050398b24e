"""Fee schedules as people have them: what is read, what is ignored, and what is a problem with its row."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import openpyxl
import pytest

from contracts.schedule import FeeRow, read_schedule

if TYPE_CHECKING:
    from pathlib import Path


def rows_of(folder: Path, text: str | bytes, name: str = "rates.csv") -> list[FeeRow]:
    path = folder / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    schedule = read_schedule(path, name)
    assert schedule.problems == []
    return schedule.rows


def faults_of(folder: Path, text: str) -> list[tuple[int | None, str]]:
    path = folder / "rates.csv"
    path.write_text(text, encoding="utf-8")
    return [(one.line, one.message) for one in read_schedule(path, "rates.csv").problems]


def test_plain(tmp_path: Path) -> None:
    (row,) = rows_of(
        tmp_path,
        "code,modifier,setting,rate,effective,until\n97140,59:GP,facility,31.50,2026-01-01,2026-12-31\n",
    )
    assert row == FeeRow(2, "97140", "59:GP", "facility", 3150, dt.date(2026, 1, 1), dt.date(2026, 12, 31))


@pytest.mark.parametrize(
    ("text", "cents"),
    [
        ("$31.50", 3150),
        ('"$1,234.50"', 123450),
        (" 31.5 ", 3150),
        ("31", 3100),
        (".75", 75),
        ("31.500", 3150),
        ("0.00", 0),
    ],
)
def test_amounts(tmp_path: Path, text: str, cents: int) -> None:
    assert rows_of(tmp_path, f"code,rate\n97140,{text}\n")[0].rate_cents == cents


@pytest.mark.parametrize("text", ["n/a", "31.505", "-5", "(5.00)", '"1,23"', "31.50x", "1e3", "NaN"])
def test_amounts_that_are_not(tmp_path: Path, text: str) -> None:
    ((line, message),) = faults_of(tmp_path, f"code,rate\n97140,{text}\n")
    assert line == 2
    assert "rate" in message


def test_what_people_do_to_spreadsheets(tmp_path: Path) -> None:
    """BOM, a title above, header in other case, blank rows, an extra column, notes below."""
    text = (
        "\ufeffExhibit B\n\n Code ,Description,MODIFIER, Rate \n97140,Manual,,31.50\n\n,,,\n"
        "97110,Exercise,GP,33.00\n"
        "\nRates valid for 2026.\n* by appointment\n"
    )
    assert [(row.row, row.code, row.modifiers, row.rate_cents) for row in rows_of(tmp_path, text)] == [
        (4, "97140", "", 3150),
        (7, "97110", "GP", 3300),
    ]


def test_several_modifier_columns(tmp_path: Path) -> None:
    rows = rows_of(tmp_path, "code,Mod 1,Mod 2,rate\n97140,GP,59,30\n97140,,,31\n97140,CQ,,26\n")
    assert [row.modifiers for row in rows] == ["59:GP", "", "CQ"]


def test_semicolons_and_american_dates(tmp_path: Path) -> None:
    (row,) = rows_of(tmp_path, "code;rate;effective\n97140;31.50;7/1/2026\n")
    assert (row.rate_cents, row.effective) == (3150, dt.date(2026, 7, 1))


@pytest.mark.parametrize(
    "text",
    [
        "1/2/2026",
        "01/02/26",
        "2026-01-02",
        "20260102",
        "2-Jan-2026",
        "Jan 2, 2026",
        "46024",
        "2026-01-02 00:00:00",
    ],
)
def test_dates(tmp_path: Path, text: str) -> None:
    assert rows_of(tmp_path, f'code;rate;eff date\n97140;31.50;"{text}"\n')[0].effective == dt.date(
        2026, 1, 2
    )


@pytest.mark.parametrize("text", ["", "-", "N/A", "open", "current"])
def test_no_end(tmp_path: Path, text: str) -> None:
    assert rows_of(tmp_path, f"code,rate,end date\n97140,31.50,{text}\n")[0].until is None


@pytest.mark.parametrize(
    ("title", "column"),
    [
        ("CPT/HCPCS", "code"),
        ("Proc Code", "code"),
        ("Contracted Rate", "rate"),
        ("ALLOWED AMOUNT", "rate"),
        ("Fee", "rate"),
    ],
)
def test_headers_by_other_names(tmp_path: Path, title: str, column: str) -> None:
    header = {"code": "code", "rate": "rate"} | {column: title}
    (row,) = rows_of(tmp_path, f"{header['code']},{header['rate']}\n97140,31.50\n")
    assert (row.code, row.rate_cents) == ("97140", 3150)


def test_a_column_for_each_setting(tmp_path: Path) -> None:
    rows = rows_of(tmp_path, "CPT,Non-Facility Rate,Facility Rate\n97140,$31.50,$28.00\n97110,33.00,\n")
    assert [(row.row, row.code, row.setting, row.rate_cents) for row in rows] == [
        (2, "97140", "nonfacility", 3150),
        (2, "97140", "facility", 2800),
        (3, "97110", "nonfacility", 3300),
    ]
    ((line, message),) = faults_of(tmp_path, "CPT,Office Rate,Rate\n97140,1,2\n")
    assert line == 1
    assert "'Office Rate'" in message


def test_codes_as_spreadsheets_leave_them(tmp_path: Path) -> None:
    rows = rows_of(tmp_path, "code,rate\n97140.0,1\n'97110,2\n97530-59,3\n97112-59-GP,4\n\u00a097116,5\n")
    assert [(row.code, row.modifiers) for row in rows] == [
        ("97140", ""),
        ("97110", ""),
        ("97530", "59"),
        ("97112", "59:GP"),
        ("97116", ""),
    ]


def test_a_header_repeated_on_each_page_and_far_below_its_titles(tmp_path: Path) -> None:
    titles = "".join(f"title {number}\n" for number in range(20))
    rows = rows_of(tmp_path, f"{titles}Code,Rate\n97140,31.50\nCODE,RATE\n97110,33.00\n")
    assert [row.row for row in rows] == [22, 24]


def test_unicode_text_of_a_spreadsheet(tmp_path: Path) -> None:
    assert rows_of(tmp_path, "code\trate\n97140\t31.50\n".encode("utf-16"))[0].rate_cents == 3150


def test_latin_1(tmp_path: Path) -> None:
    assert (
        rows_of(tmp_path, "code,rate,note\n97140,31.50,caf\u00e9\n".encode("latin-1"))[0].rate_cents == 3150
    )


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("code,price\n97140,1\n", 1, ["missing column rate", "'price'", "wanted"]),
        ("procedure,rate\n97140,1\n", 1, ["missing column code", "'procedure'"]),
        ("", None, ["empty"]),
        ("code,rate\n", 1, ["no rows"]),
        ("code,rate,Effective From\n97140,1,\n", 1, ["'Effective From'", "rename"]),
        ("code,rate,rate\n97140,1,2\n", 1, ["2 columns are headed rate"]),
        ("code,rate\n,5.00\n97140,1\n", 2, ["no code"]),
        ("code,rate\nSee note,\n97140,1\n", 2, ["not a procedure code"]),
        ("code,rate\n97140,\n", 2, ["no rate"]),
        ("code,rate\n100,5.00\n", 2, ["leading zeros"]),
        ("code,rate\n9.714E+04,5.00\n", 2, ["turned into a number"]),
        ("code,rate\n97161-97163,5.00\n", 2, ["several codes"]),
        ('code,rate\n"97161, 97162",5.00\n', 2, ["several codes"]),
        ("code,rate\n97140,85%\n", 2, ["percentage", "percent_of_medicare"]),
        ("code,rate,% of Medicare percent\n97140,85,110\n", 1, ["looks as if"]),
        ("code,rate\n97140,1,234.00\n", 2, ["cells beyond the header"]),
        ("code,setting,rate\n97140,office,5\n", 2, ["setting 'office'"]),
        ("code,modifier,rate\n97140,GPX,5\n", 2, ["modifier 'GPX'"]),
        ("code,rate,effective\n97140,5,2026-02-30\n", 2, ["effective '2026-02-30'"]),
        ("code,rate,effective,until\n97140,5,2026-02-01,2026-01-01\n", 2, ["until 2026-01-01 is before"]),
    ],
)
def test_what_is_wrong(tmp_path: Path, text: str, line: int | None, words: list[str]) -> None:
    found = faults_of(tmp_path, text)
    assert any(at == line and all(word in message for word in words) for at, message in found), found


def test_two_rates_for_one_key(tmp_path: Path) -> None:
    text = (
        "code,rate,effective,until\n97140,31.50,2026-01-01,2026-06-30\n97110,1,,\n"
        "97140,32.00,2026-06-30,\n97140,31.50,2026-06-30,\n"
    )
    found = faults_of(tmp_path, text)
    assert [line for line, _ in found] == [4, 5]
    assert "rows 2 and 4" in found[0][1]
    assert "31.50 and 32.00" in found[0][1]
    assert "rows 4 and 5" in found[1][1]


def test_one_key_twice_in_turn_or_alike(tmp_path: Path) -> None:
    text = "code,rate,effective,until\n97140,31.50,,2026-06-30\n" + 2 * "97140,32.00,2026-07-01,\n"
    assert len(rows_of(tmp_path, text)) == 3


def test_every_fault_of_a_file(tmp_path: Path) -> None:
    assert [line for line, _ in faults_of(tmp_path, "code,rate\nx,1\n97140,y\n,\n97110,z\n")] == [2, 3, 5]


def test_workbooks(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    page = book.active
    assert page is not None
    for row in (
        ["Code", "Modifier", "Rate", "Effective"],
        [97140, None, 27.720000000000002, dt.date(2026, 1, 1)],
        [None, None, None, None],
        ["97110", "GP", "$33.00", None],
        ["Notes: rates per unit", None, None, None],
    ):
        page.append(row)
    book.create_sheet("Other").append(["code", "rate"])
    book.save(tmp_path / "rates.xlsx")
    schedule = read_schedule(tmp_path / "rates.xlsx", "rates.xlsx")
    assert schedule.problems == []
    assert [(row.row, row.code, row.modifiers, row.rate_cents, row.effective) for row in schedule.rows] == [
        (2, "97140", "", 2772, dt.date(2026, 1, 1)),
        (4, "97110", "GP", 3300, None),
    ]
    (problem,) = read_schedule(tmp_path / "rates.xlsx", "rates.xlsx", "Othr").problems
    assert "did you mean 'Other'" in problem.message


def test_merged_cells_and_odd_numbers(tmp_path: Path) -> None:
    """A code merged over its modifier rows, a date as its number, a rate with a float's tail, a title row."""
    book = openpyxl.Workbook()
    page = book.active
    assert page is not None
    for row in (
        ["Exhibit B", None, None, None],
        ["CPT", "Mod", "Fee", "Eff Date"],
        [97140, None, 31.499999999999996, 46023],
        [None, "CQ", "26.78 ", dt.datetime(2026, 1, 1)],  # noqa: DTZ001  (a cell has no zone)
        ["97110", None, 33, "1/1/26"],
    ):
        page.append(row)
    page.merge_cells("A1:D1")
    page.merge_cells("A3:A4")
    book.save(tmp_path / "rates.xlsx")
    schedule = read_schedule(tmp_path / "rates.xlsx", "rates.xlsx")
    assert schedule.problems == []
    assert [(row.code, row.modifiers, row.rate_cents, row.effective) for row in schedule.rows] == [
        ("97140", "", 3150, dt.date(2026, 1, 1)),
        ("97140", "CQ", 2678, dt.date(2026, 1, 1)),
        ("97110", "", 3300, dt.date(2026, 1, 1)),
    ]


def test_a_workbook_whose_first_sheet_is_a_cover(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    page = book.active
    assert page is not None
    page.append(["Fee schedule 2026"])
    book.create_sheet("Rates").append(["code", "rate"])
    book.save(tmp_path / "rates.xlsx")
    (problem,) = read_schedule(tmp_path / "rates.xlsx", "rates.xlsx").problems
    assert "other sheets are 'Rates'" in problem.message


@pytest.mark.parametrize(
    ("name", "data"),
    [("rates.xlsx", b"not a workbook"), ("rates.pdf", b"%PDF"), ("rates.csv", b"\x00\xff\x00")],
)
def test_what_is_no_schedule(tmp_path: Path, name: str, data: bytes) -> None:
    (tmp_path / name).write_bytes(data)
    assert read_schedule(tmp_path / name, name).problems
