"""Loading CMS's downloads: each layout, each refusal, any order, twice, and nothing half."""

from __future__ import annotations

import datetime as dt
import io
import itertools
import zipfile
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import openpyxl
import polars as pl
import pytest

from contracts import TermsError, read_reference
from contracts.cms import Rules, cms_rules, known_releases, load
from contracts.loaded import read_manifest
from contracts.medicare import price_units

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

FIXTURES = Path(__file__).parents[1] / "fixtures" / "cms"
TODAY = dt.date(2026, 11, 2)
RVU25D = ("PPRRVU2025_Oct.csv", "GPCI2025.csv", "ANES2025.csv", "OPPSCAP_Oct.csv")
RVU26C = ("PPRRVU2026_Jul_nonQPP.csv", "PPRRVU2026_Jul_QPP.csv", "GPCI2026.csv", "ANES2026.csv")


def small() -> Rules:
    """Give the rules of the made-up country of the fixtures: three localities, a handful of codes."""
    rules = cms_rules()
    kinds = {name: replace(one, rows=dict.fromkeys(one.rows, (1, 100))) for name, one in rules.kinds.items()}
    return replace(rules, localities=3, kinds=kinds)


RULES = small()


def data(name: str) -> bytes:
    return (FIXTURES / name).read_bytes()


