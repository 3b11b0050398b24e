"""A claims file (837P) beside the encounter form: places of ASC X12N/005010X222A1, own examples, pyx12 as the judge of these."""

from __future__ import annotations

import datetime as dt
import io
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyx12.params import params
from pyx12.x12n_document import x12n_document
from typer.testing import CliRunner

from era_parser import Source
from flows.cli import app
from warehouse.check import Billed, check_encounters
from warehouse.check.claim_file import NotClaimsError, is_claims, read_claims
from warehouse.encounters import NotEncountersError

if TYPE_CHECKING:
    from collections.abc import Callable

    from warehouse.encounters import Encounters

FILE = Path(__file__).parents[2] / "fixtures" / "claims" / "two_claims.837"
TEXT = FILE.read_text(encoding="ascii")
AS_OF, DAY = dt.date(2024, 8, 15), dt.date(2024, 8, 1)


def read(text: str) -> Encounters:
    return read_claims(Source("claims.837", text.encode("latin-1")))


def with_segments(change: Callable[[list[str]], None]) -> str:
    """Change the example, with SE01 as it then must be."""
    lines = TEXT.splitlines()
    change(lines)
    last = next(place for place, line in enumerate(lines) if line.startswith("SE*"))
    lines[last] = f"SE*{last - 1}*0001~"
    return "\n".join(lines)


def replaced(old: str, new: str) -> str:
    assert TEXT.count(old) == 1
    return TEXT.replace(old, new)


def said(read_file: Encounters, **known: object) -> dict[tuple[str, str], tuple[str, int, str]]:
    found = check_encounters(read_file, AS_OF, **known)  # type: ignore[arg-type]
    return {(one.point, one.patient_account): (one.result, one.row_number, one.said) for one in found}


def test_a_count_may_have_leading_zeros() -> None:
    assert read(replaced("SE*45*", "SE*0045*")).rows.equals(read(TEXT).rows)


def test_the_example_conforms_to_the_guide() -> None:
    """By pyx12's reading of 005010X222A1."""
    assert x12n_document(params(), io.StringIO(TEXT), None, None)


def test_lines_are_read_with_account_payer_diagnoses_and_clinician() -> None:
    """2300 CLM01, 2010BB NM103 and SBR09, HI by SV107, 2310B or 2420A, else the billing provider; 2400 SV1, DTP*472."""
    found = read(TEXT)
    columns = ("row_number", "patient_account", "service_date", "procedure_code", "modifiers", "units", "charge_cents",
               "diagnosis_codes", "clinician_npi", "payer", "frequency", "minutes", "note")  # fmt: skip
    assert found.rows.select(columns).rows() == [
        (24, "A1", DAY, "97140", "GP, KX", 2, 7500, "M54.2", "1000000012", "Medicare", "1", None, None),
        (27, "A1", DAY, "97110", None, 1, 7500, "M54.2, M54.50", "1000000020", "Medicare", "1", None, None),
        (45, "A2", DAY, "97140", "59", 1, 8000, "M54.2", "1000000004", "ACME HEALTH", "7", None, None),
    ]  # fmt: skip
    assert [(one.row_number, one.code) for one in found.findings] == []


def test_the_points_name_the_segment_and_cannot_tell_what_a_claim_does_not_hold() -> None:
    answers = said(read(TEXT))
    assert answers["discipline", "A1"] == ("FAIL", 27, "97110 has none of GP, GO, GN")
    assert answers["discipline", "A2"][0] == "PASS"
    for point in ("units", "plan", "documentation"):
        assert answers[point, "A1"][0] == "CANNOT_TELL"
    assert answers["diagnosis", "A1"][2] == "M54.50 is titled unspecified"
    assert answers["filing", "A1"][0] == "PASS"
    assert answers["filing", "A2"][0] == "CANNOT_TELL"


def test_a_replacement_is_no_duplicate_of_what_it_replaces() -> None:
    """CLM05-3 7; NUBC's frequency codes by way of 2300 CLM05."""
    decided = frozenset({Billed("A1", DAY, "97110"), Billed("A2", DAY, "97140")})
    answers = said(read(TEXT), billed=decided)
    assert answers["duplicate", "A1"][0] == "FAIL"
    assert answers["duplicate", "A2"][0] == "PASS"


