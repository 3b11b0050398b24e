"""Minutes to units: cases as data, and what holds for any day."""

import tomllib
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts import MINUTES_SCHEMA, RULES, chosen_units, day_units, timed_codes, units_rules

CASES = tomllib.loads((Path(__file__).parents[1] / "cases" / "units" / "units.toml").read_text("utf-8"))[
    "case"
]
CODES = ("97035", "97110", "97112", "97116", "97140", "97530")
DAYS = st.dictionaries(st.sampled_from(CODES), st.integers(0, 130), min_size=1)


def counted(minutes: dict[str, int], billed: dict[str, int] | None = None) -> pl.DataFrame:
    rows = [("day", code, spent) for code, spent in minutes.items()]
    found = day_units(pl.DataFrame(rows, schema=MINUTES_SCHEMA, orient="row"))
    units = [(billed or {}).get(code, 0) for code in found["procedure_code"]]
    with_billed = found.with_columns(pl.Series("billed_units", units, dtype=pl.Int64))
    return with_billed.with_columns(chosen_units(rule).alias(rule) for rule in RULES)


def ends(value: Any) -> tuple[int, int]:
    return (value[0], value[1]) if isinstance(value, list) else (value, value)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_units_of_a_day(case: dict[str, Any]) -> None:
    assert case["source"]
    found = {row["procedure_code"]: row for row in counted(case["minutes"]).iter_rows(named=True)}
    for rule in RULES:
        got = {code: (row[f"{rule}_low"], row[f"{rule}_high"]) for code, row in found.items()}
        assert got == {code: ends(units) for code, units in case[rule].items()}, rule


@settings(deadline=None)
@given(DAYS)
def test_the_units_of_the_codes_come_to_the_units_of_the_day(minutes: dict[str, int]) -> None:
    found = counted(minutes)
    total = sum(minutes.values())
    units = found["eight_minute"].sum()
    assert units == found["eight_minute_day"][0]
    assert 15 * units - 7 <= total <= 15 * units + 7
    for row in found.iter_rows(named=True):
        assert (
            row["minutes"] // 15 <= row["eight_minute_low"] <= row["eight_minute"] <= row["eight_minute_high"]
        )
        assert row["eight_minute_high"] <= row["minutes"] // 15 + (row["minutes"] % 15 > 0)


@settings(deadline=None)
@given(DAYS, st.sampled_from(CODES), st.integers(1, 60))
def test_more_minutes_never_make_fewer_units(minutes: dict[str, int], code: str, more: int) -> None:
    longer = minutes | {code: minutes.get(code, 0) + more}
    before, after = counted(minutes), counted(longer)
    for rule in RULES:
        assert after[rule].sum() >= before[rule].sum()
        own = pl.col("procedure_code") == code
        assert after.filter(own)[f"{rule}_low"].sum() >= before.filter(own)[f"{rule}_low"].sum()


@settings(deadline=None)
@given(DAYS, st.dictionaries(st.sampled_from(CODES), st.integers(0, 9)))
def test_a_tie_goes_to_what_was_billed(minutes: dict[str, int], billed: dict[str, int]) -> None:
    found = counted(minutes, billed)
    for row in found.filter(pl.col("eight_minute") < pl.col("eight_minute_high")).iter_rows(named=True):
        chosen = found.filter(
            (pl.col("eight_minute") > pl.col("eight_minute_low"))
            & (pl.col("billed_units") <= pl.col("eight_minute_low"))
        )
        assert row["billed_units"] <= row["eight_minute_low"] or chosen.is_empty()


def test_codes_and_rules_name_their_sources() -> None:
    codes = timed_codes()
    assert codes.filter(pl.col("source").is_null() | (pl.col("source") == "")).is_empty()
    assert set(codes["proof"]) == {"cms", "contractor", "unproven"}
    assert codes.filter(
        (pl.col("proof") == "unproven") != pl.col("source").str.starts_with("[OWN]")
    ).is_empty()
    assert not codes["procedure_code"].is_duplicated().any()
    assert all(rule["source"] for rule in units_rules().values())