def zipped(path: Path, members: Mapping[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def download(tmp_path: Path, name: str, members: Sequence[str], **changed: bytes) -> Path:
    """Make a zip of fixtures; `changed` replaces the content of a member by its stem."""
    return zipped(tmp_path / name, {one: changed.get(one.split(".")[0], data(one)) for one in members})


def put(tmp_path: Path, **files: bytes) -> list[Path]:
    paths = []
    for name, content in files.items():
        path = tmp_path / name.replace("__", ".")
        path.write_bytes(content)
        paths.append(path)
    return paths


def take(paths: Sequence[Path], folder: Path, **options: Any) -> Any:
    return load(paths, folder, rules=options.pop("rules", RULES), today=TODAY, **options)


def refused(paths: Sequence[Path], folder: Path, **options: Any) -> str:
    """Load what must be refused; the folder is as it was. Return what was said."""
    before = listing(folder)
    with pytest.raises(TermsError) as error:
        take(paths, folder, **options)
    assert listing(folder) == before
    return str(error.value)


def listing(folder: Path) -> dict[str, bytes]:
    """Give the content of every file but the lock."""
    found = (path for path in folder.rglob("*") if path.is_file() and path.name != ".loading")
    return {str(path.relative_to(folder)): path.read_bytes() for path in found}


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
def test_each_layout_by_itself(tmp_path: Path, name: str, kind: str, release: str, rows: int) -> None:
    (entry,) = take([FIXTURES / name], tmp_path).taken
    assert (entry.kind, entry.release, entry.rows) == (kind, release, rows)
    assert (entry.member, entry.downloads[0].name) == (name, name)


def test_a_release_as_cms_packs_it(tmp_path: Path) -> None:
    members = {f"RVU25D/{name}": data(name) for name in (*RVU25D, "PPRRVU2025_Oct.txt", "GPCI2025.txt")}
    members |= {"RVU25D/RVU25D.pdf": b"%PDF", "RVU25D/RVU25D.docx": b"PK\3\4", "RVU25D/25LOCCO.csv": b"a,b\n"}
    members |= {"RVU25D/some notes.txt": b"read me\n", "RVU25D/PPRRVU2025_Oct.xlsx": b"not looked at"}
    report = take([zipped(tmp_path / "rvu25d_0 (1).zip", members)], tmp_path / "reference")
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
    reference = read_reference(tmp_path / "reference")
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


def test_zips_in_a_zip_and_qps(tmp_path: Path) -> None:
    inner = download(tmp_path, "inner.zip", RVU26C).read_bytes()
    path = zipped(tmp_path / "RVU26C-updated-06-30-2026.zip", {"RVU26C.zip": inner, "notes.pdf": b""})
    take([path], tmp_path / "reference")
    reference = read_reference(tmp_path / "reference")
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


def test_one_table_in_three_formats_is_one_table(tmp_path: Path) -> None:
    """Values agree whatever the format; a workbook's numbers get their zeros back (00104, 010)."""
    cells = [line.split(",") for line in data("PPRRVU2025_Oct.csv").decode().splitlines()]
    book = workbook([[as_excel(cell) for cell in row] for row in cells])
    (xlsx,) = put(tmp_path, PPRRVU2025_Oct__xlsx=book)
    entries = [
        take([path], tmp_path / path.suffix[1:]).taken[0]
        for path in (xlsx, FIXTURES / "PPRRVU2025_Oct.csv", FIXTURES / "PPRRVU2025_Oct.txt")
    ]
    assert len({one.values_sha256 for one in entries}) == 1
    for path in (xlsx, FIXTURES / "PPRRVU2025_Oct.csv", FIXTURES / "PPRRVU2025_Oct.txt"):
        take([path], tmp_path / "all")
    assert read_reference(tmp_path / "all").rvu.height == 7


def test_zip5_as_a_workbook(tmp_path: Path) -> None:
    header = [
        "STATE",
        "ZIP CODE",
        "CARRIER",
        "LOCALITY",
        "RURAL IND",
        "LAB CB LOCALITY",
        "RURAL IND2",
        "PLUS 4 FLAG",
    ]
    rows: list[list[object]] = [["made up"], [*header, "PART B DRUG INDICATOR", "YEAR/QTR"]]
    rows += [["ZA", 501, 90101, 1, "", "Z9", "", 0, "A", 20254]]
    take(put(tmp_path, ZIP5_OCT2025__xlsx=workbook(rows)), tmp_path / "reference")
    (row,) = read_reference(tmp_path / "reference").zip_locality.to_dicts()
    assert (row["zip"], row["mac"], row["locality"], row["split"], row["plus_four"]) == (
        "00501",
        "90101",
        "01",
        "0",
        "",
    )


# ---- refusals ---------------------------------------------------------------------------------------------------------------


def changed(name: str, old: bytes, new: bytes, count: int = -1) -> bytes:
    assert old in data(name)
    return data(name).replace(old, new, count)


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
def test_refusals(tmp_path: Path, name: str, content: bytes, words: str) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    assert words in refused([path], tmp_path / "reference")


def test_a_part_of_a_national_file_is_refused(tmp_path: Path) -> None:
    """By the rules that shortpay ships: 7 rows are no PPRRVU, 3 localities no GPCI."""
    said = refused(
        [FIXTURES / OCT, FIXTURES / GPCI, FIXTURES / "ZIP5_OCT2025.txt"], tmp_path, rules=cms_rules()
    )
    assert "7 rows, where a whole file has 17,000 to 23,000" in said
    assert "3 localities instead of 109" in said
    assert "3 rows, where a whole file has 40,000 to 46,000" in said


@pytest.mark.parametrize(
    ("stem", "old", "new", "words"),
    [
        (
            "OPPSCAP_Oct",
            b"42.92,42.92",
            b"42.92,42.93",
            ":3: 90002 in 90101-02 is not what the formula gives",
        ),
        (
            "OPPSCAP_Oct",
            b"42.92,42.92",
            b"42.93,42.92",
            ":3: 90002 in 90101-02 is not what the formula gives",
        ),
        ("GPCI2025", b"1.05,1.1,", b"1.05,1.11,", "90002 in 90101-02 is not what the formula gives"),
        (
            "PPRRVU2025_Oct",
            b"1.20,1.20,0.01",
            b"1.21,1.21,0.01",
            "90002 in 90101-01 is not what the formula gives",
        ),
    ],
)
def test_amounts_that_the_release_does_not_give(
    tmp_path: Path, stem: str, old: bytes, new: bytes, words: str
) -> None:
    content = {stem: changed(f"{stem}.csv", old, new)}
    assert words in refused([download(tmp_path, "RVU25D.zip", RVU25D, **content)], tmp_path / "reference")


def test_amounts_are_compared_whichever_file_comes_last(tmp_path: Path) -> None:
    wrong = changed("OPPSCAP_Oct.csv", b"35.10,35.10", b"35.11,35.11")
    (caps,) = put(tmp_path, OPPSCAP2025_Oct__csv=wrong)
    folder = tmp_path / "reference"
    take([caps, FIXTURES / OCT], folder)
    assert "is not what the formula gives" in refused([FIXTURES / GPCI], folder)


def test_qps_have_the_same_values(tmp_path: Path) -> None:
    content = changed(
        "PPRRVU2026_Jul_QPP.csv", b"1.00,0.50,,0.30,,0.05,1.55,1.35", b"1.01,0.50,,0.30,,0.05,1.56,1.36"
    )
    path = download(tmp_path, "RVU26C.zip", RVU26C, PPRRVU2026_Jul_QPP=content)
    assert ":11: 90001 has other values than in PPRRVU2026_Jul_nonQPP.csv" in refused(
        [path], tmp_path / "reference"
    )


def test_everything_wrong_is_said_at_once_and_nothing_is_loaded(tmp_path: Path) -> None:
    good = download(tmp_path, "RVU26C.zip", RVU26C)
    bad = put(tmp_path, GPCI2025__csv=b"no\n", ZIP5__txt=b"no\n")
    folder = tmp_path / "reference"
    take([FIXTURES / OCT], folder)
    said = refused([good, *bad, tmp_path / "not there.zip"], folder)
    assert [
        word in said for word in ("3 problems", "GPCI2025.csv", "ZIP5.txt", "not there.zip: cannot be read")
    ]


def test_an_anaesthesia_factor_of_an_unknown_year_is_left_out(tmp_path: Path) -> None:
    content = changed("ANES2025.csv", b"20.3178", b"20.4444")
    report = take([download(tmp_path, "RVU25D.zip", RVU25D, ANES2025=content)], tmp_path / "reference")
    assert [why for name, why in report.passed_over if "ANES" in name] == [
        "the national factor 20.4444 is not known to this version, so its dates cannot be told"
    ]
    assert len(report.taken) == 3


# ---- zips of strangers ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("../GPCI2025.csv", "leads out of its folder"),
        ("a/../../GPCI2025.csv", "leads out of its folder"),
        ("/etc/GPCI2025.csv", "leads out of its folder"),
        ("..\\GPCI2025.csv", "leads out of its folder"),
        ("C:\\GPCI2025.csv", "leads out of its folder"),
    ],
)
def test_names_that_lead_out(tmp_path: Path, name: str, words: str) -> None:
    assert words in refused([zipped(tmp_path / "x.zip", {name: data(GPCI)})], tmp_path / "reference")


