"""Reference tables that are wrong, and CMS's own layouts."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import pytest

from contracts import TermsError, read_reference
from contracts.cms import LOCALITY_COUNT, conversion_factors, read_gpci, read_pprrvu, read_zip5, read_zip9

if TYPE_CHECKING:
    from pathlib import Path

RVU = (
    "release,effective,until,hcpcs,modifier,status,work_rvu,pe_nonfacility_rvu,pe_facility_rvu,mp_rvu,"
    "multiple_procedure,bilateral,assistant_surgery,pctc\n"
)
ROW = "RVU26C,2026-01-01,2026-12-31,97140,,A,0.43,0.39,0.39,0.01,5,0,0,7\n"
FACTOR = "effective,until,qp,factor,source\n"
DAY = dt.date(2026, 1, 1)


def problems(folder: Path, **files: str) -> list[tuple[str, int | None, str]]:
    for name, text in files.items():
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    with pytest.raises(TermsError) as error:
        read_reference(folder)
    return [(one.file, one.line, one.message) for one in error.value.problems]


def test_no_folder_is_no_reference(tmp_path: Path) -> None:
    assert read_reference(tmp_path / "none").rvu.is_empty()


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        (RVU.replace("work_rvu,", "") + ROW.replace("0.43,", ""), 1, ["looks like rvu but lacks work_rvu"]),
        ("a,b\n1,2\n", 1, ["not a reference table", "a, b"]),
        (RVU + ROW.replace("0.43", "0.435"), 2, ["work_rvu is '0.435'", "2 decimals"]),
        (RVU + ROW.replace("0.43", "-1"), 2, ["work_rvu"]),
        (RVU + ROW.replace("2026-12-31", ""), 2, ["until is empty"]),
        (RVU + ROW.replace("2026-12-31", "2025-12-31"), 2, ["until is before effective"]),
        (RVU + ROW.replace("2026-12-31", "2026-02-31"), 2, ["until is '2026-02-31'"]),
        (RVU + ROW + ROW.replace("0.39,0.39", "0.40,0.40"), 3, ["something else than", "row 2"]),
        (
            "year,mac,locality,state,work,pe,mp\n2026,4412,11,TX,1,1,1\n",
            2,
            ["mac is '4412'", "leading zeros"],
        ),
        (FACTOR + "2026-01-01,2026-12-31,maybe,33.4,x\n", 2, ["qp is 'maybe'"]),
        (
            FACTOR + "2026-01-01,2026-12-31,no,33.4009,x\n2026-06-01,2026-12-31,no,33.5,x\n",
            3,
            ["overlaps another"],
        ),
        (
            "zip,plus_four,mac,locality,split,effective,until,source\n752,,04412,11,0,2026-01-01,,x\n",
            2,
            ["zip is '752'"],
        ),
    ],
)
def test_what_is_wrong(tmp_path: Path, text: str, line: int, words: list[str]) -> None:
    found = problems(tmp_path, table=text)
    assert any(at == line and all(word in message for word in words) for _, at, message in found), found


def test_all_files_at_once(tmp_path: Path) -> None:
    found = problems(tmp_path, a=RVU + ROW.replace("0.01", "x"), b="c,d\n", c=FACTOR + "soon,never,no,33,x\n")
    assert [(file, line) for file, line, _ in found] == [
        ("a.csv", 2),
        ("b.csv", 1),
        ("c.csv", 2),
        ("c.csv", 2),
    ]


def test_pprrvu_layouts(cms: Path) -> None:
    """97140 as it stands in each layout; the factor from its column, which moved in 2026."""
    for file, expense, factor, count in (
        ("PPRRVU2024_A.csv", "0.37", "32.7442", 18_499),
        ("PPRRVU2025_Oct.csv", "0.40", "32.3465", 19_090),
        ("PPRRVU2026_Jul_nonQPP.csv", "0.39", "33.4009", 19_356),
    ):
        data = (cms / file).read_bytes()
        loaded = read_pprrvu(data, file, "release", DAY, DAY)
        assert loaded.problems == ()
        assert loaded.rows.height == count
        (row,) = loaded.rows.filter(loaded.rows["hcpcs"] == "97140").to_dicts()
        assert [
            str(row[name]) for name in ("work_rvu", "pe_nonfacility_rvu", "pe_facility_rvu", "mp_rvu")
        ] == [
            "0.43",
            expense,
            expense,
            "0.01",
        ]
        assert (row["status"], row["multiple_procedure"], row["pctc"]) == ("A", "5", "7")
        assert data.splitlines()[row["source_row"] - 1].startswith(b"97140,")
        assert conversion_factors(data) == [factor]


def test_pprrvu_that_does_not_add_up(cms: Path) -> None:
    data = (cms / "PPRRVU2025_Oct.csv").read_bytes()
    good = b"97140,,Manual therapy 1/> regions,A,,0.43,0.40"
    assert good in data
    loaded = read_pprrvu(data.replace(good, good[:-1] + b"1"), "file", "release", DAY, DAY)
    assert loaded.rows.is_empty()
    assert "97140 does not add up" in loaded.problems[0].message


@pytest.mark.parametrize("data", [b"", b"\xff\xfe\x00", b"HCPCS,MOD\n97140,\n", b"nothing here\n" * 50])
def test_what_is_no_cms_file(data: bytes) -> None:
    assert read_pprrvu(data, "file", "release", DAY, DAY).problems
    assert read_gpci(data, "file", 2026).problems
    assert read_zip5(data, "file", DAY, None).problems
    assert read_zip9(data, "file", DAY, None).problems


@pytest.mark.parametrize(("year", "alabama"), [(2024, "0.575"), (2025, "0.575"), (2026, "0.566")])
def test_gpci_layouts(cms: Path, year: int, alabama: str) -> None:
    loaded = read_gpci((cms / f"GPCI{year}.csv").read_bytes(), "file", year)
    assert (loaded.problems, loaded.rows.height) == ((), LOCALITY_COUNT)
    first = loaded.rows.row(0, named=True)
    assert (first["mac"], first["locality"], str(first["work"]), str(first["mp"])) == (
        "10112",
        "00",
        "1.000",
        alabama,
    )


def test_gpci_with_a_locality_missing(cms: Path) -> None:
    lines = (cms / "GPCI2025.csv").read_bytes().splitlines()
    loaded = read_gpci(b"\n".join(lines[:3] + lines[4:]), "file", 2025)
    assert "108 localities instead of 109" in loaded.problems[0].message


def test_zip5(cms: Path) -> None:
    loaded = read_zip5((cms / "ZIP5_OCT2025.txt").read_bytes(), "file", dt.date(2025, 10, 1), None)
    assert (loaded.problems, loaded.rows.height) == ((), 42_956)
    assert (loaded.rows["split"] == "1").sum() == 580
    dallas = loaded.rows.filter(loaded.rows["zip"] == "75201").row(0, named=True)
    assert (dallas["mac"], dallas["locality"], dallas["source"]) == ("04412", "11", "ZIP5 20254")


def test_zip9() -> None:
    line = "TX759990441299" + " " * 6 + "1" + "1234" + " " * 50 + "20254"
    loaded = read_zip9(line.encode(), "file", DAY, None)
    assert loaded.problems == ()
    row = loaded.rows.row(0, named=True)
    assert (row["zip"], row["plus_four"], row["mac"], row["locality"], row["split"]) == (
        "75999",
        "1234",
        "04412",
        "99",
        "1",
    )
