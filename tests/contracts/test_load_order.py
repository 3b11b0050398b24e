"""Loading CMS's downloads in any order, twice, corrected; over the quarters; and reading what was loaded."""

from __future__ import annotations

import datetime as dt
import itertools
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from contracts import TermsError, read_reference
from contracts.cms import cms_rules, known_releases, load
from contracts.loaded import read_manifest
from contracts.medicare import price_units

Desk = Any  # the class of the fixture stands in conftest.py, which no module imports
RVU25D = ("PPRRVU2025_Oct.csv", "GPCI2025.csv", "ANES2025.csv", "OPPSCAP_Oct.csv")
RVU26C = ("PPRRVU2026_Jul_nonQPP.csv", "PPRRVU2026_Jul_QPP.csv", "GPCI2026.csv", "ANES2026.csv")
OCT, GPCI = "PPRRVU2025_Oct.csv", "GPCI2025.csv"


# ---- order, repetition, correction ------------------------------------------------------------------------------------------


def some_downloads(desk: Desk) -> list[Path]:
    later = desk.changed("ZIP5_OCT2025.txt", b"20254", b"20262").replace(b"9020200", b"9010101")
    return [
        desk.download("RVU25D.zip", RVU25D),
        desk.download("RVU26C.zip", RVU26C),
        desk.fixture("ZIP5_OCT2025.txt"),
        desk.put("ZIP5_APR2026.txt", later),
        desk.fixture("PPRRVU2025_Oct.txt"),
        desk.put("OPPSCAP2025_Oct.csv", desk.data("OPPSCAP_Oct.csv")),
    ]


def test_order_and_repetition_change_nothing(desk: Desk) -> None:
    paths = some_downloads(desk)
    desk.take(*paths)
    wanted = desk.listing()
    assert len(wanted) == 18
    for number, order in enumerate(itertools.islice(itertools.permutations(paths), 7, 720, 97)):
        folder = desk.home / str(number)
        for path in order:
            desk.take(path, folder=folder)
        report = desk.take(*order, folder=folder)
        assert (report.taken, len(report.known)) == ([], 11)
        desk.take(folder=folder)
        assert {name: wanted.get(name) for name in desk.listing(folder)} == desk.listing(folder)
        assert desk.listing(folder).keys() == wanted.keys()


def test_loading_again_touches_no_file(desk: Desk) -> None:
    folder = desk.folder
    (path,) = [desk.download("RVU25D.zip", RVU25D)]
    desk.take(path, folder=folder)
    before = {one: one.stat().st_mtime_ns for one in folder.rglob("*.*") if one.name != ".loading"}
    assert desk.take(path, folder=folder).taken == []
    assert {one: one.stat().st_mtime_ns for one in before} == before


def test_a_correction_takes_the_place_of_its_release(desk: Desk) -> None:
    """RVU26AR holds for the dates of RVU26A; a code that it drops has no price from the old one."""
    january = desk.changed("PPRRVU2026_Jul_nonQPP.csv", b"July", b"January")
    shorter = b"\r\n".join(line for line in january.split(b"\r\n") if not line.startswith(b"90003"))
    paths = [
        desk.zipped("rvu26a-updated-12-29-2025.zip", {"PPRRVU2026_Jan_nonQPP.csv": january}),
        desk.zipped("rvu26ar_1 (1).zip", {"PPRRVU2026_Jan_nonQPP.csv": shorter}),
    ]
    for order in (paths, paths[::-1]):
        folder = desk.home / order[0].stem
        for path in order:
            desk.take(path, folder=folder)
        rows = read_reference(folder).rvu
        assert rows["release"].unique().to_list() == ["RVU26AR"]
        assert "90003" not in rows["hcpcs"].to_list()


def test_2024_has_two_releases_in_one_quarter(desk: Desk) -> None:
    desk.take(desk.fixture("PPRRVU24_JAN.csv"), desk.fixture("PPRRVU2024_AR.csv"))
    factors = read_reference(desk.folder).conversion_factor
    assert factors.select(
        pl.col("effective", "until").cast(pl.String), pl.col("factor").cast(pl.String)
    ).rows() == [
        ("2024-01-01", "2024-03-08", "32.744200"),
        ("2024-03-09", "2024-03-31", "33.287500"),
    ]