def test_links_passwords_and_doubles(tmp_path: Path) -> None:
    link = zipfile.ZipInfo("GPCI2025.csv")
    link.external_attr = 0o120777 << 16
    with zipfile.ZipFile(tmp_path / "link.zip", "w") as archive:
        archive.writestr(link, "/etc/passwd")
    locked = bytearray(zipped(tmp_path / "locked.zip", {"GPCI2025.csv": data(GPCI)}).read_bytes())
    locked[6] |= 1
    locked[locked.rindex(b"PK\1\2") + 8] |= 1
    (tmp_path / "locked.zip").write_bytes(locked)
    zipped(tmp_path / "twice.zip", {"GPCI2025.csv": data(GPCI), "gpci2025.CSV": data(GPCI)})
    for name, words in (("link", "has a link"), ("locked", "encrypted"), ("twice", "two members named")):
        assert words in refused([tmp_path / f"{name}.zip"], tmp_path / "reference")


def nested(depth: int) -> bytes:
    content, name = data(GPCI), "GPCI2025.csv"
    for _ in range(depth):
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w") as archive:
            archive.writestr(name, content)
        content, name = out.getvalue(), "inner.zip"
    return content


def test_bombs(tmp_path: Path) -> None:
    """Each limit by itself; sizes are measured while unpacking, whatever the header promises."""
    zeros = zipped(tmp_path / "zeros.zip", {"GPCI2025.csv": bytes(20_000_000)})
    limits = RULES.limits
    cases: list[tuple[Path, dict[str, int], str]] = [
        (zeros, {"ratio": 100}, "beyond the limit (100 times)"),
        (zeros, {"ratio": 10**6, "member_bytes": 1_000_000}, "goes beyond the limit"),
        (zeros, {"ratio": 10**6, "total_bytes": 1_000_000}, "goes beyond the limit"),
        (zeros, {"download_bytes": 1_000}, "goes beyond the limit (1,000)"),
        (
            zipped(tmp_path / "many.zip", {f"{n}.csv": b"" for n in range(9)}),
            {"members": 8},
            "number of files",
        ),
    ]
    lying = bytearray(zeros.read_bytes())
    at = lying.rindex(b"PK\1\2") + 24
    lying[at : at + 4] = (100).to_bytes(4, "little")
    (tmp_path / "lying.zip").write_bytes(lying)
    cases.append((tmp_path / "lying.zip", {}, "is no readable zip"))
    for path, limit, words in cases:
        rules = replace(RULES, limits=replace(limits, **limit))
        assert words in refused([path], tmp_path / "reference", rules=rules), (path, limit)
    (tmp_path / "two.zip").write_bytes(nested(2))
    (tmp_path / "three.zip").write_bytes(nested(3))
    take([tmp_path / "two.zip"], tmp_path / "two")
    assert "too deep" in refused([tmp_path / "three.zip"], tmp_path / "reference")


