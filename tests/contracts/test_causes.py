"""The cases of tests/cases/causes: each mistake shown, its evidence, and the near miss a cent off."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from contracts import GROUP_SCHEMA, LINE_SCHEMA, Practice, Reference, explain_short, reprice
from contracts.hypotheses import hypotheses
from tests.contracts.test_cases import KNOWN as PRICING
from tests.contracts.test_cases import cents, terms_of

MakeLines = Callable[[Sequence[Mapping[str, Any]]], pl.DataFrame]
FOLDER = Path(__file__).parents[1] / "cases" / "causes"
KNOWN = PRICING | {"near"}
Case = dict[str, Any]
Found = dict[int, list[dict[str, Any]]]


def cases() -> list[tuple[str, Case]]:
    return [
        (path.stem, case)
        for path in sorted(FOLDER.glob("*.toml"))
        for case in tomllib.loads(path.read_text(encoding="utf-8"))["case"]
    ]


def parameters() -> Iterator[Any]:
    for stem, case in cases():
        yield pytest.param(case, id=f"{stem}: {case['title']}")


def near_misses(case: Case) -> list[tuple[int, int]]:
    """Lines by number and amounts, a cent beside what the cause reproduces."""
    found = []
    for number, (line, wanted) in enumerate(zip(case["lines"], case["expect"], strict=True)):
        if "evidence" in wanted:
            allowed = cents(line["allowed"]) or 0
            beside = [cents(text) or 0 for text in case.get("near", [])] or [allowed - 1, allowed + 1]
            found += [(number, amount) for amount in beside]
    return found


def days_of(case: Case) -> list[dict[str, Any]]:
    """The lines of the day as the payer allowed it, then of a day more for each near miss."""
    days = []
    for count, (changed, amount) in enumerate([(-1, 0), *near_misses(case)]):
        for number, line in enumerate(case["lines"]):
            day = {"patient_day": f"{count} {line.get('patient_day', '')}", "claim_id": count}
            own = {"allowed_cents": amount if number == changed else cents(line["allowed"])}
            days.append(line | day | own)
    return days


def groups_of(priced: pl.DataFrame, days: Sequence[Mapping[str, Any]]) -> pl.DataFrame:
    """What core.judged_amount says of the lines: sums of what is judged together."""
    said = pl.DataFrame(
        [(number, day["allowed_cents"], day.get("decided")) for number, day in enumerate(days, 1)],
        schema={"line_id": pl.Int64, "allowed_cents": pl.Int64, "decided_units": pl.Int64},
        orient="row",
    )
    rows = priced.join(said, on="line_id", how="left", validate="1:1").with_columns(
        pl.coalesce("group_id", pl.format("line:{}", "line_id")).alias("judged_group"),
        pl.coalesce("group_expected_cents", "expected_low_cents").alias("expected_cents"),
    )
    summed = rows.with_columns(pl.col("allowed_cents").sum().over("judged_group"))
    short = (pl.col("allowed_cents") < pl.col("expected_cents")).alias("short")
    return summed.with_columns(short).select(pl.col(name).cast(kind) for name, kind in GROUP_SCHEMA.items())


def proven(case: Case, folder: Path, reference: Reference, make_lines: MakeLines) -> Found:
    """The proven causes of each short line of days_of(case), from 0, the likeliest first."""
    days = days_of(case)
    terms = terms_of(case, folder)
    practice = Practice.from_settings(
        {"site": case.get("sites", []), "clinician": case.get("clinicians", [])}
    )
    lines = make_lines([{key: value for key, value in day.items() if key in LINE_SCHEMA} for day in days])
    groups = groups_of(reprice(lines, terms, reference, practice).lines, days)
    causes = explain_short(lines, groups, terms, reference, practice)
    found: Found = {line_id - 1: [] for line_id in groups.filter("short")["line_id"]}
    for row in causes.filter("borne_out").iter_rows(named=True):
        found[row["line_id"] - 1].append(row)
    return found


@pytest.mark.parametrize("case", list(parameters()))
def test_the_cause_its_evidence_and_the_near_miss(
    case: Case, tmp_path: Path, reference: Reference, make_lines: MakeLines
) -> None:
    assert set(case) <= KNOWN
    assert case["arithmetic"]
    assert case["source"]
    found = proven(case, tmp_path, reference, make_lines)
    for number, wanted in enumerate(case["expect"]):
        rows = found.get(number, [])
        told = [wanted["cause"]] if "evidence" in wanted else []
        assert [row["cause"] for row in rows] == [*told, *wanted.get("rivals", [])], rows
        assert (number in found) == bool(wanted), "short lines have an expectation, others none"
        if rows:
            assert wanted["evidence"] in rows[0]["cause_evidence"]
    for count, (number, amount) in enumerate(near_misses(case), 1):
        rows = found.get(count * len(case["lines"]) + number, [])
        assert rows == [], f"{amount} is a cent beside"


def test_every_cause_has_a_case() -> None:
    shown = {line.get("cause") for _, case in cases() for line in case["expect"]}
    assert set(hypotheses()["cause"]) - shown == set()
