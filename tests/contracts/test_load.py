"""Loading CMS's downloads: each layout as CMS packs it, and each refusal."""

from __future__ import annotations

import datetime as dt
import io
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import openpyxl
import polars as pl
import pytest

from contracts import read_reference
from contracts.cms import cms_rules

if TYPE_CHECKING:
    from collections.abc import Sequence

Desk = Any  # the class of the fixture stands in conftest.py, which no module imports
FIXTURES = Path(__file__).parents[1] / "fixtures" / "cms"
RVU25D = ("PPRRVU2025_Oct.csv", "GPCI2025.csv", "ANES2025.csv", "OPPSCAP_Oct.csv")
RVU26C = ("PPRRVU2026_Jul_nonQPP.csv", "PPRRVU2026_Jul_QPP.csv", "GPCI2026.csv", "ANES2026.csv")


def data(name: str) -> bytes:
    return (FIXTURES / name).read_bytes()


def changed(name: str, old: bytes, new: bytes, count: int = -1) -> bytes:
    assert old in data(name)
    return data(name).replace(old, new, count)


@pytest.mark.parametrize(
    ("name", "kind", "release", "rows"),
    [
        ("PPRRVU24_JAN.csv", "rvu", "RVU24A", 7),
        ("PPRRVU2024_AR.csv", "rvu", "RVU24AR", 7),
        ("PPRRVU2025_Oct.csv", "rvu", "RVU25D", 7),
        ("PPRRVU2025_Oct.txt", "rvu", "RVU25D", 7),
        ("PPRRVU2026_Jul_nonQPP.csv", "rvu", "RVU26C", 7),
        ("PPRRVU2026_Jul_QPP.csv", "rvu", "RVU26C", 5),
        ("GPCI2024.csv", "gpci", "CY2024", 3),
        ("GPCI2025.csv", "gpci", "CY2025", 3),
        ("GPCI2025.txt", "gpci", "CY2025", 3),
        ("GPCI2026.csv", "gpci", "CY2026", 3),
        ("ANES2025.csv", "anesthesia_factor", "CY2025", 3),
        ("ANES2026.csv", "anesthesia_factor", "CY2026", 6),
        ("ZIP5_OCT2025.txt", "zip5", "2025Q4", 3),
        ("ZIP9_OCT2025.txt", "zip9", "2025Q4", 2),
    ],
)
def test_each_layout_by_itself(desk: Desk, name: str, kind: str, release: str, rows: int) -> None:
    (entry,) = desk.take(FIXTURES / name).taken
    assert (entry.kind, entry.release, entry.rows) == (kind, release, rows)
    assert (entry.member, entry.downloads[0].name) == (name, name)


def test_a_release_as_cms_packs_it(desk: Desk) -> None:
    members = {f"RVU25D/{name}": data(name) for name in (*RVU25D, "PPRRVU2025_Oct.txt", "GPCI2025.txt")}
    members |= {"RVU25D/RVU25D.pdf": b"%PDF", "RVU25D/RVU25D.docx": b"PK\3\4", "RVU25D/25LOCCO.csv": b"a,b\n"}
    members |= {"RVU25D/some notes.txt": b"read me\n", "RVU25D/PPRRVU2025_Oct.xlsx": b"not looked at"}
    report = desk.take(desk.zipped("rvu25d_0 (1).zip", members))
    assert [(one.kind, one.release, one.posted) for one in report.taken] == [
        ("rvu", "RVU25D", "2025-09-11"),
        ("anesthesia_factor", "CY2025", "2025-09-11"),
        ("gpci", "CY2025", "2025-09-11"),
        ("opps_cap", "RVU25D", "2025-09-11"),
    ]
    assert sorted(Path(name).name for name, _ in report.passed_over) == [
        "25LOCCO.csv", "GPCI2025.txt", "PPRRVU2025_Oct.txt", "PPRRVU2025_Oct.xlsx", "RVU25D.docx", "RVU25D.pdf",
        "some notes.txt",
    ]  # fmt: skip
    reference = read_reference(desk.folder)
    row = reference.rvu.filter(pl.col("hcpcs") == "90003").row(0, named=True)
    assert {name: str(row[name]) for name in row} == {
        "release": "RVU25D", "effective": "2025-10-01", "until": "2025-12-31", "hcpcs": "90003", "modifier": "",
        "status": "A", "work_rvu": "2.00", "pe_nonfacility_rvu": "3.00", "pe_facility_rvu": "1.00",
        "mp_rvu": "0.20", "multiple_procedure": "3", "bilateral": "0", "assistant_surgery": "1", "pctc": "0",
        "opps_pe_nonfacility_rvu": "0.00", "opps_pe_facility_rvu": "0.00", "opps_mp_rvu": "0.00",
        "global_days": "010", "endoscopic_base": "90001", "imaging_family": "99",
        "source_file": "RVU25D/PPRRVU2025_Oct.csv", "source_row": "16",
    }  # fmt: skip
    assert reference.opps_cap.height == 5
    assert reference.verified_through("rvu") == dt.date(2025, 12, 31)
    release = reference.release.filter(pl.col("kind") == "rvu").row(0, named=True)
    assert (release["download"], len(release["source_sha256"])) == ("rvu25d_0 (1).zip", 64)