def test_delimiters_are_those_of_each_isa() -> None:
    other = TEXT.replace("\n", "").replace(":", ">").replace("*", "|").replace("~", "\x1d")
    rows = read("\n" + TEXT + other).rows
    assert rows.height == 6
    assert rows["row_number"].to_list() == [24, 27, 45, 73, 76, 94]
    assert rows.head(3).drop("row_number").equals(rows.tail(3).drop("row_number"))
    assert read("\ufeff".encode().decode("latin-1") + TEXT).rows.height == 3


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (replaced("ST*837*0001*005010X222A1", "ST*835*0001").replace("005010X222A1", "005010X221A1"), "remittances (835)"),
        (TEXT.replace("005010X222A1", "005010X223A2"), "837I"),
        (TEXT.replace("005010X222A1", "005010X224A2"), "837D"),
        (TEXT.replace("*005010X222A1~\nBHT", "~\nBHT").replace("005010X222A1", "004010X098A1"), "4010"),
        (replaced("ST*837*0001*005010X222A1", "ST*277*0001*005010X214"), "another transaction"),
        (replaced("SE*45*", "SE*44*"), "segment 47: SE counts other segments"),
        (TEXT[: TEXT.index("GE*1")], "cut short"),
        (TEXT[: TEXT.index("SE*45")] + "IEA*1*000000001~", "ends without SE"),
        (TEXT[:80], "whole ISA"),
        (TEXT + "garbage", "behind its last IEA"),
        (TEXT.replace("*", "A"), "separators"),
        (with_segments(lambda lines: lines.__delitem__(slice(7, 46))), "no claim"),
    ],
)  # fmt: skip
def test_what_is_no_whole_837p_is_refused(text: str, words: str) -> None:
    with pytest.raises(NotClaimsError) as refused:
        read(text)
    assert words in str(refused.value)
    assert "SAMPLE" not in str(refused.value)


@pytest.mark.parametrize(
    ("old", "new", "finding", "rows"),
    [
        ("RD8*20240801-20240801", "RD8*20240801-20240803", "BAD_DATE", 2),
        ("CLM*A2*", "CLM**", "NO_ACCOUNT", 2),
        ("SV1*HC:97110*75*UN*1***1:2", "SV1*HC:97110*75*UN*1.5***1", "BAD_UNITS", 3),
        ("SV1*HC:97110*75*UN*1***1:2", "SV1*HC:97110*75*UN*1***5", "BAD_DIAGNOSIS", 3),
        ("SV1*HC:97110*75*UN*1***1:2", "SV1*HC:XX*75*UN*1***1", "BAD_CODE", 3),
        ("SV1*HC:97110*75*UN*1***1:2", "SV1*HC:97110:G*75*UN*1***1", "BAD_MODIFIER", 3),
        ("SV1*HC:97110*75*UN*1***1:2", "SV1*HC:97110*x*UN*1***1", "BAD_CHARGE", 3),
        ("XX*1000000020", "XX*1000000021", "BAD_NPI", 3),
    ],
)
def test_what_cannot_be_read_is_a_finding_and_the_rest_goes_on(
    old: str, new: str, finding: str, rows: int
) -> None:
    found = read(replaced(old, new))
    assert [one.code for one in found.findings] == [finding]
    assert found.rows.height == rows


def test_minutes_and_old_diagnoses() -> None:
    """SV103 MJ states minutes; HI BK is ICD-9, which no service since October 2015 has."""
    assert read(replaced("97110*75*UN*1", "97110*75*MJ*25")).rows["minutes"].to_list() == [None, 25, None]
    old = read(replaced("HI*ABK:M542*ABF", "HI*BK:7231*ABF"))
    assert old.rows["diagnosis_codes"].to_list() == [None, "M54.50", "M54.2"]
    assert [one.row_number for one in old.findings] == [24, 27]


@pytest.mark.parametrize(("indicator", "payer"), [("MB", True), ("16", False), ("", True)])
def test_a_plan_that_is_called_medicare_is_original_medicare_only_where_sbr09_does_not_say_otherwise(
    indicator: str, payer: bool
) -> None:
    text = replaced("SBR*P*18*******CI", f"SBR*P*18*******{indicator}").replace("ACME HEALTH", "MEDICARE")
    assert (said(read(text))["discipline", "A2"][0] == "FAIL") == payer


def test_the_other_payers_clinician_is_not_the_claims() -> None:
    """2330D NM1*82 belongs to another payer's loop (2320); 2310B's is the claim's."""
    other = with_segments(lambda lines: lines.insert(43, "NM1*82*1*OTHER*EVE****XX*1000000012~"))
    assert read(other).rows["clinician_npi"].to_list() == ["1000000012", "1000000020", "1000000004"]
    own = with_segments(lambda lines: lines.insert(38, "NM1*82*1*OTHER*EVE****XX*1000000012~"))
    assert read(own).rows["clinician_npi"].to_list() == ["1000000012", "1000000020", "1000000012"]


def test_the_command_takes_both_kinds_and_refuses_others(tmp_path: Path) -> None:
    answer = CliRunner().invoke(
        app, ["check", str(FILE), "--as-of", "2024-08-15", "--out", str(tmp_path / "a.csv")]
    )
    assert answer.exit_code == 0, answer.output
    assert "segment 27: A1 on 2024-08-01: 97110 has none of GP, GO, GN" in " ".join(answer.output.split())
    assert (tmp_path / "a.csv").read_text().count("\n") == 1 + 12 * 2
    bad = tmp_path / "bad.837"
    bad.write_text(TEXT[:500])
    assert "cut short" in str(CliRunner().invoke(app, ["check", str(bad)]).exception)


@given(st.binary(max_size=60), st.integers(0, len(TEXT)), st.integers(0, 40))
def test_no_bytes_make_it_fail_otherwise(noise: bytes, place: int, gone: int) -> None:
    data = TEXT.encode()
    data = data[:place] + noise + data[place + gone :]
    if is_claims(data):
        try:
            read_claims(Source("x", data))
        except NotEncountersError:
            return
