"""Encounter files as people write them, and a fixture for every finding that reading raises."""

from __future__ import annotations

import contextlib
import datetime as dt
import io

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from era_parser import Source
from warehouse.encounters import FindingCode, NotEncountersError, read_encounters
from warehouse.encounters.cells import npi_is_right
from warehouse.encounters.findings import ADVICE

HEADER = "account,date,code,minutes,start,stop,region,npi,diagnosis,plan from,plan to,modifiers,units,charge,exported,note"
GOOD = {"account": "A1", "date": "2026-03-02", "code": "97140"}
RAISING = {
    FindingCode.NO_ACCOUNT: {"account": ""},
    FindingCode.BAD_DATE: {"date": "31.12.26"},
    FindingCode.BAD_CODE: {"code": "manual"},
    FindingCode.BAD_MINUTES: {"minutes": "-5"},
    FindingCode.BAD_TIME: {"start": "10:00"},
    FindingCode.STOP_BEFORE_START: {"start": "10:20", "stop": "10:00"},
    FindingCode.MINUTES_DIFFER: {"start": "10:00", "stop": "10:10", "minutes": "11"},
    FindingCode.UNKNOWN_REGION: {"region": "aura"},
    FindingCode.BAD_DIAGNOSIS: {"diagnosis": "back pain"},
    FindingCode.BAD_PLAN_DATES: {"plan from": "2026-03-02", "plan to": "2026-03-01"},
    FindingCode.BAD_UNITS: {"units": "1.5"},
    FindingCode.BAD_CHARGE: {"charge": "seventy"},
    FindingCode.BAD_MODIFIER: {"modifiers": "GPX"},
    FindingCode.BAD_NPI: {"npi": "1234567890"},
    FindingCode.BAD_EXPORTED: {"exported": "yesterday"},
    FindingCode.EXTRA_CELLS: {"note": "one, two"},
    FindingCode.MARKUP: {"note": "=1+1"},
}


def source(*rows: dict[str, str], name: str = "e.csv") -> Source:
    lines = [HEADER, *(",".join((GOOD | row).get(key, "") for key in HEADER.split(",")) for row in rows)]
    return Source(name, "\n".join(lines).encode())


@pytest.mark.parametrize("code", RAISING)
def test_every_finding_of_reading_is_raised_with_its_row(code: FindingCode) -> None:
    read = read_encounters(source({}, RAISING[code]))
    assert [(one.row_number, one.code) for one in read.findings] == [(3, code)]
    taken = {2} if code in {FindingCode.NO_ACCOUNT, FindingCode.BAD_DATE} else {2, 3}
    assert set(read.rows["row_number"]) == taken


def test_every_finding_says_what_to_do_and_none_repeats_the_cell() -> None:
    assert set(ADVICE) == set(FindingCode)
    cells = {
        value
        for row in RAISING.values()
        for value in row.values()
        if len(value) > 5 and not value[0].isdigit()
    }
    assert not [text for text in ADVICE.values() for cell in cells if cell in text]


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_separators_byte_order_mark_and_line_ends(separator: str) -> None:
    text = (
        separator.join(["Patient Account", "DOS", "CPT", "Min"])
        + "\r\n"
        + separator.join(["00123", "3/2/2026", "97140", "25 min"])
    )
    read = read_encounters(Source("e.csv", b"\xef\xbb\xbf" + text.encode()))
    assert read.rows.select("patient_account", "service_date", "procedure_code", "minutes").rows() == [
        ("00123", dt.date(2026, 3, 2), "97140", 25)
    ]
    assert not read.findings


def test_a_workbook_reads_as_a_text_file_does() -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["account", "date", "code", "start", "stop", "minutes"])
    sheet.append([1234, dt.date(2026, 3, 2), 97140, dt.time(9, 15), dt.time(9, 40), None])
    out = io.BytesIO()
    book.save(out)
    read = read_encounters(Source("e.xlsx", out.getvalue()))
    assert read.rows.select("patient_account", "service_date", "procedure_code", "minutes").rows() == [
        ("1234", dt.date(2026, 3, 2), "97140", 25)
    ]


@pytest.mark.parametrize(
    "data", [b"", b"  \n", b"a,b,c\n1,2,3\n", b"PK\x03\x04 no workbook", b"\x00\xff\xfe"]
)
def test_what_is_no_encounter_file_is_refused(data: bytes) -> None:
    with pytest.raises(NotEncountersError):
        read_encounters(Source("e.csv", data))


@pytest.mark.parametrize(
    ("name", "exported", "stamp", "origin"),
    [
        ("visits_2026-06-24.csv", "", dt.datetime(2026, 6, 24), "name"),  # noqa: DTZ001
        ("visits_20260601-20260630.csv", "", dt.datetime(2026, 6, 30), "name"),  # noqa: DTZ001
        ("visits_2026-06-24.csv", "2026-07-01 18:30", dt.datetime(2026, 7, 1, 18, 30), "exported"),  # noqa: DTZ001
        ("visits.csv", "", None, None),
    ],
)
def test_the_stamp_of_a_file(name: str, exported: str, stamp: dt.datetime | None, origin: str | None) -> None:
    read = read_encounters(source({"exported": exported}, name=name))
    assert (read.stamp, read.stamp_source) == (stamp, origin)


def test_npi_check_digit() -> None:
    assert npi_is_right("1234567893")  # CMS's own example
    assert not npi_is_right("1234567890")
    assert not npi_is_right("123456789")


@settings(deadline=None)
@given(st.binary(max_size=400))
def test_no_bytes_make_it_raise_anything_else(data: bytes) -> None:
    for head in (b"", f"{HEADER}\n".encode()):
        with contextlib.suppress(NotEncountersError):
            read = read_encounters(Source("e.csv", head + data))
            assert read.rows["service_date"].null_count() == 0
