"""All ledger histories, judged in one warehouse; once in the order of their nights and once backwards."""

from __future__ import annotations

import datetime as dt
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
    from pathlib import Path

    import duckdb

AS_OF = dt.date(2026, 7, 1)


def _judged(folder: Path, *, backwards: bool) -> duckdb.DuckDBPyConnection:
    nights: dict[int, list[Source]] = {}
    for case in cases():
        for file in case.files:
            nights.setdefault(file.night, []).append(Source(case.source_name(file.name), edi(file)))
    con = open_warehouse(folder / "warehouse.duckdb")
    for night in sorted(nights, reverse=backwards):
        sources = nights[night][::-1] if backwards else nights[night]
        load(con, sources, parse(sources), AS_OF)
    write_terms(folder)
    terms, reference = read_terms(folder), read_reference(EXAMPLES / "reference")
    judge.store_terms(con, terms, reference)
    judge.adjudicate(con)
    judge.compare(con)
    judge.price(con, terms, reference, read_practice(EXAMPLES / "shortpay.toml"))
    judge.judge(con)
    judge.rank(con, AS_OF)
    return con


@pytest.fixture(scope="session")
def histories(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    con = _judged(tmp_path_factory.mktemp("histories"), backwards=False)
    yield con
    con.close()


@pytest.fixture(scope="session")
def histories_backwards(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    con = _judged(tmp_path_factory.mktemp("backwards"), backwards=True)
    yield con
    con.close()