def test_a_release_posted_again_and_one_that_contradicts(desk: Desk) -> None:
    """The later posting counts; where the day is not said, a person decides with --replace."""
    newer = desk.changed(OCT, b"1.00,0.50,,0.30,,0.05,1.55,1.35", b"1.10,0.50,,0.30,,0.05,1.65,1.45")
    again = desk.put("PPRRVU2025_Oct.csv", newer.replace(b"09/11/2025", b"10/02/2025"))
    for order in ([again, desk.fixture(OCT)], [desk.fixture(OCT), again]):
        folder = desk.home / order[0].parent.name
        for path in order:
            desk.take(path, folder=folder)
        (work,) = read_reference(folder).rvu.filter(pl.col("hcpcs") == "90001")["work_rvu"].to_list()
        assert work == Decimal("1.10")
    again.write_bytes(newer)
    folder = desk.home / "undecided"
    desk.take(desk.fixture(OCT), folder=folder)
    said = desk.refused(again, folder=folder)
    assert "both are RVU25D, and neither says that it was posted later" in said
    assert "--replace" in said
    desk.take(again, folder=folder, instead=True)
    assert read_reference(folder).rvu.filter(pl.col("hcpcs") == "90001")["work_rvu"].to_list() == [
        Decimal("1.10")
    ]


def test_gpcis_may_not_change_within_a_year(desk: Desk) -> None:
    other = desk.put("GPCI2025.csv", desk.changed(GPCI, b"1.05,1.1,", b"1.05,1.2,"))
    folder = desk.folder
    desk.take(desk.fixture(GPCI), folder=folder)
    assert "a gpci table holds for the whole year" in desk.refused(other, folder=folder)


def test_a_name_for_a_file_that_does_not_say_it(desk: Desk) -> None:
    path = desk.put("OPPSCAP.csv", desk.data("OPPSCAP_Oct.csv"))
    assert "RVU30A is no release that this version knows" in desk.refused(path, release="RVU30A")
    said = desk.refused(desk.fixture(OCT), release="RVU25C")
    assert "its title says 2025 October, which is not RVU25C" in said
    (entry,) = desk.take(path, release="RVU25D").taken
    assert entry.release == "RVU25D"


# ---- ZIPs over the quarters ---------------------------------------------------------------------------------------------------


def test_zips_over_the_quarters(desk: Desk) -> None:
    """2025Q2, Q4 and 2026Q2 are loaded. 00501 stays, 60601 moves in 2026, 00502 is not in 2025Q4.

    A file stands for what of its year lies before it, back to the file before; nothing stands for 2026-07-01.
    """
    oct_25 = desk.data("ZIP5_OCT2025.txt")
    lines = oct_25.split(b"\r\n")
    paths = [
        desk.put("ZIP5_APR2025.txt", oct_25.replace(b"20254", b"20252")),
        desk.put("ZIP5_OCT2025.txt", b"\r\n".join([lines[0], lines[2], b""])),
        desk.put(
            "ZIP5_APR2026.txt", oct_25.replace(b"20254", b"20262").replace(b"606019020200", b"606019010102")
        ),
    ]
    desk.take(*paths)
    rows = read_reference(desk.folder).zip_locality
    shown = rows.select("zip", "mac", "locality", pl.col("effective", "until").cast(pl.String), "source_file")
    assert shown.rows() == [
        ("00501", "90101", "01", "2025-01-01", "2026-06-30", "2026Q2/ZIP5_APR2026.txt"),
        ("00502", "90101", "01", "2025-01-01", "2025-06-30", "2026Q2/ZIP5_APR2026.txt"),
        ("00502", "90101", "01", "2026-01-01", "2026-06-30", "2026Q2/ZIP5_APR2026.txt"),
        ("60601", "90101", "02", "2026-01-01", "2026-06-30", "2026Q2/ZIP5_APR2026.txt"),
        ("60601", "90202", "00", "2025-01-01", "2025-12-31", "2025Q4/ZIP5_OCT2025.txt"),
    ]
    assert rows["source"][0] == "ZIP5 2025Q2 to 2026Q2, also for 2025-01-01 on: no earlier file is loaded"