def test_a_workbook_may_be_a_bomb_too(tmp_path: Path) -> None:
    path = zipped(tmp_path / "GPCI2025.xlsx", {"xl/worksheets/sheet1.xml": bytes(20_000_000)})
    rules = replace(RULES, limits=replace(RULES.limits, ratio=100))
    assert "beyond the limit (100 times)" in refused([path], tmp_path / "reference", rules=rules)


# ---- order, repetition, correction ------------------------------------------------------------------------------------------


def some_downloads(tmp_path: Path) -> list[Path]:
    later = changed("ZIP5_OCT2025.txt", b"20254", b"20262").replace(b"9020200", b"9010101")
    return [
        download(tmp_path, "RVU25D.zip", RVU25D),
        download(tmp_path, "RVU26C.zip", RVU26C),
        FIXTURES / "ZIP5_OCT2025.txt",
        *put(tmp_path, ZIP5_APR2026__txt=later),
        FIXTURES / "PPRRVU2025_Oct.txt",
        *put(tmp_path, OPPSCAP2025_Oct__csv=data("OPPSCAP_Oct.csv")),
    ]


def test_order_and_repetition_change_nothing(tmp_path: Path) -> None:
    paths = some_downloads(tmp_path)
    take(paths, tmp_path / "first")
    wanted = listing(tmp_path / "first")
    assert len(wanted) == 18
    for number, order in enumerate(itertools.islice(itertools.permutations(paths), 7, 720, 97)):
        folder = tmp_path / str(number)
        for path in order:
            take([path], folder)
        report = take(order, folder)
        assert (report.taken, len(report.known)) == ([], 11)
        take([], folder)
        assert {name: wanted.get(name) for name in listing(folder)} == listing(folder)
        assert listing(folder).keys() == wanted.keys()


def test_loading_again_touches_no_file(tmp_path: Path) -> None:
    folder = tmp_path / "reference"
    (path,) = [download(tmp_path, "RVU25D.zip", RVU25D)]
    take([path], folder)
    before = {one: one.stat().st_mtime_ns for one in folder.rglob("*.*") if one.name != ".loading"}
    assert take([path], folder).taken == []
    assert {one: one.stat().st_mtime_ns for one in before} == before


def test_a_correction_takes_the_place_of_its_release(tmp_path: Path) -> None:
    """RVU26AR holds for the dates of RVU26A; a code that it drops has no price from the old one."""
    january = changed("PPRRVU2026_Jul_nonQPP.csv", b"July", b"January")
    shorter = b"\r\n".join(line for line in january.split(b"\r\n") if not line.startswith(b"90003"))
    paths = [
        zipped(tmp_path / "rvu26a-updated-12-29-2025.zip", {"PPRRVU2026_Jan_nonQPP.csv": january}),
        zipped(tmp_path / "rvu26ar_1 (1).zip", {"PPRRVU2026_Jan_nonQPP.csv": shorter}),
    ]
    for order in (paths, paths[::-1]):
        folder = tmp_path / order[0].stem
        for path in order:
            take([path], folder)
        rows = read_reference(folder).rvu
        assert rows["release"].unique().to_list() == ["RVU26AR"]
        assert "90003" not in rows["hcpcs"].to_list()


