"""Remittances of strange shape, small enough for every run: time grows with the bytes, and nothing sent is lost."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from era_parser import Source, parse, parse_chunks

ONE = (Path(__file__).parents[1] / "fixtures" / "835" / "pass" / "one-claim.835").read_bytes()
ENVELOPE = ONE[: ONE.index(b"ST*835")]
BODY = ONE[ONE.index(b"ST*835") : ONE.index(b"GE*")]
HEAD = BODY[: BODY.index(b"SVC")]
END = ONE[ONE.index(b"GE*") :]
EMPTY = ENVELOPE[: ENVELOPE.index(b"GS*")] + b"IEA*0*000000001~"
LINE = b"SVC*HC:97110*1*1~"

SHAPES = {
    "many interchanges": EMPTY * 20_000 + ONE,
    "one long segment among many": ENVELOPE
    + HEAD
    + LINE * 5_000
    + b"SVC*HC:97110*1*1"
    + b"*x" * 100_000
    + b"~SE*1*1~"
    + END,
    "one long composite among many": ENVELOPE
    + HEAD
    + LINE * 5_000
    + b"SVC*HC"
    + b":x" * 100_000
    + b"*1*1~SE*1*1~"
    + END,
    "separators alone": ENVELOPE + HEAD + b"CAS" + b"*" * 500_000 + b"~SE*1*1~" + END,
    "blank segments": ENVELOPE + b"~" * 500_000 + BODY + END,
    "the beginning of an ISA again and again": ONE + b"ISA*" * 200_000,
    "quotes of SQL": ENVELOPE + HEAD + b"CLP*'; drop table era.claim; --*1*1*1**12*A~SE*1*1~" + END,
}


@pytest.mark.parametrize("name", SHAPES)
def test_strange_shapes_are_read_or_refused_soon(name: str) -> None:
    started = time.monotonic()
    remittances = parse([Source(name, SHAPES[name])])
    assert time.monotonic() - started < 60
    assert remittances.tables["file"].height + len(remittances.refusals) == 1


def test_elements_beyond_all_measure_are_kept_whole() -> None:
    text = b"SVC*HC:97110*1*1" + b"".join(b"*x%d" % n for n in range(4, 3_000)) + b"~"
    remittances = parse([Source("x", ENVELOPE + HEAD + LINE + text + b"SE*1*1~" + END)])
    kept = remittances.tables["element_text"].filter(segment=remittances.tables["service_line"]["segment"][1])
    rebuilt = "*".join(kept.sort("element")["text"])
    assert "*x8*x9*" in rebuilt
    assert rebuilt.endswith("*x2998*x2999")
    assert kept.height < 60


@pytest.mark.parametrize(
    ("composite", "empty"),
    [
        ("HC:97110", False), ("HC:97110:", True), (":97110", True), ("HC::GP", True), ("HC", False), (":", True),
        ("HC:97110:GP:59", False), ("HC:97110:GP::59", True),
    ],
)  # fmt: skip
def test_a_composite_with_an_empty_component_is_kept_as_sent(composite: str, empty: bool) -> None:
    lines = LINE + f"SVC*{composite}*1*1~".encode() + LINE
    remittances = parse([Source("x", ENVELOPE + HEAD + lines + b"SE*1*1~" + END)])
    texts = remittances.tables["element_text"].filter(text=composite)
    assert texts.height == int(empty)


def test_interchanges_beyond_all_measure_are_refused_however_they_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("era_parser.parts.INTERCHANGE_LIMIT", 1_000)
    path = tmp_path / "many.835"
    for count, codes in ((1_000, []), (1_001, ["TOO_LARGE"])):
        path.write_bytes(EMPTY * (count - 1) + ONE)
        whole = parse([Source.from_path(path)])
        parts = list(parse_chunks([path], 20_000))
        assert [refusal.code.value for refusal in whole.refusals] == codes
        assert [refusal.code.value for part in parts for refusal in part.refusals] == codes
