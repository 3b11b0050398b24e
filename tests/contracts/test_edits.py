"""National edits: CMS's files into the reference folder, and what an edition says of a pair of codes on a day."""

from __future__ import annotations

import datetime as dt
import gzip
import io
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import openpyxl
import polars as pl
import pytest

from contracts import Reference, edits, read_reference
from contracts.cms import load
from contracts.edits import PAIR_SCHEMA, UNITS_SCHEMA, hold_pairs, hold_units

if TYPE_CHECKING:
    from collections.abc import Sequence

Desk = Any
CASES = tomllib.loads(
    (Path(__file__).parents[1] / "cases" / "edits" / "pairs.toml").read_text(encoding="utf-8")
)["case"]
HEAD = (
    "CPT only copyright 2023 American Medical Association. All rights reserved.\t\t\t\t\t\t\r\n"
    "Column1/Column 2 Edits\t\t\t\t\t\t\r\n"
    "Column 1\tColumn 2\t*=in existence\tEffective\tDeletion\tModifier\tPTP Edit Rationale\r\n"
    "\t\tprior to 1996\tDate\tDate\t0=not allowed\t\r\n"
    "\t\t\t\t*=no data\t1=allowed\t\r\n"
    "\t\t\t\t\t9=not applicable\t\r\n"
)
ROWS = ["11111 22222 2020-01-01 * 1", "11111 33333 2024-07-01 * 0", "98941 97140 1996-01-01 2019-12-31 1"]
MUE = (
    '"This file is made up,\nas is all in it"\n,,,\n"HCPCS/\nCPT Code",Practitioner Services MUE Values,'
    "MUE Adjudication Indicator,MUE Rationale\n"
    "11111,6,3 Date of Service Edit: Clinical,made up\n22222,1,2 Date of Service Edit: Policy,made up\n"
)
TXT, NAME = "ccipra-v302r0-f1.txt", "medicare-ncci-2024q3-practitioner-ptp-edits-ccipra-v302r0-f1.zip"
MUE_NAME = "MCR_MUE_PractitionerServices_Eff_07-01-2024.csv"


def text(rows: Sequence[str] = ROWS) -> bytes:
    """Give rows as CMS's text file has them."""
    cells = [row.replace("-", "").split() for row in rows]
    return (HEAD + "".join(f"{a}\t{b}\t \t{c}\t{d}\t{e}\tmade up\r\n" for a, b, c, d, e in cells)).encode()


def sheet(rows: Sequence[str] = ROWS) -> bytes:
    workbook = openpyxl.Workbook()
    for line in text(rows).decode().splitlines():
        workbook.active.append([int(cell) if cell.isdigit() else cell for cell in line.split("\t")])
    out = io.BytesIO()
    workbook.save(out)
    return out.getvalue()


def stored(rows: Sequence[str] = ROWS) -> bytes:
    cells = [row.split() for row in rows]
    body = "".join(f"{a},{b},{d},{e},made up\n" for a, b, _, d, e in cells)
    table = b"column_1,column_2,deletion,modifier_indicator,rationale\n" + body.encode()
    return gzip.compress(
        table, mtime=0
    )  # the names of tests are made of it, and must be the same in each process


def ask(reference: Reference, asked: str) -> dict[str, Any]:
    code, _, other, _, day = asked.split()
    frame = pl.DataFrame([(code, other, dt.date.fromisoformat(day))], schema=PAIR_SCHEMA, orient="row")
    return hold_pairs(frame, reference).to_dicts()[0]


@pytest.fixture(scope="session")
def national(cms: Path, tmp_path_factory: pytest.TempPathFactory) -> Reference:
    """CMS's whole practitioner tables of 2024-07-01, loaded as a practice does."""
    folder = tmp_path_factory.mktemp("national")
    names = ("NCCI_PTP_practitioner_2024-07-01.csv.gz", "NCCI_MUE_practitioner_2024-07-01.csv")
    load([cms / name for name in names], folder)
    return read_reference(folder)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["title"])
