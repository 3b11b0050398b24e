"""The registry describes the stored frames exactly: same tables, same columns in order, matching types."""

from __future__ import annotations

import tomllib
from pathlib import Path

import polars as pl
import pytest

import contracts
from contracts import (
    Reference,
    Terms,
    adjustment_classes,
    clocks,
    denial_classes,
    denial_kinds,
    edit_rulings,
    envelopes,
    provider_adjustment_classes,
    remark_classes,
    terms_frames,
    therapy_codes,
    therapy_modifiers,
    therapy_thresholds,
    timed_codes,
)

TABLES = tomllib.loads((Path(contracts.__file__).parent / "registry.toml").read_text(encoding="utf-8"))[
    "table"
]
FRAMES: dict[str, pl.DataFrame] = {
    **terms_frames(Terms()),
    **Reference().frames(),
    "adjustment_class": adjustment_classes(),
    "remark_class": remark_classes(),
    "denial_class": denial_classes(),
    "denial_kind": denial_kinds(),
    "edit_ruling": edit_rulings(),
    "clock": clocks(),
    "envelope": envelopes(),
    "therapy_threshold": therapy_thresholds(),
    "therapy_modifier": therapy_modifiers(),
    "therapy_code": therapy_codes(),
    "timed_code": timed_codes(),
    "provider_adjustment_class": provider_adjustment_classes(),
}


def kind(dtype: pl.DataType, name: str) -> str:
    if isinstance(dtype, pl.Decimal):
        return "money" if name.endswith("amount") else "number"
    return {pl.String: "text", pl.Int32: "integer", pl.Boolean: "boolean", pl.Date: "date"}[type(dtype)]


def test_every_frame_is_described_and_nothing_else() -> None:
    assert set(TABLES) == set(FRAMES)


@pytest.mark.parametrize("name", sorted(FRAMES))
def test_columns_and_types(name: str) -> None:
    stated = {column: spec["type"] for column, spec in TABLES[name]["columns"].items()}
    assert list(stated) == FRAMES[name].columns
    assert stated == {column: kind(dtype, column) for column, dtype in FRAMES[name].schema.items()}


@pytest.mark.parametrize("name", sorted(FRAMES))
def test_keys_are_columns_and_unique(name: str) -> None:
    key = TABLES[name]["key"]
    assert set(key) <= set(FRAMES[name].columns)
    assert not FRAMES[name].select(key).is_duplicated().any()
    assert all(spec["description"].endswith(".") for spec in TABLES[name]["columns"].values())