def test_zips_in_a_zip_and_qps(desk: Desk) -> None:
    inner = desk.download("inner.zip", RVU26C).read_bytes()
    path = desk.zipped("RVU26C-updated-06-30-2026.zip", {"RVU26C.zip": inner, "notes.pdf": b""})
    desk.take(path)
    reference = read_reference(desk.folder)
    assert reference.rvu.height == 7
    assert reference.conversion_factor.select("qp", pl.col("factor").cast(pl.String)).rows() == [
        ("no", "33.400900"),
        ("yes", "33.567500"),
    ]
    first = reference.anesthesia_factor.filter(pl.col("locality") == "01").select("qp", "factor").rows()
    assert first == [("no", Decimal("19.25")), ("yes", Decimal("19.35"))]
    assert reference.gpci["work"].to_list() == [Decimal("1.000"), Decimal("1.050"), Decimal("1.000")]


def workbook(rows: Sequence[Sequence[object]]) -> bytes:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in rows:
        sheet.append(list(row))
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def as_excel(text: str) -> object:
    """What Excel makes of a cell: numbers lose their zeros."""
    try:
        return float(text) if "." in text else int(text)
    except ValueError:
        return text or None


def test_one_table_in_three_formats_is_one_table(desk: Desk) -> None:
    """Values agree whatever the format; a workbook's numbers get their zeros back (00104, 010)."""
    cells = [line.split(",") for line in data("PPRRVU2025_Oct.csv").decode().splitlines()]
    book = workbook([[as_excel(cell) for cell in row] for row in cells])
    xlsx = desk.put("PPRRVU2025_Oct.xlsx", book)
    entries = [
        desk.take(path, folder=desk.home / path.suffix[1:]).taken[0]
        for path in (xlsx, desk.fixture("PPRRVU2025_Oct.csv"), desk.fixture("PPRRVU2025_Oct.txt"))
    ]
    assert len({one.values_sha256 for one in entries}) == 1
    for path in (xlsx, desk.fixture("PPRRVU2025_Oct.csv"), desk.fixture("PPRRVU2025_Oct.txt")):
        desk.take(path, folder=desk.home / "all")
    assert read_reference(desk.home / "all").rvu.height == 7


def test_zip5_as_a_workbook(desk: Desk) -> None:
    header = "STATE,ZIP CODE,CARRIER,LOCALITY,RURAL IND,LAB CB LOCALITY,RURAL IND2,PLUS 4 FLAG,PART B DRUG INDICATOR"
    first: list[object] = ["ZA", 501, 90101, 1, "", "Z9", "", 0, "A", 20254]
    book = workbook([["made up"], [*header.split(","), "YEAR/QTR"], first])
    desk.take(desk.put("ZIP5_OCT2025.xlsx", book))
    (row,) = read_reference(desk.folder).zip_locality.to_dicts()
    assert (row["zip"], row["mac"], row["locality"], row["split"], row["plus_four"]) == (
        "00501",
        "90101",
        "01",
        "0",
        "",
    )


# ---- refusals ---------------------------------------------------------------------------------------------------------------


