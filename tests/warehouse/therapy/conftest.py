"""The histories of tests/cases/therapy, judged in one warehouse."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from contracts import read_practice, read_reference, read_terms
from era_parser import Source, parse
from tests.conftest import EXAMPLES
from tests.warehouse.ledger.histories import cases, edi
from tests.warehouse.ledger.terms import write_terms
from warehouse import judge
from warehouse.database import open_warehouse
from warehouse.load import load

if TYPE_CHECKING:
    from collections.abc import Iterator

    import duckdb

FOLDER = Path(__file__).parents[2] / "cases" / "therapy"


@pytest.fixture(scope="session")
def therapy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    folder = tmp_path_factory.mktemp("therapy")
    write_terms(folder)
    terms, reference = read_terms(folder), read_reference(EXAMPLES / "reference")
    sources = [
        Source(case.source_name(file.name), edi(file)) for case in cases(FOLDER) for file in case.files
    ]
    with open_warehouse(folder / "warehouse.duckdb") as con:
        load(con, sources, parse(sources), dt.date(2026, 7, 1))
        judge.store_terms(con, terms, reference)
        judge.adjudicate(con)
        judge.compare(con)
        judge.price(con, terms, reference, read_practice(EXAMPLES / "shortpay.toml"))
        judge.judge(con)
        judge.rank(con, dt.date(2026, 7, 1))
        yield con