def test_zip9_gives_the_candidates_of_a_split_zip(desk: Desk) -> None:
    desk.take(desk.fixture("ZIP5_OCT2025.txt"), desk.fixture("ZIP9_OCT2025.txt"))
    rows = read_reference(desk.folder).zip_locality.filter(pl.col("zip") == "00502")
    assert rows.select("plus_four", "mac", "locality", "split").rows() == [
        ("", "90101", "01", "1"),
        ("0001", "90101", "01", "1"),
        ("0002", "90101", "02", "1"),
    ]


# ---- reading ----------------------------------------------------------------------------------------------------------------


def loaded(desk: Desk) -> Path:
    desk.take(desk.download("RVU25D.zip", RVU25D))
    return Path(desk.folder)


def test_a_date_beyond_what_is_verified_has_no_price(desk: Desk) -> None:
    reference = read_reference(loaded(desk))
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


def test_tables_that_people_wrote_stand_beside(desk: Desk) -> None:
    folder = loaded(desk)
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


def test_what_was_loaded_may_not_be_changed(desk: Desk) -> None:
    folder = loaded(desk)
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


def test_leftovers_of_a_crash_are_cleared(desk: Desk) -> None:
    folder = loaded(desk)
    (folder / "loaded" / "member-rvu-x.parquet").write_bytes(b"half")
    assert read_reference(folder).gpci.height == 3
    desk.take(desk.fixture("ZIP5_OCT2025.txt"), folder=folder)
    assert not (folder / "loaded" / "member-rvu-x.parquet").exists()


@pytest.mark.parametrize("at", ["loading.write_manifest", "store.build", "store.cross_checks"])
def test_a_load_that_dies_leaves_what_was_there(desk: Desk, monkeypatch: pytest.MonkeyPatch, at: str) -> None:
    folder = loaded(desk)
    before = desk.listing(folder)

    def die(*_: object) -> None:
        raise KeyboardInterrupt

    path = desk.download("RVU26C.zip", RVU26C)
    with monkeypatch.context() as patch:
        patch.setattr(f"contracts.cms.{at}", die)
        with pytest.raises(KeyboardInterrupt):
            desk.take(path, folder=folder)
    assert desk.listing(folder) == before
    assert len(desk.take(path, folder=folder).taken) == 4


def test_dates_of_a_release_are_an_edit_of_the_rules(desk: Desk) -> None:
    """A version that knows more of a release takes the files that are there for its new dates."""
    folder = loaded(desk)
    cut = dt.date(2025, 11, 30)
    releases = tuple(replace(one, until=cut) if one.name == "RVU25D" else one for one in desk.rules.releases)
    desk.take(rules=replace(desk.rules, releases=releases))
    assert read_reference(folder).verified_through("rvu") == cut


# ---- CMS's own files --------------------------------------------------------------------------------------------------------


def test_cms_releases_as_published(cms: Path, desk: Desk) -> None:
    """A zip as CMS packs it, with the amounts of OPPSCAP computed row by row; CSV and fixed width say the same."""
    members = {
        "PPRRVU2025_Oct.csv": "PPRRVU2025_Oct.csv", "GPCI2025.csv": "GPCI2025.csv", "25LOCCO.csv": "25LOCCO.csv",
        "OPPSCAP_Oct.csv": "OPPSCAP2025_Oct.csv",
    }  # fmt: skip
    path = desk.zipped("rvu25d_0.zip", {name: (cms / file).read_bytes() for name, file in members.items()})
    folder = desk.folder
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
    caps = desk.put("OPPSCAP2025_Oct.csv", wrong)
    with pytest.raises(TermsError, match=r":16101: 93990 in 15202-00 is not what the formula gives"):
        load([caps], folder, instead=True)
