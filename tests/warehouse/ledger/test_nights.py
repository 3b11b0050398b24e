"""However the files of all histories come, in whatever order and spread over whatever nights: the same warehouse.

Each night decides the touched claims alone; the result is held against one that decides everything at once.
"""

import random
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from contracts import read_practice, read_reference, read_terms
from era_parser import Source, parse
from tests.conftest import EXAMPLES
from tests.warehouse.ledger.conftest import AS_OF
from tests.warehouse.ledger.histories import cases, edi
from tests.warehouse.ledger.terms import write_terms
from warehouse import judge, night
from warehouse.database import open_warehouse
from warehouse.load import load

RULES = "the same all along"
LEFT_OUT = {"out.file", "out.conformance"}
"""They tell of arrivals, which differ."""


def sources() -> list[Source]:
    return [Source(case.source_name(file.name), edi(file)) for case in cases() for file in case.files]


def judged(folder: Path, nights: list[list[Source]]) -> duckdb.DuckDBPyConnection:
    """The warehouse after some nights, the last day's lists made once at the end."""
    write_terms(folder)
    terms, reference = read_terms(folder), read_reference(EXAMPLES / "reference")
    practice = read_practice(EXAMPLES / "shortpay.toml")
    warehouse = folder / "warehouse.duckdb"
    for files in nights:
        with open_warehouse(warehouse) as con:
            judge.store_terms(con, terms, reference)
            load(con, files, parse(files), AS_OF)
        night.run(warehouse, RULES, terms, reference, practice)
    con = open_warehouse(warehouse)
    judge.rank(con, AS_OF)
    return con


def tables(con: duckdb.DuckDBPyConnection) -> dict[str, list[str]]:
    """Rows of all tables of `core` and `out`, sorted."""
    names = con.execute(
        "select schema_name || '.' || table_name from duckdb_tables() where schema_name in ('core', 'out') order by 1"
    ).fetchall()
    return {
        name: sorted(map(repr, con.execute(f"from {name}").fetchall()))
        for (name,) in names
        if name not in LEFT_OUT
    }


@pytest.fixture(scope="module")
def at_once(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, list[str]]]:
    with judged(tmp_path_factory.mktemp("at-once"), [sources()]) as con:
        yield tables(con)


def by_chance(seed: int) -> list[list[Source]]:
    """All files shuffled and cut into five nights."""
    chance = random.Random(seed)  # noqa: S311  (no secret hangs on it)
    files = sources()
    chance.shuffle(files)
    cuts = sorted(chance.sample(range(1, len(files)), 4))
    return [files[a:b] for a, b in zip([0, *cuts], [*cuts, len(files)], strict=True)]


def one_a_night(*, backwards: bool) -> list[list[Source]]:
    """Every file of a history in a night of its own, the first (or the last) of all histories together."""
    nights: list[list[Source]] = []
    for case in cases():
        for number, file in enumerate(case.files[::-1] if backwards else case.files):
            if number == len(nights):
                nights.append([])
            nights[number].append(Source(case.source_name(file.name), edi(file)))
    return nights


SPREADS = {
    "by chance, 1": lambda: by_chance(1),
    "by chance, 2": lambda: by_chance(2),
    "one a night": lambda: one_a_night(backwards=False),
    "one a night, the last first": lambda: one_a_night(backwards=True),
}


@pytest.mark.parametrize(
    "spread",
    [
        pytest.param("by chance, 1", marks=pytest.mark.slow),
        pytest.param("by chance, 2", marks=pytest.mark.slow),
        pytest.param("one a night", marks=pytest.mark.slow),
        "one a night, the last first",
    ],
)
def test_order_and_nights_do_not_matter(
    at_once: dict[str, list[str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, spread: str
) -> None:
    monkeypatch.setattr(night, "SMALL", 1.0)  # every night apart, however much it touches
    with judged(tmp_path, SPREADS[spread]()) as con:
        found = tables(con)
    assert found.keys() == at_once.keys()
    for name, rows in at_once.items():
        extra, missing = set(found[name]) - set(rows), set(rows) - set(found[name])
        assert (name, sorted(extra)[:3], sorted(missing)[:3]) == (name, [], [])
        assert len(found[name]) == len(rows), name
