"""Contract files that are wrong: every problem at once, each with file, line and what to do."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import pytest

from contracts import Problem, TermsError, read_practice, read_terms
from contracts.sources import contract_files

if TYPE_CHECKING:
    from pathlib import Path

GOOD = """\
contract = "plan"
payer = "Payer"
effective = 2026-01-01

[match]
payer_id = ["1"]

[[rate]]
basis = "per_visit"
amount = "95.00"

[terms]
lesser_of = "line"

[[dispute]]
level = "first"
days = 180
"""


def problems(folder: Path, **files: str) -> list[Problem]:
    for name, text in files.items():
        path = folder / name.replace("__", ".")
        path.write_text(text, encoding="utf-8")
    with pytest.raises(TermsError) as error:
        read_terms(folder)
    return error.value.problems


def test_a_good_file(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text("\ufeff" + GOOD, encoding="utf-8")
    (contract,) = read_terms(tmp_path).contracts
    assert contract.terms.effective == dt.date(2026, 1, 1)
    assert contract.terms.rate[0].basis == "per_visit"
    assert contract.terms.dispute[0].days == 180


def test_what_is_hidden_is_no_contract(tmp_path: Path) -> None:
    (tmp_path / "._a.toml").write_bytes(b"\x00\x05\x16\x07")  # what a Mac leaves beside a file on a share
    assert read_terms(tmp_path).contracts == ()
    assert contract_files(tmp_path) == []


def test_an_empty_folder_is_no_contracts(tmp_path: Path) -> None:
    assert read_terms(tmp_path).contracts == ()


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(TermsError, match="does not exist"):
        read_terms(tmp_path / "none")


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        ("payer_id", "payer_ids", 6, ["unknown key 'payer_ids'", "did you mean 'payer_id'"]),
        ("lesser_of", "lesserof", 13, ["unknown key 'lesserof'", "lesser_of"]),
        ("payer = ", "payor = ", 2, ["unknown key 'payor'"]),
        ('payer = "Payer"\n', "", None, ["payer is missing"]),
        ("2026-01-01", "2026-01-01\nuntil = 2025-12-31", None, ["until (2025-12-31) is before effective"]),
        ('"per_visit"', '"per_diem"', 8, ["unknown basis 'per_diem'", "per_visit"]),
        ('basis = "per_visit"\n', "", 8, ["no basis"]),
        ('"95.00"', '"ninety"', 10, ["'ninety' is not an amount"]),
        ('"95.00"', '"95.005"', 10, ["fraction of a cent"]),
        ('"95.00"', '"-95.00"', 10, ["not an amount"]),
        ("days = 180\n", "", 15, ["days is missing"]),
        ("180", "-3", 17, ["days"]),
        ('"line"', '"lines"', 13, ["lesser_of is 'lines'", "'line', 'claim' or 'none'"]),
        ('lesser_of = "line"', 'multiple_procedure = "percent"', 12, ["multiple_procedure_percent"]),
        ('lesser_of = "line"', "assistant_percent = 85.123", 13, ["more than two decimals"]),
        ("2026-01-01", '"soon"', 3, ["'soon', not a date"]),
        ("[match]", "[match", None, ["not valid TOML"]),
    ],
)
def test_one_thing_wrong(tmp_path: Path, old: str, new: str, line: int | None, words: list[str]) -> None:
    assert old in GOOD
    found = problems(tmp_path, plan__toml=GOOD.replace(old, new, 1))
    hits = [one for one in found if all(word in one.message for word in words)]
    assert hits, found
    assert hits[0].file == "plan.toml"
    if line is not None:
        assert hits[0].line == line


def test_everything_wrong_at_once(tmp_path: Path) -> None:
    bad = GOOD.replace("lesser_of", "lesser").replace("180", "0").replace('"95.00"', '"x"')
    found = problems(tmp_path, a__toml=bad, b__toml="nonsense", c__toml=GOOD.replace("payer_id", "payer_nr"))
    assert {(one.file, one.line) for one in found} == {
        ("a.toml", 10),
        ("a.toml", 13),
        ("a.toml", 17),
        ("b.toml", 1),
        ("c.toml", 6),
    }


def test_overlapping_files_of_one_contract(tmp_path: Path) -> None:
    later = GOOD.replace("2026-01-01", "2026-06-01")
    (found,) = problems(tmp_path, a__toml=GOOD, b__toml=later)
    assert (found.file, found.line) == ("b.toml", 3)
    assert "a.toml" in found.message
    assert "until" in found.message


def test_successive_files_of_one_contract(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text(GOOD.replace("2026-01-01", "2026-01-01\nuntil = 2026-05-31"))
    (tmp_path / "b.toml").write_text(GOOD.replace("2026-01-01", "2026-06-01"))
    assert len(read_terms(tmp_path).contracts) == 2


SCHEDULED = GOOD.replace(
    'basis = "per_visit"\namount = "95.00"', 'basis = "fee_schedule"\nfile = "rates.csv"'
)


def test_a_schedule_that_is_not_there(tmp_path: Path) -> None:
    (found,) = problems(tmp_path, plan__toml=SCHEDULED, other__csv="code,rate\n97140,1\n")
    assert (found.file, found.line) == ("plan.toml", 10)
    assert "'rates.csv' does not exist" in found.message
    assert "other.csv" in found.message


@pytest.mark.parametrize("name", ["../rates.csv", "/rates.csv", "c:\\\\rates.csv"])
def test_a_schedule_outside_the_folder(tmp_path: Path, name: str) -> None:
    (found,) = problems(tmp_path, plan__toml=SCHEDULED.replace("rates.csv", name))
    assert "outside the contracts folder" in found.message


def test_problems_of_a_schedule_come_with_those_of_the_contracts(tmp_path: Path) -> None:
    found = problems(tmp_path, plan__toml=SCHEDULED, rates__csv="code,price\n97140,1\n", x__toml="y = 1\n")
    assert {one.file for one in found} == {"rates.csv", "x.toml"}


def test_the_practice(tmp_path: Path) -> None:
    path = tmp_path / "shortpay.toml"
    path.write_text(
        '[practice]\nname = "G"\n[[site]]\nname = "A"\nzip = "75201-1234"\n[schedule]\ncron = "x"\n'
    )
    practice = read_practice(path)
    assert (practice.name, practice.sites[0].zip, practice.sites[0].setting) == (
        "G",
        "75201-1234",
        "nonfacility",
    )


def test_a_practice_that_is_wrong(tmp_path: Path) -> None:
    path = tmp_path / "shortpay.toml"
    path.write_text('[[site]]\nname = "A"\nzip = "7520"\n[[clinician]]\nnpi = "12"\nqp_year = [2026]\n')
    with pytest.raises(TermsError) as error:
        read_practice(path)
    assert [(one.line, one.message.split(";")[0]) for one in error.value.problems] == [
        (3, "site.zip: '7520' is not a ZIP"),
        (5, "clinician.npi: an NPI has ten digits"),
        (6, "unknown key 'qp_year'"),
    ]
