"""What the tests of pricing share: plain lines, small reference tables, and CMS's files where they are."""

from __future__ import annotations

import datetime as dt
import os
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from contracts import LINE_SCHEMA, Reference, TermsError, read_reference
from contracts.cms import Report, Rules, cms_rules, load

MakeLines = Callable[[Sequence[Mapping[str, Any]]], pl.DataFrame]

_PLAIN: dict[str, Any] = {
    "patient_day": "day",
    "claim_id": 1,
    "service_date": dt.date(2026, 3, 2),
    "procedure_code": "97140",
    "modifiers": "GP",
    "billed_modifiers": None,
    "units": 1,
    "charge_cents": 50_000,
    "payer_ids": ["PAYER"],
    "payer_name": "Example Plan",
    "class_of_contract": None,
    "filing_indicator": "12",
    "group_number": None,
    "payee_npi": "1234567893",
    "payee_tin": None,
    "rendering_npi": None,
    "location_number": None,
    "payee_zip": "75201",
    "facility_code": "11",
}

RVU = """\
release,effective,until,hcpcs,modifier,status,work_rvu,pe_nonfacility_rvu,pe_facility_rvu,mp_rvu,multiple_procedure,bilateral,assistant_surgery,pctc
RVU24A,2024-01-01,2024-03-08,97140,,A,0.43,0.37,0.37,0.01,5,0,0,7
RVU24AR,2024-03-09,2024-12-31,97140,,A,0.43,0.37,0.37,0.01,5,0,0,7
RVU25D,2025-01-01,2025-12-31,97140,,A,0.43,0.40,0.40,0.01,5,0,0,7
RVU25D,2025-01-01,2025-12-31,97110,,A,0.45,0.42,0.42,0.02,5,0,0,7
RVU25D,2025-01-01,2025-12-31,99213,,A,1.30,1.35,0.57,0.10,0,0,0,0
RVU26C,2026-01-01,2026-12-31,97140,,A,0.43,0.39,0.39,0.01,5,0,0,7
RVU26C,2026-01-01,2026-12-31,97110,,A,0.45,0.41,0.41,0.01,5,0,0,7
RVU26C,2026-01-01,2026-12-31,97530,,A,0.44,0.60,0.60,0.01,5,0,0,7
RVU26C,2026-01-01,2026-12-31,97112,,A,0.50,0.47,0.47,0.01,5,0,0,7
RVU26C,2026-01-01,2026-12-31,97010,,B,0.06,0.13,0.13,0.01,0,0,0,9
RVU26C,2026-01-01,2026-12-31,0791T,,C,0.00,0.00,0.00,0.00,5,0,0,7
RVU26C,2026-01-01,2026-12-31,99213,,A,1.30,1.46,0.40,0.10,0,0,0,0
RVU26C,2026-01-01,2026-12-31,20610,,A,0.77,1.06,0.35,0.14,2,1,1,0
RVU26C,2026-01-01,2026-12-31,95886,,A,0.84,1.79,1.79,0.04,0,0,0,1
RVU26C,2026-01-01,2026-12-31,95886,26,A,0.84,0.41,0.41,0.03,0,0,0,1
RVU26C,2026-01-01,2026-12-31,95886,TC,A,0.00,1.38,1.38,0.01,0,0,0,1
"""
RVU_MORE = """\
release,effective,until,hcpcs,modifier,status,work_rvu,pe_nonfacility_rvu,pe_facility_rvu,mp_rvu,multiple_procedure,bilateral,assistant_surgery,pctc,opps_pe_nonfacility_rvu,opps_pe_facility_rvu,opps_mp_rvu,endoscopic_base
RVU26C,2026-01-01,2026-12-31,64493,,A,1.48,4.08,0.82,0.14,2,1,2,0,0.00,0.00,0.00,
RVU26C,2026-01-01,2026-12-31,11042,,A,0.98,2.86,0.56,0.13,2,0,1,0,0.00,0.00,0.00,
RVU26C,2026-01-01,2026-12-31,27447,,A,19.11,11.58,11.58,4.02,2,1,2,0,0.00,0.00,0.00,
RVU26C,2026-01-01,2026-12-31,29870,,A,5.06,11.96,5.88,1.03,2,1,1,0,0.00,0.00,0.00,
RVU26C,2026-01-01,2026-12-31,29880,,A,7.21,7.28,7.28,1.47,3,1,0,0,0.00,0.00,0.00,29870
RVU26C,2026-01-01,2026-12-31,29881,,A,6.85,7.19,7.19,1.40,3,1,0,0,0.00,0.00,0.00,29870
RVU26C,2026-01-01,2026-12-31,92002,,A,0.88,1.64,0.23,0.02,0,2,0,0,0.00,0.00,0.00,
RVU26C,2026-01-01,2026-12-31,73221,26,A,1.32,0.50,0.50,0.07,4,3,0,1,0.00,0.00,0.00,
RVU26C,2026-01-01,2026-12-31,72191,TC,A,0.00,6.60,6.60,0.03,4,0,0,1,5.34,5.34,0.02,
RVU26C,2026-01-01,2026-12-31,96523,,T,0.04,0.73,0.73,0.01,0,0,0,5,0.00,0.00,0.00,
RVU26C,2026-01-01,2026-12-31,00100,,J,0.00,0.00,0.00,0.00,9,9,9,9,0.00,0.00,0.00,
"""
GPCI = """\
year,mac,locality,state,work,pe,mp
2024,04412,11,TX,1.011,1.007,0.877
2025,04412,11,TX,1.011,1.007,0.877
2025,13202,01,NY,1.065,1.166,1.656
2026,04412,11,TX,1.009,0.996,0.858
2026,04412,99,TX,1.000,0.937,0.824
2026,13202,01,NY,1.062,1.170,1.640
"""
FACTORS = """\
effective,until,qp,factor,source
2024-01-01,2024-03-08,no,32.7442,RVU24A
2024-03-09,2024-12-31,no,33.2875,RVU24AR
2025-01-01,2025-12-31,no,32.3465,RVU25D
2026-01-01,2026-12-31,no,33.4009,RVU26C
2026-01-01,2026-12-31,yes,33.5675,RVU26A QPP
"""
ZIPS = """\
zip,plus_four,mac,locality,split,effective,until,source
75201,,04412,11,0,2024-01-01,2026-12-31,ZIP5
75999,,04412,11,1,2024-01-01,2026-12-31,ZIP9
75999,,04412,99,1,2024-01-01,2026-12-31,ZIP9
75999,1234,04412,99,1,2024-01-01,2026-12-31,ZIP9
75998,,04412,11,1,2024-01-01,2026-12-31,ZIP5
10001,,13202,01,0,2024-01-01,2026-12-31,ZIP5
"""