def test_cases(
    case: dict[str, Any], desk: Desk, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert case["rule"]
    if case.get("national"):
        reference = request.getfixturevalue("national")
    else:
        monkeypatch.setattr(edits, "WHOLE_EDITION", 1)
        # what makes the edition one of its quarter: an edit that began with it
        rows = [*case["edition"], "99998 99999 2024-07-01 * 0"]
        desk.take(desk.put(TXT, text(rows)))
        reference = read_reference(desk.folder)
    found = ask(reference, case["asked"])
    said = " ".join(filter(None, (found["answer"], found["modifier_indicator"])))
    assert said == case["answer"], case["rule"]
    assert case.get("reason", "") in (found["reason"] or "")
    assert (found["source_row"] is None) == (found["answer"] in {"none", "unknown"})


def test_the_whole_national_table(national: Reference) -> None:
    (file,) = national.edit_files
    assert (file.edition, file.row_count) == ("2024Q3", 2_546_017)
    assert national.mue.height == 14_677
    days = [("97140", dt.date(2024, 8, 1)), ("97150", dt.date(2024, 8, 1)), ("97140", dt.date(2024, 10, 1))]
    found = hold_units(pl.DataFrame(days, schema=UNITS_SCHEMA, orient="row"), national).rows_by_key(
        ["code", "service_date"], named=True, unique=True
    )
    first = found["97140", dt.date(2024, 8, 1)]
    assert (first["most_units"], first["adjudication_indicator"]) == (
        6,
        "3",
    )  # CMS practitioner MUE table of 2024-07-01
    assert found["97150", dt.date(2024, 8, 1)]["most_units"] == 1
    assert "2024Q4" in found["97140", dt.date(2024, 10, 1)]["reason"]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        (TXT, text()),
        ("ccipra-v302r0-f1.xlsx", sheet()),
        ("NCCI_PTP_practitioner_2024-07-01.csv.gz", stored()),
    ],
)
def test_each_form_of_the_pairs(desk: Desk, name: str, content: bytes) -> None:
    (entry,) = desk.take(desk.put(name, content)).taken
    assert (entry.kind, entry.release, entry.rows) == ("ptp_edit", "2024Q3", 3)
    assert entry.until == dt.date(2024, 9, 30)
    found = ask(read_reference(desk.folder), "22222 beside 11111 on 2024-08-01")
    assert (found["answer"], found["modifier_indicator"]) == ("in_force", "1")


def test_of_text_and_worksheet_in_one_zip_one_is_read(desk: Desk) -> None:
    report = desk.take(desk.zipped(NAME, {TXT: text(), "ccipra-v302r0-f1.xlsx": sheet()}))
    assert [one.member for one in report.taken] == [TXT]
    assert "the same table" in report.passed_over[0][1]


def test_the_parts_of_an_edition_come_in_zips_of_their_own(desk: Desk) -> None:
    """A pair that is in no loaded part proves nothing, unless its column 1 code lies inside one."""
    first = desk.zipped(NAME, {TXT: text(["11111 22222 2024-07-01 * 1", "33333 22222 2020-01-01 * 1"])})
    name = NAME.replace("f1", "f2")
    second = desk.zipped(
        name, {TXT.replace("f1", "f2"): text(["44444 22222 2024-07-01 * 1", "66666 1111A 2020-01-01 * 1"])}
    )
    desk.take(first)
    alone = read_reference(desk.folder)
    assert ask(alone, "55555 beside 22222 on 2024-08-01")["answer"] == "none"
    assert ask(alone, "22222 beside 55555 on 2024-08-01")["answer"] == "unknown"
    desk.take(second)
    both = read_reference(desk.folder)
    assert ask(both, "22222 beside 55555 on 2024-08-01")["answer"] == "none"
    assert ask(both, "22222 beside 44444 on 2024-08-01")["answer"] == "in_force"
    assert [one.part for one in both.edit_files] == ["f1", "f2"]


