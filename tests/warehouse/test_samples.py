"""Every public sample: each claim has a state, each line one verdict, and coverage adds up."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from warehouse.database import open_warehouse
from warehouse.samples import judge_samples, samples_page

if TYPE_CHECKING:
    from collections.abc import Iterator

    import duckdb

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def samples(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    folder = Path(os.environ.get("SHORTPAY_SHARED", ROOT.parent / "shared")) / "data" / "835"
    if not folder.is_dir():
        pytest.skip("the public sample remittances (shared/data/835) are not on this machine")
    con = open_warehouse(tmp_path_factory.mktemp("samples") / "warehouse.duckdb")
    assert judge_samples(con, folder) > 60
    yield con
    con.close()


def test_every_claim_has_one_state(samples: duckdb.DuckDBPyConnection) -> None:
    off = samples.execute(
        "select c.file_hash, c.claim, count(j.state) from era.claim c left join core.adjudication j"
        " on j.file_hash = c.file_hash and j.claim = c.claim group by all having count(j.state) <> 1"
    ).fetchall()
    assert off == []


def test_every_line_has_one_verdict(samples: duckdb.DuckDBPyConnection) -> None:
    off = samples.execute(
        "select l.file_hash, l.claim, l.line, count(v.verdict) from era.service_line l left join core.verdict v"
        " on v.file_hash = l.file_hash and v.claim = l.claim and v.line = l.line"
        " group by all having count(v.verdict) <> 1"
    ).fetchall()
    assert off == []
    without = samples.execute(
        "select c.file_hash, c.claim from era.claim c where not exists"
        " (from core.verdict v where v.file_hash = c.file_hash and v.claim = c.claim)"
    ).fetchall()
    assert without == []


def test_coverage_adds_up(samples: duckdb.DuckDBPyConnection) -> None:
    """Dollars of all lines, and of the claims that have none."""
    covered = samples.execute(
        "select sum(line_count), sum(charge_amount), sum(paid_amount) from out.coverage"
    ).fetchall()
    sent = samples.execute(
        "select count(*), sum(charge_amount), sum(paid_amount) from"
        " (select charge_amount, paid_amount from era.service_line union all"
        "  select charge_amount, paid_amount from era.claim c where not exists"
        "  (from era.service_line l where l.file_hash = c.file_hash and l.claim = c.claim))"
    ).fetchall()
    assert covered == sent


def test_nobody_is_accused_without_a_contract(samples: duckdb.DuckDBPyConnection) -> None:
    assert samples.execute("from out.dispute").fetchall() == []
    assert samples.execute("from core.verdict where reason is null and verdict like 'NO%'").fetchall() == []


def test_the_page_is_up_to_date(samples: duckdb.DuckDBPyConnection) -> None:
    kept = (ROOT / "docs" / "samples.md").read_text(encoding="utf-8")
    assert kept == samples_page(samples), "run make samples"
