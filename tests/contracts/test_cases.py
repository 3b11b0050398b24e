"""The pricing cases of tests/cases/pricing: what a careful biller would expect, to the cent."""

from __future__ import annotations

import math
import re
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from contracts import Practice, Reference, Repriced, Terms, read_terms, reprice

MakeLines = Callable[[Sequence[Mapping[str, Any]]], pl.DataFrame]
FOLDER = Path(__file__).parents[1] / "cases" / "pricing"
IDENTITY = """\
contract = "plan"
payer = "Example"
effective = 2026-01-01
until = 2026-12-31
[match]
payer_id = ["PAYER"]
"""
SCHEDULE = """\
code,modifier,setting,rate,effective,until
97140,,,31.50,,
97110,,,33.00,,
97530,,,40.00,,
97161,,,84.00,,
99213,,,90.00,,
"""
KNOWN = {
    "title",
    "source",
    "arithmetic",
    "contract",
    "files",
    "schedule",
    "sites",
    "clinicians",
    "lines",
    "expect",
}


def cases() -> Iterator[Any]:
    for path in sorted(FOLDER.glob("*.toml")):
        for case in tomllib.loads(path.read_text(encoding="utf-8"))["case"]:
            yield pytest.param(case, id=f"{path.stem}: {case['title']}")


def cents(amount: str | None) -> int | None:
    return None if amount is None else int(amount.replace(".", ""))


def terms_of(case: Mapping[str, Any], folder: Path) -> Terms:
    files = dict(case.get("files", {}))
    if "contract" in case:
        files["plan.toml"] = IDENTITY + case["contract"]
    if any("rates.csv" in text for text in files.values()):
        files["rates.csv"] = case.get("schedule", SCHEDULE).lstrip()
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    return read_terms(folder)


_PRICED: dict[str, Repriced] = {}


def priced(case: Mapping[str, Any], folder: Path, reference: Reference, make_lines: MakeLines) -> Repriced:
    """Price the case's lines, once for all tests of it.

    TOML has no null: an empty text for units or charge stands for it.
    """
    if case["title"] not in _PRICED:
        _PRICED[case["title"]] = price(case, folder, reference, make_lines)
    return _PRICED[case["title"]]


def price(case: Mapping[str, Any], folder: Path, reference: Reference, make_lines: MakeLines) -> Repriced:
    practice = Practice.from_settings(
        {"site": case.get("sites", []), "clinician": case.get("clinicians", [])}
    )
    given = [
        {key: None if value == "" and key != "modifiers" else value for key, value in line.items()}
        for line in case["lines"]
    ]
    return reprice(make_lines(given), terms_of(case, folder), reference, practice)


def seen(row: Mapping[str, Any], wanted: Mapping[str, Any]) -> dict[str, Any]:
    """What the row says of each thing the case states, and of what it leaves unsaid."""
    low, high = row["expected_low_cents"], row["expected_high_cents"]
    return {
        "outcome": row["outcome"],
        "amount": low,
        "high": high,
        "judged_on": row["judged_on"],
        "group": row["group_expected_cents"],
        "lead": row["group_lead"],
        "charge_below": row["lesser_of_applied"],
        "unit": row["unit_rate_cents"] if "unit" in wanted else None,
        "tolerance": row["tolerance_cents"] if "tolerance" in wanted else None,
        "reason": wanted.get("reason", "") in (row["reason"] or ""),
    }


def stated(wanted: Mapping[str, Any]) -> dict[str, Any]:
    amount = cents(wanted.get("amount"))
    return {
        "outcome": wanted.get("outcome", "PRICED"),
        "amount": amount,
        "high": cents(wanted.get("high")) if "high" in wanted else amount,
        "judged_on": wanted.get("judged_on", "line" if amount is not None else None),
        "group": cents(wanted.get("group")),
        "lead": wanted.get("lead", False),
        "charge_below": wanted.get("charge_below", False),
        "unit": cents(wanted.get("unit")),
        "tolerance": cents(wanted.get("tolerance")),
        "reason": True,
    }


