"""`shortpay contracts check`: errors and warnings of a home, each with its file, line and what to do."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import pytest

from contracts.check import Checked, check_home
from contracts.check.practice import good_npi

if TYPE_CHECKING:
    from pathlib import Path

AS_OF = dt.date(2026, 6, 30)
SETTINGS = """\
[practice]
name = "G"
[[site]]
name = "Dallas"
zip = "75201"
[[clinician]]
npi = "1234567893"
qp_years = [2026]
"""
PLAN = """\
contract = "plan"
payer = "Payer"
effective = 2026-01-01
until = 2026-12-31
source = "Amendment 3"

[match]
payer_id = ["1"]

[[rate]]
basis = "fee_schedule"
file = "rates.csv"

[terms]
lesser_of = "line"

[[dispute]]
level = "first"
days = 180
"""
RATES = "code,modifier,setting,rate,effective,until\n97140,,,31.50,,\n97110,,,33.00,,\n"
RVU = (
    "release,effective,until,hcpcs,modifier,status,work_rvu,pe_nonfacility_rvu,pe_facility_rvu,mp_rvu,"
    "multiple_procedure,bilateral,assistant_surgery,pctc\n"
    "RVU26C,2026-01-01,2026-12-31,97140,,A,0.43,0.39,0.39,0.01,5,0,0,7\n"
)
GPCI = "year,mac,locality,state,work,pe,mp\n2026,04412,11,TX,1.009,0.996,0.858\n"
FACTORS = (
    "effective,until,qp,factor,source\n2026-01-01,2026-12-31,no,33.4009,RVU26C\n"
    "2026-01-01,2026-12-31,yes,33.5675,RVU26A QPP\n"
)
ZIPS = (
    "zip,plus_four,mac,locality,split,effective,until,source\n75201,,04412,11,0,2026-01-01,2026-12-31,ZIP5\n"
    "75999,,04412,11,1,2026-01-01,2026-12-31,ZIP5\n"
)
HOME = {
    "shortpay.toml": SETTINGS,
    "contracts/plan.toml": PLAN,
    "contracts/rates.csv": RATES,
    "reference/rvu.csv": RVU,
    "reference/gpci.csv": GPCI,
    "reference/factor.csv": FACTORS,
    "reference/zip.csv": ZIPS,
}


def checked(home: Path, files: dict[str, str]) -> Checked:
    for folder in ("contracts", "reference"):
        (home / folder).mkdir(exist_ok=True)
    for name, text in files.items():
        (home / name).write_text(text, encoding="utf-8")
    return check_home(home, AS_OF)


def test_a_home_without_problems(tmp_path: Path) -> None:
    assert checked(tmp_path, HOME) == Checked((), ())


def plan(old: str, new: str) -> dict[str, str]:
    assert old in PLAN
    return {"contracts/plan.toml": PLAN.replace(old, new, 1)}


def settings(old: str, new: str) -> dict[str, str]:
    assert old in SETTINGS
    return {"shortpay.toml": SETTINGS.replace(old, new, 1)}


SECOND = PLAN.replace("2026-01-01", "2026-02-01").replace("until = 2026-12-31\n", "")
OTHER = PLAN.replace('"plan"', '"other"')
CASES = {
    "a gap between two files": (
        plan("until = 2026-12-31", "until = 2026-01-15") | {"contracts/b.toml": SECOND},
        ("contracts/b.toml", 3, "no terms from 2026-01-16 to 2026-01-31"),
    ),
    "ended, and nothing follows": (
        plan("until = 2026-12-31", "until = 2026-03-31"),
        ("contracts/plan.toml", 4, "no file follows"),
    ),
    "no criteria": (plan('payer_id = ["1"]', ""), ("contracts/plan.toml", 7, "every payer's lines")),
    "two contracts for one line": (
        {"contracts/z.toml": OTHER.replace('"1"]', '"1"]\nclass_of_contract = ["A"]')},
        ("contracts/z.toml", 7, "share payer_id; give both a class_of_contract"),
    ),
    "two contracts with the same criteria": (
        {"contracts/z.toml": OTHER},
        ("contracts/z.toml", 7, "class_of_contract or group_number"),
    ),
    "a tax number with a dash": (
        plan('payer_id = ["1"]', 'payer_id = ["1"]\npayee_tin = ["12-3456789"]'),
        ("contracts/plan.toml", 9, "digits alone"),
    ),
    "a row out of the contract's dates": (
        {"contracts/rates.csv": RATES + "97530,,,40.00,2025-01-01,2025-12-31\n"},
        ("contracts/rates.csv", 4, "97530 is never in force"),
    ),
    "a row that the entry does not list": (
        plan('file = "rates.csv"', 'file = "rates.csv"\ncodes = ["97140"]'),
        ("contracts/rates.csv", 3, "97110 can never match"),
    ),
    "a listed code without row": (
        plan('file = "rates.csv"', 'file = "rates.csv"\ncodes = ["97140", "97110", "97150"]'),
        ("contracts/plan.toml", 13, "97150"),
    ),
    "a row for a setting that no site has": (
        {"contracts/rates.csv": RATES + "97530,,facility,40.00,,\n"},
        ("contracts/rates.csv", 4, "97530 is for facility"),
    ),
    "a code that is none": (
        plan('file = "rates.csv"', 'file = "rates.csv"\ncodes = ["97140", "97110", "9711"]'),
        ("contracts/plan.toml", 13, "'9711' can never match"),
    ),
    "an entry that is never reached": (
        plan("[[rate]]", '[[rate]]\nbasis = "percent_of_charge"\npercent = 60\n[[rate]]'),
        ("contracts/plan.toml", 13, "never reached"),
    ),
    "a schedule that nobody names": (
        {"contracts/old.csv": RATES},
        ("contracts/old.csv", None, "no contract names this file"),
    ),
    "a factor instead of a percentage": (
        plan('basis = "fee_schedule"\nfile = "rates.csv"', 'basis = "percent_of_medicare"\npercent = 1.10'),
        ("contracts/plan.toml", 12, "1.1, less than a fifth"),
    ),
    "a percentage above 100": (
        plan('lesser_of = "line"', "assistant_percent = 115"),
        ("contracts/plan.toml", 15, "assistant_percent is 115"),
    ),
    "a percentage that no rule uses": (
        plan('lesser_of = "line"', "multiple_procedure_percent = 50"),
        ("contracts/plan.toml", 15, "is not used"),
    ),
    "capitated rates": (
        plan('lesser_of = "line"', "capitated = true"),
        ("contracts/plan.toml", 15, "never used"),
    ),
    "a carve-out without a rate": (
        plan('lesser_of = "line"', 'capitated = true\ncarve_out_codes = ["97140", "97535"]'),
        ("contracts/plan.toml", 16, "97535: carved out"),
    ),
    "a visit above its maximum": (
        plan(
            '[[rate]]\nbasis = "fee_schedule"\nfile = "rates.csv"\n\n[terms]',
            '[[rate]]\nbasis = "per_visit"\namount = "95.00"\n\n[terms]\nvisit_maximum = "90.00"',
        ),
        ("contracts/plan.toml", 12, "above visit_maximum"),
    ),
    "no window": (
        plan('[[dispute]]\nlevel = "first"\ndays = 180\n', ""),
        ("contracts/plan.toml", None, "no [[dispute]]"),
    ),
    "no source": (plan('source = "Amendment 3"\n', ""), ("contracts/plan.toml", 1, "no source")),
    "a ZIP that no table has": (settings("75201", "99950"), ("shortpay.toml", 5, "ZIP 99950 is not in")),
    "a split ZIP": (settings("75201", "75999"), ("shortpay.toml", 5, "split between localities")),
    "no site": (
        settings('[[site]]\nname = "Dallas"\nzip = "75201"\n', ""),
        ("shortpay.toml", None, "no [[site]]"),
    ),
    "tables that have ended": (
        {"reference/rvu.csv": RVU.replace("2026-12-31", "2026-03-31")},
        ("reference", None, "PPRRVU is verified to 2026-03-31"),
    ),
    "no tables": (
        plan('basis = "fee_schedule"\nfile = "rates.csv"', 'basis = "percent_of_medicare"\npercent = 110')
        | {"reference/rvu.csv": RVU.splitlines()[0] + "\n"},
        ("reference", None, "no PPRRVU release is loaded"),
    ),
    "a fixed year that is not loaded": (
        plan(
            'basis = "fee_schedule"\nfile = "rates.csv"',
            'basis = "percent_of_medicare"\npercent = 110\nyear = 2024',
        ),
        ("contracts/plan.toml", 13, "year 2024: PPRRVU and GPCI"),
    ),
    "a QP year without factor": (
        settings("[2026]", "[2026, 2027]"),
        ("shortpay.toml", 8, "QP year 2027"),
    ),
    "a QP factor without clinician": (
        settings("[2026]", "[]"),
        ("shortpay.toml", None, "no [[clinician]] lists 2026"),
    ),
    "a clinician twice": (
        {"shortpay.toml": SETTINGS + '[[clinician]]\nnpi = "1234567893"\n'},
        ("shortpay.toml", 10, "several [[clinician]]"),
    ),
    "no profession beside one that is paid less": (
        {
            "shortpay.toml": SETTINGS
            + '[[clinician]]\nnpi = "1000000079"\nprofession = "nurse_practitioner"\n'
        },
        ("shortpay.toml", 7, "no profession"),
    ),
    "a mistyped NPI": (settings("1234567893", "1234567890"), ("shortpay.toml", 7, "check digit")),
}


@pytest.mark.parametrize("case", CASES)
def test_a_warning(tmp_path: Path, case: str) -> None:
    files, (file, line, words) = CASES[case]
    found = checked(tmp_path, HOME | files)
    assert found.errors == ()
    hits = [one for one in found.warnings if words in one.message]
    assert [(one.file, one.line) for one in hits] == [(file, line)] or (
        hits and all(one.file == file for one in hits) and line in {one.line for one in hits}
    ), found.warnings


def test_errors_of_all_files_at_once_with_the_warnings(tmp_path: Path) -> None:
    found = checked(
        tmp_path,
        HOME
        | {
            "contracts/plan.toml": PLAN.replace("lesser_of", "leser_of"),
            "contracts/b.toml": OTHER.replace("rates.csv", "bad.csv").replace('"1"', '"2"'),
            "contracts/bad.csv": "code,rate\n97140,1\n97140,2\n",
            "shortpay.toml": SETTINGS.replace("75201", "7520"),
            "reference/zip.csv": ZIPS.replace("75999", "7599x"),
        },
    )
    assert [(one.file, one.line) for one in found.errors] == [
        ("contracts/bad.csv", 3),
        ("contracts/plan.toml", 15),
        ("reference/zip.csv", 3),
        ("shortpay.toml", 5),
    ]
    assert "rows 2 and 3 give 97140 two rates" in found.errors[0].message


def test_codes_that_no_release_has(tmp_path: Path) -> None:
    """Only a whole release proves that a code is unknown."""
    many = "".join(
        f"RVU26C,2026-01-01,2026-12-31,{code},,A,0.43,0.39,0.39,0.01,0,0,0,7\n"
        for code in range(10_000, 15_500)
    )
    rates = {"contracts/rates.csv": RATES.replace("97110", "97119")}
    assert checked(tmp_path, HOME | rates).warnings == ()
    found = checked(tmp_path, HOME | rates | {"reference/rvu.csv": RVU + many}).warnings
    assert [(one.file, one.line) for one in found] == [("contracts/rates.csv", 3)]


@pytest.mark.parametrize(
    ("npi", "good"),
    [("1234567893", True), ("1234567890", False), ("123456789", False), ("12345678x3", False)],
)
def test_check_digits(npi: str, good: bool) -> None:
    assert good_npi(npi) is good
