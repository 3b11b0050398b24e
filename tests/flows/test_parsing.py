"""`shortpay parse`: tables as Parquet, counts, and what was refused."""

from pathlib import Path

import polars as pl

from era_parser.registry import tables
from flows.parsing import parse_to_parquet

NIGHTS = Path(__file__).parents[2] / "examples" / "nights"


def test_one_parquet_file_a_table(tmp_path: Path) -> None:
    paths = sorted(path for path in NIGHTS.rglob("*") if path.is_file())
    rows, found, refusals = parse_to_parquet(paths, tmp_path)
    assert {path.stem for path in tmp_path.iterdir()} == set(tables())
    lines = pl.read_parquet(tmp_path / "service_line.parquet")
    assert lines.height == rows["service_line"] == 209
    assert {"procedure_code", "modifiers", "charge_amount", "paid_amount", "units"} <= set(lines.columns)
    claims = pl.read_parquet(tmp_path / "claim.parquet")
    assert {"charge_amount", "paid_amount"} <= set(claims.columns)
    assert len(refusals) == 4
    assert sum(found.values()) == rows["finding"]
