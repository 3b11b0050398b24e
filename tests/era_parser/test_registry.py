from collections.abc import Callable

import polars as pl

from era_parser import Source, parse
from era_parser.registry import DTYPES, tables

Build = Callable[..., bytes]


def test_every_frame_has_the_registry_schema(remittance: Build) -> None:
    full = parse(
        [Source("a", remittance("BPR*I*1*C*CHK************20260302", "CLP*A*1*1*1**12*B", "SVC*HC:1*1*1"))]
    )
    for read in (parse([]), parse([Source("empty", b"")]), full):
        assert list(read.tables) == list(tables())
        for name, spec in tables().items():
            assert dict(read.tables[name].schema) == spec.schema, name


def test_columns_are_described_once_and_typed() -> None:
    for spec in tables().values():
        names = [column.name for column in spec.columns]
        assert len(names) == len(set(names)), spec.name
        assert set(spec.key) <= set(names), spec.name
        assert spec.description
        assert all(column.description and column.type in DTYPES for column in spec.columns), spec.name


def test_money_and_dates_have_exact_types() -> None:
    schema = tables()["claim"].schema
    assert schema["charge_amount"] == pl.Decimal(18, 2)
    assert tables()["date"].schema["date"] == pl.Date()