def test_2024_has_two_releases_in_one_quarter(tmp_path: Path) -> None:
    take([FIXTURES / "PPRRVU24_JAN.csv", FIXTURES / "PPRRVU2024_AR.csv"], tmp_path)
    factors = read_reference(tmp_path).conversion_factor
    assert factors.select(
        pl.col("effective", "until").cast(pl.String), pl.col("factor").cast(pl.String)
    ).rows() == [
        ("2024-01-01", "2024-03-08", "32.744200"),
        ("2024-03-09", "2024-03-31", "33.287500"),
    ]


def test_a_release_posted_again_and_one_that_contradicts(tmp_path: Path) -> None:
    """The later posting counts; where the day is not said, a person decides with --replace."""
    newer = changed(OCT, b"1.00,0.50,,0.30,,0.05,1.55,1.35", b"1.10,0.50,,0.30,,0.05,1.65,1.45")
    (again,) = put(tmp_path, PPRRVU2025_Oct__csv=newer.replace(b"09/11/2025", b"10/02/2025"))
    for order in ([again, FIXTURES / OCT], [FIXTURES / OCT, again]):
        folder = tmp_path / order[0].parent.name
        for path in order:
            take([path], folder)
        (work,) = read_reference(folder).rvu.filter(pl.col("hcpcs") == "90001")["work_rvu"].to_list()
        assert work == Decimal("1.10")
    again.write_bytes(newer)
    folder = tmp_path / "undecided"
    take([FIXTURES / OCT], folder)
    said = refused([again], folder)
    assert "both are RVU25D, and neither says that it was posted later" in said
    assert "--replace" in said
    take([again], folder, instead=True)
    assert read_reference(folder).rvu.filter(pl.col("hcpcs") == "90001")["work_rvu"].to_list() == [
        Decimal("1.10")
    ]


def test_gpcis_may_not_change_within_a_year(tmp_path: Path) -> None:
    (other,) = put(tmp_path, GPCI2025__csv=changed(GPCI, b"1.05,1.1,", b"1.05,1.2,"))
    folder = tmp_path / "reference"
    take([FIXTURES / GPCI], folder)
    assert "a gpci table holds for the whole year" in refused([other], folder)


def test_a_name_for_a_file_that_does_not_say_it(tmp_path: Path) -> None:
    paths = put(tmp_path, OPPSCAP__csv=data("OPPSCAP_Oct.csv"))
    (entry,) = take(paths, tmp_path / "reference", release="RVU25D").taken
    assert entry.release == "RVU25D"
    assert "RVU30A is no release" in refused(paths, tmp_path / "other", release="RVU30A")
    assert "you say it is RVU25C" not in refused([FIXTURES / OCT], tmp_path / "other", release="RVU25C")


# ---- ZIPs over the quarters ---------------------------------------------------------------------------------------------------


def test_zips_over_the_quarters(tmp_path: Path) -> None:
    """2025Q2, Q4 and 2026Q2 are loaded. 00501 stays, 60601 moves in 2026, 00502 is not in 2025Q4.

    A file stands for what of its year lies before it, back to the file before; nothing stands for 2026-07-01.
    """
    oct_25 = data("ZIP5_OCT2025.txt")
    lines = oct_25.split(b"\r\n")
    folder = tmp_path / "reference"
    files = {
        "ZIP5_APR2025__txt": oct_25.replace(b"20254", b"20252"),
        "ZIP5_OCT2025__txt": b"\r\n".join([lines[0], lines[2], b""]),
        "ZIP5_APR2026__txt": oct_25.replace(b"20254", b"20262").replace(b"606019020200", b"606019010102"),
    }
    take(put(tmp_path, **files), folder)
    rows = read_reference(folder).zip_locality
    shown = rows.select("zip", "mac", "locality", pl.col("effective", "until").cast(pl.String), "source_file")
    assert shown.rows() == [
        ("00501", "90101", "01", "2025-01-01", "2026-06-30", "2026Q2/ZIP5_APR2026.txt"),
        ("00502", "90101", "01", "2025-01-01", "2025-06-30", "2026Q2/ZIP5_APR2026.txt"),
        ("00502", "90101", "01", "2026-01-01", "2026-06-30", "2026Q2/ZIP5_APR2026.txt"),
        ("60601", "90101", "02", "2026-01-01", "2026-06-30", "2026Q2/ZIP5_APR2026.txt"),
        ("60601", "90202", "00", "2025-01-01", "2025-12-31", "2025Q4/ZIP5_OCT2025.txt"),
    ]
    assert rows["source"][0] == "ZIP5 2025Q2 to 2026Q2, also for 2025-01-01 on: no earlier file is loaded"