OCT, GPCI = "PPRRVU2025_Oct.csv", "GPCI2025.csv"


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        (OCT, changed(OCT, b"1.00,0.50", b"1.01,0.50"), ":12: 90001 does not add up to its total"),
        (OCT, changed(OCT, b"32.3465", b"32.3466"), "conversion factor is 32.3466, which is not RVU25D"),
        (OCT, changed(OCT, b"32.3465", b"33.4009"), "conversion factor is 33.4009, which is not RVU25D"),
        (OCT, changed(OCT, b"32.3465", b"33.4009", 1), "the conversion factors '32.3465', '33.4009' instead of one"),
        (OCT, changed(OCT, b"October", b"July"), "its name says Oct 2025, which is not RVU25C"),
        (OCT, changed(OCT, b"WORK", b"OTHER"), "column 6 says 'other rvu' where work_rvu is expected"),
        (OCT, changed(OCT, b"90001,,", b"90002,,"), "the key RVU25D 2025-10-01 90002 stands here a second time"),
        (OCT, changed(OCT, b"90001,,made up", b"90001,,made,up"), ":12: has more cells than the header's 31"),
        (OCT, changed(OCT, b"90001,", b"9001,"), ":12: hcpcs is '9001'; wanted a code"),
        ("PPRRVU2025_Oct.txt", changed("PPRRVU2025_Oct.txt", b"90001 ", b"9000  "), ":9: is not a line of the layout"),
        ("PPRRVU2025_Oct.txt", data("PPRRVU2025_Oct.txt") + b"90005 short\r\n", ":15: is not a line of the layout"),
        ("PPRRVU2026_Jul_QPP.csv", changed("PPRRVU2026_Jul_QPP.csv", b",1,,33", b",9,,33", 1), "PRIC IND is '9' where"),
        ("PPRRVU2026_Jul_nonQPP.csv", changed("PPRRVU2026_Jul_nonQPP.csv", b"PRIC", b""), "column 24 says 'ind' where"),
        ("PPRRVU2026_Jan_nonQPP.csv", changed("PPRRVU2026_Jul_nonQPP.csv", b"July", b"January"), "RVU26A or RVU26AR"),
        ("rvu27a.csv", changed(OCT, b"2025 Nat", b"2027 Nat"), "RVU27A is no release that this version knows"),
        ("PPRRVU.csv", changed(OCT, b"2025 Nat", b"2027 Nat"), "its title says 2027 October, which is not"),
        ("PPRRVU.csv", b"nothing of it\n" * 30, "fits no layout of its kind: PPRRVU, header stacked"),
        (GPCI, changed(GPCI, b"90202,ZB,00", b"90101,ZA,01"), "stands here a second time"),
        (GPCI, changed(GPCI, b"90202,ZB,00,THIRD,1,1,1\r\n", b""), "2 localities instead of 3"),
        (GPCI, changed(GPCI, b"90202,ZB,00", b"0202,ZB,00"), ":6: mac is '0202'; wanted a contractor number"),
        (GPCI, changed(GPCI, b"1.05,1.1", b"0.95,1.1"), ":5: the GPCIs of 90101-02 are not plausible"),
        (GPCI, changed(GPCI, b"2025 ", b"2023 "), "is of 2023; this version knows 2024, 2025, 2026"),
        ("GPCI.csv", data("GPCI2024.csv"), "does not say which year it is of"),
        ("ANES2025.csv", changed("ANES2025.csv", b"20.32", b""), "2 localities instead of 3"),
        ("OPPSCAP_Oct.csv", data("OPPSCAP_Oct.csv"), "may be of RVU24D, RVU25D or RVU26D: load the zip it came in"),
        ("OPPSCAP.csv", data("OPPSCAP_Oct.csv"), "does not say which release it is of"),
        ("ZIP5.txt", changed("ZIP5_OCT2025.txt", b"20254", b"20253", 1), "has quarters '20253', '20254' instead of one"),
        ("ZIP5.txt", changed("ZIP5_OCT2025.txt", b"00502", b"00501"), "the key 00501 2025-10-01 stands here a second"),
        ("ZIP5.txt", changed("ZIP5_OCT2025.txt", b"20254\r\nZB", b"2025\r\nZB"), ":2: is not a line of the layout"),
        ("ZIP9.txt", changed("ZIP9_OCT2025.txt", b"0002", b"0001"), "the key 00502 0001 2025-10-01 stands here"),
        ("readme.csv", b"a,b\n1,2\n", "holds no file that is loaded"),
        ("empty.zip", b"", "holds no file that is loaded"),
        ("broken.zip", b"PK\3\4 and no more", "is no readable zip"),
        ("PPRRVU2025_Oct.xlsx", b"no workbook", "is no readable zip"),
    ],
)  # fmt: skip
def test_refusals(desk: Desk, name: str, content: bytes, words: str) -> None:
    assert words in desk.refused(desk.put(name, content))