@pytest.mark.parametrize("case", list(cases()))
def test_case(case: dict[str, Any], tmp_path: Path, reference: Reference, make_lines: MakeLines) -> None:
    assert set(case) <= KNOWN
    assert case["arithmetic"]
    assert case["source"]
    rows = priced(case, tmp_path, reference, make_lines).lines.to_dicts()
    got = [seen(row, wanted) for row, wanted in zip(rows, case["expect"], strict=True)]
    assert got == [stated(wanted) for wanted in case["expect"]], [row["reason"] for row in rows]


@pytest.mark.parametrize("case", list(cases()))
def test_steps_reach_the_amount(
    case: dict[str, Any], tmp_path: Path, reference: Reference, make_lines: MakeLines
) -> None:
    """Every priced line has steps from 1, the last of which is its expected amount; no other line has any."""
    result = priced(case, tmp_path, reference, make_lines)
    last = result.steps.group_by("line_id").agg(
        pl.col("after_cents").last(), (pl.col("step") == pl.int_range(1, pl.len() + 1)).all().alias("counted")
    )
    known = result.lines.filter(pl.col("expected_cents").is_not_null())
    joined = known.join(last, on="line_id", how="full", coalesce=True)
    assert joined.filter(
        pl.col("after_cents").ne_missing(pl.col("expected_cents")) | ~pl.col("counted").fill_null(value=False)
    ).is_empty()
    assert result.steps.select("operation", "detail", "source").null_count().sum_horizontal().item() == 0


@pytest.mark.parametrize("case", list(cases()))
def test_each_step_can_be_recomputed(
    case: dict[str, Any], tmp_path: Path, reference: Reference, make_lines: MakeLines
) -> None:
    """A step begins where the one before ended, and its arithmetic comes to what it says it comes to."""
    for steps in priced(case, tmp_path, reference, make_lines).steps.partition_by("line_id"):
        reached: int | None = None
        for step in steps.to_dicts():
            assert step["before_cents"] == reached, step
            reached = step["after_cents"]
            found = [(recomputed(text), cents(said)) for text, said in equations(step["detail"])]
            assert all(computed == said for computed, said in found), step
            if found and step["operation"] != "multiple_procedure":
                assert found[-1][1] == reached, step
        assert reached is not None


ARITHMETIC = {"percent_of_medicare", "units", "assistant", "practitioner", "bilateral", "non_participating"}


def test_arithmetic_is_written_out() -> None:
    """The steps that compute have an equation: else the test above would pass on words alone."""
    steps = pl.concat([result.steps for result in _PRICED.values()])
    computed = steps.filter(pl.col("operation").is_in(ARITHMETIC))
    assert set(computed["operation"]) == ARITHMETIC
    assert computed.filter(~pl.col("detail").str.contains(" = ")).is_empty()


EQUATION = re.compile(r"([\d(][\d.,x+\-/%() ]*) = (-?\d+\.\d\d)(?!\d)")


def equations(detail: str) -> list[tuple[str, str]]:
    return EQUATION.findall(detail)


def recomputed(text: str) -> int:
    """Cents of an expression with x, /, +, - and %, exact, rounded half-up once."""
    while text.count("(") > text.count(")"):
        text = text[text.index("(") + 1 :]
    exact = re.sub(r"\d+(\.\d+)?", lambda number: f"Fraction('{number[0]}')", text)
    value: Fraction = eval(exact.replace("%", "/ 100").replace("x", "*"), {"Fraction": Fraction})  # noqa: S307
    return math.floor(value * 100 + Fraction(1, 2))


def test_there_are_enough_cases() -> None:
    titles = [case.values[0]["title"] for case in cases()]
    assert len(titles) >= 60
    assert len(titles) == len(set(titles)), "priced once by title"
