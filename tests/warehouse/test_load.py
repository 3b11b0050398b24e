"""Loading is idempotent, and the order of nights does not matter."""

import datetime as dt
from pathlib import Path

import pytest

from era_parser import Source, parse
from tests.conftest import EXAMPLES, judge_all
from warehouse.database import open_warehouse
from warehouse.load import load

SEEN = dt.date(2026, 6, 30)
VERDICTS = "select * from core.verdict order by file_hash, claim, line"


def test_loading_twice_changes_nothing(tmp_path: Path) -> None:
    source = Source.from_path(EXAMPLES / "nights" / "2026-06-24" / "UHC_87726_ERA_20260611.edi")
    with open_warehouse(tmp_path / "w.duckdb") as con:
        assert load(con, [source], parse([source]), SEEN) == {"loaded": 1, "duplicate": 0, "refused": 0}
        before = con.execute("select count(*), sum(paid_amount) from era.service_line").fetchall()
        assert load(con, [source, source], parse([source]), SEEN) == {
            "loaded": 0,
            "duplicate": 2,
            "refused": 0,
        }
        assert con.execute("select count(*), sum(paid_amount) from era.service_line").fetchall() == before


@pytest.mark.slow
def test_the_order_of_files_does_not_change_a_verdict(tmp_path: Path) -> None:
    paths = sorted(path for path in (EXAMPLES / "nights").rglob("*") if path.is_file())
    found = []
    for name, ordered in (("forward", paths), ("backward", paths[::-1])):
        with open_warehouse(tmp_path / f"{name}.duckdb") as con:
            for path in ordered:
                source = Source.from_path(path)
                load(con, [source], parse([source]), SEEN)
            judge_all(con)
            found.append(con.execute(VERDICTS).fetchall())
    assert found[0] == found[1]
