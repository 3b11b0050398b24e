"""pyx12's opinion: right where it is right, none where it is known to be wrong, and silent about patients."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from era_parser import Source, parse
from era_parser.conformance import KEPT_FAULTS, Conformance, NotChecked, Opinion, check
from tests.era_parser.conftest import GS, ISA, Build

FIXTURES = Path(__file__).parents[1] / "fixtures" / "835"
PLAIN = (FIXTURES / "pass" / "one-claim.835").read_bytes()
FAULTS = [  # file, then each fault: level, X12 code, segment, tag, element
    ("BAD_DATE-plain", [("element", "8", 20, "DTM", "DTM02")]),
    ("BAD_MONEY-words", [("element", "6", 24, "AMT", "AMT02")]),
    ("CODE_FORMAT-plain", [("element", "7", 15, "CLP", "CLP02")]),
    ("REQUIRED_ELEMENT-plain", [("element", "1", 15, "CLP", "CLP01")]),
    ("REQUIRED_SEGMENT-plain", [("segment", "3", 17, "NM1", None)]),
    ("REPEATED_SEGMENT-plain", [("segment", "5", 6, "TRN", None)]),
    ("UNKNOWN_SEGMENT-plain", [("segment", "1", 26, "ZZZ", None)]),
    ("EXTRA_ELEMENT-plain", [("segment", "8", 24, "AMT", None)]),
    ("SEGMENT_COUNT-plain", [("transaction", "4", 26, "SE", None)]),
    ("CONTROL_NUMBER-plain", [("interchange", "001", 28, "IEA", None)]),
    ("DUPLICATE_CONTROL_NUMBER-plain", [("transaction", "23", 27, "ST", None)]),
    ("TRANSACTION_COUNT-plain", [("group", "5", 27, "GE", None)]),
]
UNSEEN = ["BAD_MONEY-plain", "CLAIM_BALANCE-plain", "PAYMENT_BALANCE-plain", "NPI_CHECK_DIGIT-plain"]
UNCHECKED = [
    ("BYTE_ORDER_MARK-plain", NotChecked.NOT_OPENED),
    ("ISA_WIDTH-plain", NotChecked.NOT_OPENED),
    ("LINE_WRAP-plain", NotChecked.NOT_OPENED),
    ("NO_ISA-plain", NotChecked.NOT_OPENED),
    (
        "DELIMITERS_DIFFER-plain",
        NotChecked.READ_OTHERWISE,
    ),  # it cuts the second interchange by the first one's
    ("UNTERMINATED-plain", NotChecked.READ_OTHERWISE),  # it leaves the last segment out
]


def checked(data: bytes) -> Conformance:
    file = parse([Source("x.835", data)]).tables["file"]
    return check(data, file["segment_count"][0], file["interchange_count"][0])


@pytest.mark.parametrize("path", sorted(FIXTURES.glob("pass/*.835")), ids=lambda path: path.stem)
def test_what_passes_with_us_conforms(path: Path) -> None:
    """Indentation is a fault in X12 and decoration to us; a 4010 remittance follows another guide."""
    found = checked(path.read_bytes())
    otherwise = {"crlf-indented": (Opinion.FAULTS, 27), "guide-4010": (Opinion.NOT_CHECKED, None)}
    assert (found.opinion, found.fault_count) == otherwise.get(path.stem, (Opinion.CONFORMS, 0))


@pytest.mark.parametrize(("name", "faults"), FAULTS, ids=[name for name, _ in FAULTS])
def test_faults_stand_where_they_are(name: str, faults: list[tuple[object, ...]]) -> None:
    found = checked((FIXTURES / "fail" / f"{name}.835").read_bytes())
    assert found.opinion == Opinion.FAULTS
    assert found.fault_count == len(faults)
    assert [(f.level, f.code, f.segment, f.tag, f.element) for f in found.faults] == faults
    assert all(fault.message and "list of codes" not in fault.message for fault in found.faults)


@pytest.mark.parametrize("name", UNSEEN)
def test_what_pyx12_knows_nothing_of(name: str) -> None:
    assert checked((FIXTURES / "fail" / f"{name}.835").read_bytes()).opinion == Opinion.CONFORMS


@pytest.mark.parametrize(("name", "reason"), UNCHECKED, ids=[name for name, _ in UNCHECKED])
def test_no_opinion_on_what_it_cannot_read(name: str, reason: NotChecked) -> None:
    found = checked((FIXTURES / "fail" / f"{name}.835").read_bytes())
    assert (found.opinion, found.not_checked, found.fault_count) == (Opinion.NOT_CHECKED, reason, None)
    assert found.detail


def test_a_blank_segment_makes_pyx12_stop_so_its_approval_is_void() -> None:
    """All after the blank segment is unread: the wrong SE01 behind it too."""
    data = PLAIN.replace(b"~\nCLP*", b"~\n~\nCLP*", 1).replace(b"SE*", b"SE*9", 1)
    found = checked(data)
    assert found.not_checked == NotChecked.READ_OTHERWISE
    assert found.pyx12_segment_count == 14
    assert "28" in found.detail


def test_a_4010_remittance_follows_another_guide() -> None:
    data = PLAIN.replace(b"^*00501*", b"U*00401*").replace(b"005010X221A1", b"004010X091A1")
    assert checked(data).not_checked == NotChecked.OTHER_GUIDE


def test_a_stray_trailer_on_which_pyx12_fails() -> None:
    found = checked(PLAIN + b"IEA*1*000000001~\n")
    assert found.not_checked == NotChecked.STOPPED
    assert found.detail == "pyx12 stopped with IndexError"


def test_errors_that_pyx12_loses_are_counted() -> None:
    """A segment between ISA and GS: pyx12 logs the error, forgets it, and accepts the file."""
    found = checked(PLAIN.replace(b"~\nGS*", b"~\nZZZ*1~\nGS*", 1))
    assert found.opinion == Opinion.FAULTS
    assert found.fault_count == 1


def test_element_faults_of_the_envelope_are_found(remittance: Build) -> None:
    """They are not in pyx12's report. ISA15 is P or T (I14)."""
    body = PLAIN.decode().split("~\n")[3:-4]
    found = checked(remittance(*body, isa=ISA.replace("*P*:", "*X*:")))
    assert ("element", "7", 1, "ISA", "ISA15") in [
        (f.level, f.code, f.segment, f.tag, f.element) for f in found.faults
    ]


