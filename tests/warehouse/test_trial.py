"""Terms tried on all history: what appears, vanishes and changes, and nothing of it stays."""

import shutil
from decimal import Decimal
from pathlib import Path

import duckdb
import polars as pl
import pytest

from contracts import read_practice, read_reference, read_terms
from tests.conftest import AS_OF, EXAMPLES
from warehouse.publish import publish
from warehouse.trial import try_terms

RATES = "uhc-choice-plus-2026.csv"


@pytest.fixture
def published(example: duckdb.DuckDBPyConnection, tmp_path: Path) -> Path:
    publish(example, tmp_path, AS_OF)
    return tmp_path / "shortpay.duckdb"


def tried(published: Path, rate: str) -> pl.DataFrame:
    """Changes with the 2026 rate of 97110 (40.05) replaced."""
    folder = published.parent / f"contracts-{rate}"
    shutil.copytree(EXAMPLES / "contracts", folder)
    text = (folder / RATES).read_text()
    assert "\n97110,,,40.05,," in text
    (folder / RATES).write_text(text.replace("\n97110,,,40.05,,", f"\n97110,,,{rate},,"))
    reference, practice = read_reference(EXAMPLES / "reference"), read_practice(EXAMPLES / "shortpay.toml")
    return try_terms(published, published.parent, read_terms(folder), reference, practice)


def test_the_same_terms_change_nothing(published: Path) -> None:
    before = published.read_bytes()
    assert tried(published, "40.05").is_empty()
    assert published.read_bytes() == before
    assert not list(published.parent.glob(".trial-*"))


def test_a_higher_rate_makes_lines_short_and_a_lower_one_no_longer(published: Path) -> None:
    """A dollar a unit more is owed on each line of 97110; a rate of a dollar owes none of them anything."""
    higher, lower = tried(published, "41.05"), tried(published, "1.00")
    assert "appears" in set(higher["change"])
    assert "vanishes" not in set(higher["change"])
    more = higher["expected_after_amount"] - higher["expected_before_amount"]
    assert (more % Decimal(1) == 0).all()
    assert (more > 0).all()
    assert higher["procedure_code"].unique().to_list() == ["97110"]
    assert "vanishes" in set(lower["change"])
    assert not {"appears", "changes"} & set(lower["change"])