def lines_of(given: Sequence[Mapping[str, Any]]) -> pl.DataFrame:
    """Lines with every column; what is not given is plain. `line_id` and `line_order` count from 1."""
    rows = [
        _PLAIN | {"line_id": number, "line_order": number} | dict(line)
        for number, line in enumerate(given, 1)
    ]
    unknown = {key for row in rows for key in row} - set(LINE_SCHEMA)
    assert not unknown, f"no such column: {unknown}"
    columns = {name: [row[name] for row in rows] for name in LINE_SCHEMA if name != "units"}
    units = pl.Series(
        "units", [None if row["units"] is None else str(row["units"]) for row in rows], pl.String
    )
    schema = {name: dtype for name, dtype in LINE_SCHEMA.items() if name != "units"}
    return pl.DataFrame(columns, schema=schema).with_columns(units.cast(pl.Decimal(18, 3)))


@pytest.fixture(scope="session")
def make_lines() -> MakeLines:
    return lines_of


@pytest.fixture(scope="session")
def reference(tmp_path_factory: pytest.TempPathFactory) -> Reference:
    folder = tmp_path_factory.mktemp("reference")
    for name, text in (("rvu", RVU), ("more", RVU_MORE), ("gpci", GPCI), ("factor", FACTORS), ("zip", ZIPS)):
        (folder / f"{name}.csv").write_text(text)
    return read_reference(folder)


def _shared() -> Path:
    beside = Path(__file__).parents[2].parent / "shared" / "data"
    return Path(os.environ["SHORTPAY_SHARED"]) if "SHORTPAY_SHARED" in os.environ else beside


