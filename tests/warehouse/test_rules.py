"""What a warehouse knows of the rules that its decisions were made under."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import pytest

from contracts import Reference, Terms, read_practice, read_reference, read_terms
from era_parser import Source, parse
from tests.conftest import EXAMPLES
from warehouse import judge, night
from warehouse.database import open_warehouse
from warehouse.load import load
from warehouse.rule_set import RuleFile, RuleSet

if TYPE_CHECKING:
    from pathlib import Path

AS_OF = dt.date(2026, 7, 1)
A, B = (RuleSet((RuleFile("program", name, "0" * 64, 0),)) for name in "AB")


def stored(path: Path) -> int:
    with open_warehouse(path) as con:
        return int(con.execute("select count(*) from terms.contract").fetchall()[0][0])


@pytest.fixture
def terms() -> Terms:
    return read_terms(EXAMPLES / "contracts")


def test_a_night_that_dies_after_new_terms_were_stored_leaves_nothing_that_passes_for_decided(
    terms: Terms, tmp_path: Path
) -> None:
    """Contracts A, decided; contracts B, stored, then killed; contracts A again: A must stand there again."""
    warehouse = tmp_path / "warehouse.duckdb"
    reference, practice = read_reference(EXAMPLES / "reference"), read_practice(EXAMPLES / "shortpay.toml")
    first = sorted((EXAMPLES / "nights" / "2026-06-24").iterdir())[:3]
    with open_warehouse(warehouse) as con:
        night.settle_rules(con, A, terms, reference)
        sources = [Source.from_path(path) for path in first]
        load(con, sources, parse(sources), AS_OF)
    night.run(warehouse, A.name, terms, reference, practice)
    whole = stored(warehouse)
    with open_warehouse(warehouse) as con:
        night.settle_rules(con, B, Terms(), Reference())
    assert stored(warehouse) < whole
    with open_warehouse(warehouse) as con:
        night.settle_rules(con, A, terms, reference)
    assert stored(warehouse) == whole
    assert night.begin(warehouse, A.name) > 0, "what was decided before the death is decided again"


def test_the_same_rules_store_nothing(terms: Terms, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    warehouse = tmp_path / "warehouse.duckdb"
    reference, practice = read_reference(EXAMPLES / "reference"), read_practice(EXAMPLES / "shortpay.toml")
    with open_warehouse(warehouse) as con:
        night.settle_rules(con, A, terms, reference)
    night.run(warehouse, A.name, terms, reference, practice)
    monkeypatch.setattr(judge, "store_terms", lambda *_: pytest.fail("stored again"))
    with open_warehouse(warehouse) as con:
        night.settle_rules(con, A, terms, reference)
