"""Small remittances and what the tables say of them."""

import datetime as dt
from collections.abc import Callable
from decimal import Decimal

import polars as pl
import pytest

from era_parser import RefusalCode, Source, parse

Build = Callable[..., bytes]
LINE = ("CLP*A*1*100*80**12*B", "SVC*HC:97110:GP:59*100*80*0420*2.5*HC:97112*3", "CAS*CO*45*15**253*5.00")


def read(data: bytes) -> dict[str, pl.DataFrame]:
    result = parse([Source("test", data)])
    assert result.refusals == []
    return result.tables


def test_service_line(remittance: Build) -> None:
    row = read(remittance(*LINE))["service_line"].row(0, named=True)
    wanted = {
        "claim": 1, "line": 1, "segment": 5, "procedure_qualifier": "HC", "procedure_code": "97110",
        "modifiers": "GP:59",
        "charge_amount": Decimal(100), "paid_amount": Decimal(80), "revenue_code": "0420",
        "units": Decimal("2.5"), "billed_procedure_code": "97112",
        "billed_modifiers": None, "billed_units": Decimal(3),
    }  # fmt: skip
    assert {name: row[name] for name in wanted} == wanted


def test_adjustments_are_triplets(remittance: Build) -> None:
    rows = read(remittance(*LINE))["adjustment"].select(
        "line", "position", "group_code", "reason_code", "adjustment_amount"
    )
    assert rows.rows() == [(1, 1, "CO", "45", Decimal(15)), (1, 2, "CO", "253", Decimal(5))]


def test_units_not_sent_are_null(remittance: Build) -> None:
    assert read(remittance("CLP*A*1*1*1", "SVC*HC:1*1*1"))["service_line"]["units"].to_list() == [None]


def test_loops_and_keys_follow_the_grammar(remittance: Build) -> None:
    """The same REF means other things in other loops."""
    segments = (
        "REF*EV*R",
        "N1*PR*P",
        "REF*2U*X",
        "N1*PE*Q*XX*1",
        "REF*TJ*T",
        "LX*1",
        *LINE,
        "REF*6R*L",
        "CLP*C*1*1*1",
        "REF*CE*K",
    )
    rows = read(remittance(*segments))["reference"].select("loop", "claim", "line", "reference_value").rows()
    assert rows == [
        ("HEADER", None, None, "R"), ("1000A", None, None, "X"), ("1000B", None, None, "T"),
        ("2110", 1, 1, "L"), ("2100", 2, None, "K"),
    ]  # fmt: skip


def test_addresses_belong_to_their_party(remittance: Build) -> None:
    party = read(
        remittance("N1*PR*PAYER", "N3*STREET", "N4*TOWN*OH*43215", "N1*PE*PAYEE", "N4*CITY*TX*75201")
    )["party"]
    rows = party.select("entity_code", "address_1", "city", "postal_code").rows()
    assert rows == [("PR", "STREET", "TOWN", "43215"), ("PE", None, "CITY", "75201")]


def test_remarks_of_all_kinds(remittance: Build) -> None:
    remarks = read(remittance("CLP*A*1*1*1", "MOA***MA01*MA18", "SVC*HC:1*1*1", "LQ*HE*N130"))["remark"]
    assert remarks.select("line", "remark_qualifier", "remark_code", "position").rows() == [
        (None, "MOA", "MA01", 1), (None, "MOA", "MA18", 2), (1, "HE", "N130", 1),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "amount"),
    [("100", "100"), ("100.00", "100"), (".5", "0.5"), ("-0.05", "-0.05"), ("+5", "5"), ("12.340", "12.34"),
     ("12.345", None), ("--5", None), ("1e2", None), ("1,000", None),
     ("99999999999999999", None), ("", None)],
)  # fmt: skip
def test_money_is_exact_or_null(remittance: Build, text: str, amount: str | None) -> None:
    tables = read(remittance("CLP*A*1*1*1", f"AMT*AU*{text}*"))
    assert tables["amount"]["amount"].to_list() == [Decimal(amount) if amount else None]
    if text and amount is None:
        assert tables["finding"].filter(code="BAD_MONEY").select("element", "claim").rows() == [("AMT02", 1)]
        assert tables["element_text"].filter(element=2)["text"].to_list() == [text]


@pytest.mark.parametrize(
    ("text", "date"),
    [
        ("20240229", dt.date(2024, 2, 29)),
        ("20230229", None),
        ("2024123", None),
        (" 2024011", None),
        ("240101", None),
    ],
)
def test_dates_are_days_or_null(remittance: Build, text: str, date: dt.date | None) -> None:
    assert read(remittance("CLP*A*1*1*1", f"DTM*232*{text}"))["date"]["date"].to_list() == [date]


def test_interchanges_with_other_delimiters(remittance: Build) -> None:
    """Each ISA says its own; free text keeps a colon that is a separator elsewhere."""
    one = remittance("CLP*A*1*1*1", "NM1*QC*1*A:B", "SVC*HC:97110:GP*1*1")
    two = one.translate(bytes.maketrans(b"*:~", b"|>^")).replace(b"A>B", b"A:B")
    tables = read(one + two)
    assert tables["party"]["name"].to_list() == ["A:B", "A:B"]
    assert tables["service_line"]["modifiers"].to_list() == ["GP", "GP"]
    separators = ("element_separator", "component_separator", "segment_terminator")
    assert tables["interchange"].select(separators).rows() == [
        ("*", ":", "~"), ("|", ">", "^"),
    ]  # fmt: skip


def test_offsets_in_latin_1_are_those_of_the_bytes(remittance: Build) -> None:
    data = remittance("N1*PR*SOCIÉTÉ", "CLP*A*1*1*1").decode().encode("latin-1")
    tables = read(data)
    assert tables["party"]["name"].to_list() == ["SOCIÉTÉ"]
    assert data[tables["claim"]["byte_offset"][0] :].startswith(b"CLP")


def test_identical_files_are_read_once(remittance: Build) -> None:
    data = remittance("CLP*A*1*1*1")
    assert parse([Source("a", data), Source("b", data)]).tables["file"]["name"].to_list() == ["a"]


def test_refusals_say_where(remittance: Build) -> None:
    data = remittance("CLP*A*1*1*1")
    sources = [
        Source("whole", data),
        Source("cut", data[:180]),
        Source("png", b"\x89PNG\r\n\x1a\n\0\0"),
        Source("none", b""),
    ]
    result = parse(sources)
    assert [(r.name, r.code, r.byte_offset) for r in result.refusals] == [
        ("cut", RefusalCode.TRUNCATED, 180), ("png", RefusalCode.NOT_X12, 0), ("none", RefusalCode.EMPTY, 0),
    ]  # fmt: skip
    assert result.tables["file"]["name"].to_list() == ["whole"]


def test_no_text_of_the_file_in_messages(remittance: Build) -> None:
    data = remittance(
        "CLP*SECRET*1*x*1", "NM1*QC*1*SECRET*SECRET****MI*SECRET", "AMT*AU*SECRET", "ZZZ*SECRET"
    )
    assert not read(data)["finding"]["message"].str.contains("SECRET").any()
