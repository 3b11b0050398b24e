"""The example practice, judged once for all tests that read it."""

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from contracts import read_practice, read_reference, read_terms
from era_parser import Source, parse
from warehouse import judge, night
from warehouse.archive import keep
from warehouse.database import open_warehouse
from warehouse.encounters import read_encounters
from warehouse.encounters.models import look_at_lanes, show, weigh
from warehouse.encounters.store import load_encounters, open_store
from warehouse.journal import Journal
from warehouse.load import load
from warehouse.rule_set import RuleFolders, keep_rules

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


def weigh_all(con: duckdb.DuckDBPyConnection, folder: Path, as_of: dt.date = AS_OF) -> None:
    """Take in encounter files of a folder and hold them against what the warehouse has."""
    path = Path(
        con.execute(
            "select path from duckdb_databases() where database_name = current_database()"
        ).fetchall()[0][0]
    )
    with open_store(path) as store:
        for file in sorted(folder.iterdir()):
            source = Source.from_path(file)
            load_encounters(store, source, read_encounters(source), as_of)
        terms, reference = read_terms(EXAMPLES / "contracts"), read_reference(EXAMPLES / "reference")
        weigh(con, store, terms, reference, read_practice(EXAMPLES / "shortpay.toml"))
    show(con, as_of)


@pytest.fixture(scope="session")
def example_archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("archive")


@pytest.fixture(scope="session")
def example(
    tmp_path_factory: pytest.TempPathFactory, example_archive: Path
) -> Iterator[duckdb.DuckDBPyConnection]:
    """Give the working warehouse of the example practice after its nights, the last of them as of AS_OF: the demo."""
    home = tmp_path_factory.mktemp("example")
    live_through_nights(home, example_archive)
    with open_warehouse(home / "warehouse.duckdb") as con:
        yield con


def live_through_nights(home: Path, archive: Path) -> None:
    """Load and judge the nights of the example one after the other, as the demo does, without its scheduler."""
    terms, reference = read_terms(EXAMPLES / "contracts"), read_reference(EXAMPLES / "reference")
    practice, path = read_practice(EXAMPLES / "shortpay.toml"), home / "warehouse.duckdb"
    folders = RuleFolders(EXAMPLES / "contracts", EXAMPLES / "reference", EXAMPLES / "shortpay.toml")
    rules = keep_rules(folders, archive)
    nights = sorted((EXAMPLES / "nights").iterdir())
    for folder in nights:
        date = AS_OF if folder == nights[-1] else dt.date.fromisoformat(folder.name)
        sources = [Source.from_path(file) for file in sorted(folder.iterdir())]
        for source in sources:
            keep(archive, source)
        with open_warehouse(path) as con:
            load(con, sources, parse(sources), date)
            night.settle_rules(con, rules, terms, reference)
        night.run(path, rules.name, terms, reference, practice)
        with open_warehouse(path) as con:
            judge.rank(con, date, Journal(home / "journal"))
    with open_warehouse(path) as con:
        weigh_all(con, EXAMPLES / "encounters")
        look_at_lanes(con)
