from __future__ import annotations

import csv
from typing import TYPE_CHECKING

import polars as pl
import pytest

from contracts import CLASSES, adjustment_classes
from contracts.cms import read_pprrvu
from contracts.reductions import therapy_codes

if TYPE_CHECKING:
    from pathlib import Path


def class_of(group: str, reason: str) -> str | None:
    """The class of a pair as the warehouse takes it: the row of the group before the row of any group."""
    rows = adjustment_classes().filter(
        (pl.col("reason_code") == reason) & pl.col("group_code").is_in([group, "*"])
    )
    found = rows.sort(pl.col("group_code") == "*")["class"].to_list()
    return found[0] if found else None


@pytest.mark.parametrize(
    ("group", "reason", "expected"),
    [
        ("PR", "1", "patient_share"),
        ("PR", "2", "patient_share"),
        ("PR", "3", "patient_share"),
        ("PR", "66", "patient_share"),
        ("CO", "45", "price"),
        ("OA", "45", "price"),
        ("PR", "45", "price"),
        ("PR", "96", "non_covered"),
        ("CO", "96", "denial"),
        ("CO", "59", "price"),
        ("CO", "253", "payment_reduction"),
        ("CO", "237", "payment_reduction"),
        ("CO", "144", "payment_reduction"),
        ("CO", "161", "payment_reduction"),
        ("OA", "23", "prior_payer"),
        ("CO", "24", "capitation"),
        ("CO", "97", "bundling"),
        ("CO", "236", "bundling"),
        ("OA", "18", "denial"),
        ("PR", "119", "denial"),
        ("CO", "16", "denial"),
        ("CO", "B7", "denial"),
        ("CO", "ZZZ", None),
    ],
)
def test_classes_that_decide(group: str, reason: str, expected: str | None) -> None:
    assert class_of(group, reason) == expected


def test_the_table_is_sound() -> None:
    table = adjustment_classes()
    assert set(table["class"]) <= set(CLASSES)
    assert set(table["group_code"]) <= {"*", "CO", "OA", "PI", "PR"}
    assert not table.select("group_code", "reason_code", "effective").is_duplicated().any()
    assert table["reason_code"].n_unique() >= 80
    assert (table["source"].str.len_chars() > 0).all()


def test_only_codes_that_exist(cms: Path) -> None:
    with (cms / "CARC_RARC_CAGC_2024-06-18.csv").open(encoding="latin-1") as file:
        known = {row["adj_code"] for row in csv.DictReader(file) if row["adj_type"] == "CARC"}
    assert set(adjustment_classes()["reason_code"]) <= known


def test_the_therapy_set_is_the_releases(cms: Path) -> None:
    """Indicator 5 in every release held is the set that the percent rule uses."""
    codes = therapy_codes()
    for file in sorted(cms.glob("PPRRVU*.csv")):
        first, last = codes["effective"].min(), codes["until"].max()
        loaded = read_pprrvu(file.read_bytes(), file.name, "release", first, last)  # type: ignore[arg-type]
        assert set(loaded.rows.filter(pl.col("multiple_procedure") == "5")["hcpcs"]) == set(codes["code"])