def test_zip9_gives_the_candidates_of_a_split_zip(tmp_path: Path) -> None:
    take([FIXTURES / "ZIP5_OCT2025.txt", FIXTURES / "ZIP9_OCT2025.txt"], tmp_path)
    rows = read_reference(tmp_path).zip_locality.filter(pl.col("zip") == "00502")
    assert rows.select("plus_four", "mac", "locality", "split").rows() == [
        ("", "90101", "01", "1"),
        ("0001", "90101", "01", "1"),
        ("0002", "90101", "02", "1"),
    ]


# ---- reading ----------------------------------------------------------------------------------------------------------------


def loaded(tmp_path: Path) -> Path:
    folder = tmp_path / "reference"
    take([download(tmp_path, "RVU25D.zip", RVU25D)], folder)
    return folder


def test_a_date_beyond_what_is_verified_has_no_price(tmp_path: Path) -> None:
    reference = read_reference(loaded(tmp_path))
    days = [dt.date(2025, 9, 30), dt.date(2025, 10, 1), dt.date(2025, 12, 31), dt.date(2026, 1, 1)]
    keys = pl.DataFrame({"price_date": days}).with_columns(
        code=pl.lit("90001"), row_modifier=pl.lit(""), setting=pl.lit("nonfacility"), mac=pl.lit("90101"),
        locality=pl.lit("01"), qp=pl.lit("no"),
    )  # fmt: skip
    priced = price_units(keys, reference).sort("price_date")
    # (1.00 x 1.000 + 0.50 x 0.900 + 0.05 x 0.500) x 32.3465 = 1.475 x 32.3465 = 47.7110875
    assert priced["full_cents"].to_list() == [None, 4771, 4771, None]
    assert all("no PPRRVU release is loaded" in text for text in priced["problem"].drop_nulls())
    asked = known_releases()
    names = [
        asked.filter((pl.col("effective") <= day) & (pl.col("until") >= day))["release"].to_list()
        for day in days
    ]
    assert names == [["RVU25C"], ["RVU25D"], ["RVU25D"], ["RVU26AR"]]


def test_known_releases_leave_no_day_out() -> None:
    releases = known_releases().to_dicts()
    for one, other in itertools.pairwise(releases):
        assert other["effective"] == one["until"] + dt.timedelta(days=1)
    for release in cms_rules().releases:
        factors = [
            one
            for one in cms_rules().factors
            if one.effective <= release.effective and release.until <= one.until
        ]
        assert "no" in {one.qp for one in factors}, release.name


def test_tables_that_people_wrote_stand_beside(tmp_path: Path) -> None:
    folder = loaded(tmp_path)
    (folder / "gpci.csv").write_text(
        "year,mac,locality,state,work,pe,mp\n2025,90101,01,ZA,1,0.9,0.5\n2024,90101,01,ZA,1,1,1\n"
    )
    assert read_reference(folder).gpci.height == 5
    (folder / "gpci.csv").write_text("year,mac,locality,state,work,pe,mp\n2025,90101,01,ZA,1,0.8,0.5\n")
    with pytest.raises(TermsError, match=r"says something else than CY2025/GPCI2025.csv row 4"):
        read_reference(folder)
    (folder / "gpci.csv").unlink()
    (folder / "factor.csv").write_text("effective,until,qp,factor,source\n2025-01-01,2025-12-31,no,32.5,x\n")
    with pytest.raises(TermsError, match="overlaps another conversion factor"):
        read_reference(folder)


