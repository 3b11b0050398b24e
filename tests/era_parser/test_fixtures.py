"""A file dropped into tests/fixtures/835/pass or fail is a test: fail/<CODE>-<what>.835 must raise it."""

from pathlib import Path

import pytest

from era_parser import RefusalCode, Source, codebook, parse
from era_parser.findings import FindingCode, severity

FIXTURES = Path(__file__).parents[1] / "fixtures" / "835"


@pytest.mark.parametrize("path", sorted(FIXTURES.glob("pass/*.835")), ids=lambda path: path.stem)
def test_pass(path: Path) -> None:
    read = parse([Source.from_path(path)])
    assert read.refusals == []
    assert read.tables["finding"].select("code", "segment", "message").rows() == []


@pytest.mark.parametrize("path", sorted(FIXTURES.glob("fail/*.835")), ids=lambda path: path.stem)
def test_fail(path: Path) -> None:
    read = parse([Source.from_path(path)])
    code = path.name.partition("-")[0]
    codes = [refusal.code.value for refusal in read.refusals] or read.tables["finding"]["code"].to_list()
    assert code in codes
    if code in {refusal.value for refusal in RefusalCode}:
        assert len(read.tables["file"]) == 0
        assert all(len(frame) == 0 for frame in read.tables.values())


def test_every_code_has_a_fixture() -> None:
    raised = {path.name.partition("-")[0] for path in FIXTURES.glob("fail/*.835")}
    # a fault of the parser, which no file raises; and too large to be kept here (test_parts has it)
    ours = {RefusalCode.UNACCOUNTED.value, RefusalCode.TOO_LARGE.value}
    assert {code.value for code in [*FindingCode, *RefusalCode]} - raised == ours


def test_the_page_of_codes_is_that_of_the_code() -> None:
    """Every code is on docs/findings.md with its meaning; `make findings` writes the page anew."""
    told = (Path(__file__).parents[2] / "docs" / "findings.md").read_text(encoding="utf-8")
    assert told == codebook.page()
    for code in [*FindingCode, *RefusalCode]:
        assert f"| `{code}` | " in told
    assert {severity(code) for code in FindingCode} == {"error", "warning", "info"}