def test_faults_are_kept_up_to_a_number_and_all_counted(remittance: Build) -> None:
    body = PLAIN.decode().split("~\n")[3:-4]
    found = checked(remittance(*body, *["ZZZ*1"] * 150))
    assert len(found.faults) == KEPT_FAULTS
    assert (found.fault_count or 0) >= 150
    assert [f.segment for f in found.faults] == sorted(f.segment or 0 for f in found.faults)


def test_nothing_of_a_patient_gets_out(
    caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    """Marked values in wrong places: bad characters, a wrong separator (the tag is then a whole segment), a bad code."""
    marked = b"MARKED\x01PATIENT"
    wrong = PLAIN.replace(b"NM1*QC*1*", b"NM1*QC*1*" + marked + b"*").replace(
        b"CLP*", b"CLP|" + marked + b"*"
    )
    for data in (wrong, wrong.replace(b"*", b"|", 3), b"ISA" + marked * 20):
        found = check(data, 28, 1)
        assert "MARKED" not in repr(found)
        assert all("MARKED" not in fault.message for fault in found.faults)
    assert caplog.text == ""
    assert capfd.readouterr() == ("", "")


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.tuples(st.integers(0, len(PLAIN)), st.binary(max_size=4)), max_size=4))
def test_no_bytes_make_it_raise(edits: list[tuple[int, bytes]]) -> None:
    data = bytearray(PLAIN)
    for place, text in edits:
        data[place : place + len(text)] = text
    found = check(bytes(data), 28, 1)
    assert (found.not_checked is not None) == (found.opinion == Opinion.NOT_CHECKED)
    assert (found.fault_count is None) == (found.opinion == Opinion.NOT_CHECKED)
    assert found.opinion != Opinion.CONFORMS or found.pyx12_segment_count == 28


def test_the_guide_is_told_from_the_group_whatever_stands_before() -> None:
    assert GS.encode() in PLAIN
    assert checked(PLAIN.replace(b"~\nGS", b"~\r\n\r\nGS")).opinion == Opinion.CONFORMS