def test_what_was_loaded_may_not_be_changed(tmp_path: Path) -> None:
    folder = loaded(tmp_path)
    table = folder / "loaded" / read_manifest(folder).tables["gpci"].file
    table.write_bytes(table.read_bytes()[:-1])
    with pytest.raises(TermsError, match="is not as it was loaded"):
        read_reference(folder)
    (folder / "loaded.toml").write_text("format = 99\n")
    with pytest.raises(TermsError, match="another version of shortpay"):
        read_reference(folder)
    (folder / "loaded.toml").write_text("no toml")
    with pytest.raises(TermsError, match="cannot be read"):
        read_reference(folder)


def test_leftovers_of_a_crash_are_cleared(tmp_path: Path) -> None:
    folder = loaded(tmp_path)
    (folder / "loaded" / "member-rvu-x.parquet").write_bytes(b"half")
    assert read_reference(folder).gpci.height == 3
    take([FIXTURES / "ZIP5_OCT2025.txt"], folder)
    assert not (folder / "loaded" / "member-rvu-x.parquet").exists()


@pytest.mark.parametrize("at", ["write_manifest", "build", "cross_checks"])
def test_a_load_that_dies_leaves_what_was_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at: str
) -> None:
    folder = loaded(tmp_path)
    before = listing(folder)

    def die(*_: object) -> None:
        raise KeyboardInterrupt

    path = download(tmp_path, "RVU26C.zip", RVU26C)
    with monkeypatch.context() as patch:
        patch.setattr(f"contracts.cms.loading.{at}", die)
        with pytest.raises(KeyboardInterrupt):
            take([path], folder)
    assert listing(folder) == before
    assert len(take([path], folder).taken) == 4


def test_dates_of_a_release_are_an_edit_of_the_rules(tmp_path: Path) -> None:
    """A version that knows more of a release takes the files that are there for its new dates."""
    folder = loaded(tmp_path)
    cut = dt.date(2025, 11, 30)
    releases = tuple(replace(one, until=cut) if one.name == "RVU25D" else one for one in RULES.releases)
    take([], folder, rules=replace(RULES, releases=releases))
    assert read_reference(folder).verified_through("rvu") == cut


# ---- CMS's own files --------------------------------------------------------------------------------------------------------


def test_cms_releases_as_published(cms: Path, tmp_path: Path) -> None:
    """A zip as CMS packs it, with the amounts of OPPSCAP computed row by row; CSV and fixed width say the same."""
    members = {
        "PPRRVU2025_Oct.csv": "PPRRVU2025_Oct.csv", "GPCI2025.csv": "GPCI2025.csv", "25LOCCO.csv": "25LOCCO.csv",
        "OPPSCAP_Oct.csv": "OPPSCAP2025_Oct.csv",
    }  # fmt: skip
    path = zipped(
        tmp_path / "rvu25d_0.zip", {name: (cms / file).read_bytes() for name, file in members.items()}
    )
    folder = tmp_path / "reference"
    report = load(
        [path, cms / "ZIP5_OCT2025.txt", cms / "PPRRVU2026_Jul_nonQPP.csv", cms / "GPCI2026.csv"], folder
    )
    assert {(one.kind, one.release): one.rows for one in report.taken} == {
        ("rvu", "RVU25D"): 19_090, ("gpci", "CY2025"): 109, ("opps_cap", "RVU25D"): 16_100, ("zip5", "2025Q4"): 42_956,
        ("rvu", "RVU26C"): 19_356, ("gpci", "CY2026"): 109,
    }  # fmt: skip
    load([cms / "PPRRVU2025_Oct.txt", cms / "GPCI2025.txt"], folder)
    values = {one.slot: set[str]() for one in read_manifest(folder).entries}
    for one in read_manifest(folder).entries:
        values[one.slot].add(one.values_sha256)
    assert {len(one) for one in values.values()} == {1}
    wrong = (
        (cms / "OPPSCAP2025_Oct.csv")
        .read_bytes()
        .replace(b"93990,TC,A,15202,00,97.07", b"93990,TC,A,15202,00,97.08")
    )
    (caps,) = put(tmp_path, OPPSCAP2025_Oct__csv=wrong)
    with pytest.raises(TermsError, match=r":16101: 93990 in 15202-00 is not what the formula gives"):
        load([caps], folder, instead=True)