def test_a_later_edition_answers_where_the_quarters_own_is_missing(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(edits, "WHOLE_EDITION", 1)
    later = ["11111 22222 2020-01-01 2024-09-30 1", "11111 33333 2024-10-01 * 0"]
    desk.take(desk.put("ccipra-v303r0-f1.txt", text(later)))
    reference = read_reference(desk.folder)
    assert ask(reference, "22222 beside 11111 on 2024-08-01")["answer"] == "in_force"
    assert ask(reference, "22222 beside 11111 on 2024-11-01")["answer"] == "deleted"


def test_most_units_hold_for_their_quarter(desk: Desk) -> None:
    (entry,) = desk.take(desk.put(MUE_NAME, MUE.encode())).taken
    assert (entry.kind, entry.release, entry.rows) == ("mue", "2024Q3", 2)
    rows = [("11111", dt.date(2024, 9, 30)), ("33333", dt.date(2024, 9, 30)), ("11111", dt.date(2024, 10, 1))]
    found = hold_units(pl.DataFrame(rows, schema=UNITS_SCHEMA, orient="row"), read_reference(desk.folder))
    assert [one["answer"] for one in found.sort("code", "service_date").to_dicts()] == [
        "stated",
        "unknown",
        "none",
    ]


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        (NAME.replace("2024q3", "2024q4").replace(".zip", ".txt"), text(), "named for 2024Q3 and 2024Q4"),
        ("ccipra-v301r0-f1.txt", text(), "of a later quarter"),
        ("ccipra-v310r0-f1.txt", text(), "of an earlier quarter"),
        ("ptp-edits.txt", text(), "does not say which quarter"),
        (TXT, text(["11111 22222 2024-07-01 soon 1"]), "deletion is 'soon'"),
        (TXT, text(["11111 22222 2024-07-01 * 7"]), "modifier_indicator is '7'"),
        (TXT, text(["1111 22222 2024-07-01 * 1"]), "column_1 is '1111'"),
        (TXT, text([*ROWS, ROWS[0]]), "in force twice"),
        (TXT, b"\x00\x01garbage\xff" * 50, "fits no layout"),
        ("NCCI_PTP_practitioner_2024-07-01.csv.gz", stored()[:40], "no readable gzip file"),
        (MUE_NAME, MUE.replace(",6,", ",six,").encode(), "most_units is 'six'"),
        (MUE_NAME.replace("07-01", "08-01"), MUE.encode(), "does not say which quarter"),
    ],
)
def test_what_is_no_edition_of_its_quarter_is_refused(
    desk: Desk, name: str, content: bytes, words: str
) -> None:
    assert words in desk.refused(desk.put(name, content))


def test_edits_for_hospitals_are_passed_over(desk: Desk) -> None:
    assert "for hospitals and suppliers" in str(
        desk.take(desk.zipped("ncci-2024q3.zip", {TXT: text(), "ccioph-v302r0-f1.txt": text()})).passed_over
    )


def test_the_pairs_stay_on_disk_and_a_change_of_them_is_noticed(desk: Desk) -> None:
    desk.take(desk.put(TXT, text()))
    reference = read_reference(desk.folder)
    assert "ptp_edit" not in reference.frames()
    (file,) = reference.edit_files
    file.path.write_bytes(file.path.read_bytes() + b"x")
    with pytest.raises(Exception, match="problem") as error:
        read_reference(desk.folder)
    assert "is not as it was loaded" in str(error.value)


def test_rows_that_people_wrote_prove_themselves_and_no_absence(tmp_path: Path) -> None:
    head = "edition,column_1,column_2,effective,deletion,modifier_indicator,rationale\n"
    (tmp_path / "pairs.csv").write_text(head + "2024Q3,97140,97530,,2019-12-31,1,\n2024Q3,97140,97124,,,0,\n")
    reference = read_reference(tmp_path)
    assert ask(reference, "97530 beside 97140 on 2024-08-01")["answer"] == "deleted"
    assert ask(reference, "97124 beside 97140 on 2024-08-01")["source_file"] == "pairs.csv"
    assert ask(reference, "97110 beside 97140 on 2024-08-01")["answer"] == "unknown"