def test_a_part_of_a_national_file_is_refused(desk: Desk) -> None:
    """By the rules that shortpay ships: 7 rows are no PPRRVU, 3 localities no GPCI."""
    said = desk.refused(
        desk.fixture(OCT), desk.fixture(GPCI), desk.fixture("ZIP5_OCT2025.txt"), rules=cms_rules()
    )
    assert "7 rows, where a whole file has 17,000 to 23,000" in said
    assert "3 localities instead of 109" in said
    assert "3 rows, where a whole file has 40,000 to 46,000" in said


@pytest.mark.parametrize(
    ("name", "old", "new", "place"),
    [
        ("OPPSCAP_Oct.csv", b"42.92,42.92", b"42.92,42.93", ":3: 90002 in 90101-02"),
        ("OPPSCAP_Oct.csv", b"42.92,42.92", b"42.93,42.92", ":3: 90002 in 90101-02"),
        ("GPCI2025.csv", b"1.05,1.1,", b"1.05,1.11,", ":3: 90002 in 90101-02"),
        ("PPRRVU2025_Oct.csv", b"1.20,1.20,0.01", b"1.21,1.21,0.01", ":2: 90002 in 90101-01"),
    ],
)
def test_amounts_that_the_release_does_not_give(
    desk: Desk, name: str, old: bytes, new: bytes, place: str
) -> None:
    path = desk.download("RVU25D.zip", RVU25D, {name: changed(name, old, new)})
    assert f"OPPSCAP_Oct.csv{place} is not what the formula gives" in desk.refused(path)


def test_amounts_are_compared_whichever_file_comes_last(desk: Desk) -> None:
    wrong = changed("OPPSCAP_Oct.csv", b"35.10,35.10", b"35.11,35.11")
    caps = desk.put("OPPSCAP2025_Oct.csv", wrong)
    desk.take(caps, desk.fixture(OCT))
    assert "is not what the formula gives" in desk.refused(desk.fixture(GPCI))


def test_qps_have_the_same_values(desk: Desk) -> None:
    content = changed(
        "PPRRVU2026_Jul_QPP.csv", b"1.00,0.50,,0.30,,0.05,1.55,1.35", b"1.01,0.50,,0.30,,0.05,1.56,1.36"
    )
    path = desk.download("RVU26C.zip", RVU26C, {"PPRRVU2026_Jul_QPP.csv": content})
    assert ":11: 90001 has other values than in PPRRVU2026_Jul_nonQPP.csv" in desk.refused(path)


def test_everything_wrong_is_said_at_once_and_nothing_is_loaded(desk: Desk) -> None:
    good = desk.download("RVU26C.zip", RVU26C)
    bad = [desk.put("GPCI2025.csv", b"no\n"), desk.put("ZIP5.txt", b"no\n")]
    desk.take(desk.fixture(OCT))
    said = desk.refused(good, *bad, desk.home / "not there.zip")
    for words in (
        "3 problems",
        "GPCI2025.csv: fits no",
        "ZIP5.txt: fits no",
        "not there.zip: cannot be read",
    ):
        assert words in said


def test_an_anaesthesia_factor_of_an_unknown_year_is_left_out(desk: Desk) -> None:
    content = changed("ANES2025.csv", b"20.3178", b"20.4444")
    report = desk.take(desk.download("RVU25D.zip", RVU25D, {"ANES2025.csv": content}))
    assert [why for name, why in report.passed_over if "ANES" in name] == [
        "the national factor 20.4444 is not known to this version, so its dates cannot be told"
    ]
    assert len(report.taken) == 3
    assert "20.4444 is not known to this version" in desk.refused(desk.put("ANES2025.csv", content))
