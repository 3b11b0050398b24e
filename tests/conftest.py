"""The example practice, judged once for all tests that read it."""

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from contracts import read_practice, read_reference, read_terms
from era_parser import Source, parse
from warehouse import judge
from warehouse.archive import keep
from warehouse.database import open_warehouse
from warehouse.load import load

EXAMPLES = Path(__file__).parents[1] / "examples"
AS_OF = dt.date(2026, 7, 1)


def judge_all(con: duckdb.DuckDBPyConnection, as_of: dt.date = AS_OF) -> None:
    terms, reference = read_terms(EXAMPLES / "contracts"), read_reference(EXAMPLES / "reference")
    judge.store_terms(con, terms, reference)
    judge.adjudicate(con)
    judge.compare(con)
    judge.price(con, terms, reference, read_practice(EXAMPLES / "shortpay.toml"))
    judge.judge(con)
    judge.rank(con, as_of)


@pytest.fixture(scope="session")
def example_archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("archive")


@pytest.fixture(scope="session")
def example(
    tmp_path_factory: pytest.TempPathFactory, example_archive: Path
) -> Iterator[duckdb.DuckDBPyConnection]:
    """Give the working warehouse of the example practice after all its nights."""
    con = open_warehouse(tmp_path_factory.mktemp("example") / "warehouse.duckdb")
    for night in sorted((EXAMPLES / "nights").iterdir()):
        sources = [Source.from_path(path) for path in sorted(night.iterdir())]
        for source in sources:
            keep(example_archive, source)
        load(con, sources, parse(sources), dt.date.fromisoformat(night.name))
    judge_all(con)
    yield con
    con.close()