@pytest.fixture(scope="session")
def cms() -> Path:
    """The folder of CMS's files; the test is skipped where it is not there."""
    folder = _shared() / "cms"
    if not folder.is_dir():
        pytest.skip(
            "CMS's files are not beside the checkout; set SHORTPAY_SHARED to the folder that has them"
        )
    return folder


_CMS_FILES = (
    "PPRRVU2024_A.csv", "PPRRVU2024_AR.csv", "PPRRVU2024_B.csv", "PPRRVU2024_C.csv", "PPRRVU2025_Oct.csv",
    "PPRRVU2026_Jul_nonQPP.csv", "GPCI2024.csv", "GPCI2025.csv", "GPCI2026.csv",
)  # fmt: skip


@pytest.fixture(scope="session")
def cms_reference(cms: Path, tmp_path_factory: pytest.TempPathFactory) -> Reference:
    """Every release held, loaded and read as a practice does, and one made-up ZIP for each locality."""
    folder = tmp_path_factory.mktemp("cms")
    load([cms / name for name in _CMS_FILES], folder)
    localities = read_reference(folder).gpci.select("mac", "locality").unique().sort("mac", "locality")
    zips = localities.with_row_index("number").select(
        (pl.col("number") + 10_000).cast(pl.String).alias("zip"),
        plus_four=pl.lit(""), mac="mac", locality="locality", split=pl.lit("0"),
        effective=pl.lit("2024-01-01"), until=pl.lit("2026-12-31"), source=pl.lit("made up"),
    )  # fmt: skip
    zips.write_csv(folder / "zip.csv")
    return read_reference(folder)


FIXTURES = Path(__file__).parents[1] / "fixtures" / "cms"


def small_rules() -> Rules:
    """Give the rules of the made-up country of the fixtures: three localities, a handful of codes."""
    rules = cms_rules()
    kinds = {name: replace(one, rows=dict.fromkeys(one.rows, (1, 100))) for name, one in rules.kinds.items()}
    return replace(rules, localities=3, kinds=kinds)


@dataclass
class Desk:
    """Where a test loads: made-up files of CMS, ways to spoil and to pack them, and a reference folder."""

    home: Path
    rules: Rules = field(default_factory=small_rules)

    @property
    def folder(self) -> Path:
        return self.home / "reference"

    def fixture(self, name: str) -> Path:
        return FIXTURES / name

    def data(self, name: str) -> bytes:
        return self.fixture(name).read_bytes()

    def changed(self, name: str, old: bytes, new: bytes) -> bytes:
        """Give a fixture with something replaced that must be in it."""
        assert old in self.data(name)
        return self.data(name).replace(old, new)

    def put(self, name: str, content: bytes) -> Path:
        path = self.home / name
        path.write_bytes(content)
        return path

    def zipped(self, name: str, members: Mapping[str, bytes]) -> Path:
        with zipfile.ZipFile(self.home / name, "w", zipfile.ZIP_DEFLATED) as archive:
            for member, content in members.items():
                archive.writestr(member, content)
        return self.home / name

    def download(self, name: str, members: Sequence[str], changed: Mapping[str, bytes] | None = None) -> Path:
        """Make a zip of fixtures; `changed` replaces the content of some."""
        contents = {one: (FIXTURES / one).read_bytes() for one in members}
        return self.zipped(name, contents | dict(changed or {}))

    def take(
        self, *paths: Path, folder: Path | None = None, rules: Rules | None = None, **options: Any
    ) -> Report:
        return load(
            paths, folder or self.folder, rules=rules or self.rules, today=dt.date(2026, 11, 2), **options
        )

    def refused(self, *paths: Path, folder: Path | None = None, **options: Any) -> str:
        """Load what must be refused; the folder is as it was. Return what was said."""
        before = self.listing(folder)
        with pytest.raises(TermsError) as error:
            self.take(*paths, folder=folder, **options)
        assert self.listing(folder) == before
        return str(error.value)

    def listing(self, folder: Path | None = None) -> dict[str, bytes]:
        """Give the content of every file of a reference folder but the lock."""
        at = folder or self.folder
        found = (path for path in at.rglob("*") if path.is_file() and path.name != ".loading")
        return {str(path.relative_to(at)): path.read_bytes() for path in found}


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)
