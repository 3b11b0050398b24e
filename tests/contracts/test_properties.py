"""What must hold of any day, whatever the lines: cheaper rates, split lines, shuffled rows."""

from __future__ import annotations

import datetime as dt
import os
import tempfile
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import polars as pl
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contracts import Clinician, Practice, Reference, Repriced, Terms, read_terms, reprice

MakeLines = Callable[[Sequence[Mapping[str, Any]]], pl.DataFrame]
KEY = ["patient_day", "service_date", "contract"]
CODES = ("97140", "97110", "97530", "97112", "99213")
SURGERY = ("20610", "64493", "11042", "29881", "92002")
PRACTICE = Practice(
    clinicians=(
        Clinician(npi="1111111112", profession="nurse_practitioner", qp_years=(2026,)),
        Clinician(npi="2222222228", profession="physical_therapist", participating=False),
    )
)
QUICK = settings(
    max_examples=int(os.environ.get("EXAMPLES", "15")),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)

line = st.fixed_dictionaries(
    {
        "procedure_code": st.sampled_from((*CODES, *CODES, *SURGERY)),
        "units": st.integers(1, 4),
        "modifiers": st.sampled_from(["GP", "GP:CQ", "59:GP", "", "50", "80", "LT"]),
        "rendering_npi": st.sampled_from([None, "1111111112", "2222222228"]),
        "charge_cents": st.integers(0, 20_000),
        "patient_day": st.sampled_from(["a", "b"]),
        "claim_id": st.integers(1, 3),
        "filing_indicator": st.sampled_from(["12", "MB"]),
        "payer_ids": st.sampled_from([["PAYER"], ["OTHER"]]),
        "payee_zip": st.sampled_from(["75201", "75999", "99950"]),
        "service_date": st.sampled_from([dt.date(2026, 3, 2), dt.date(2025, 12, 31)]),
    }
)
clauses = st.sampled_from(
    [
        "",
        'multiple_procedure = "medicare"\nassistant_percent = 85',
        'multiple_procedure = "percent"\nmultiple_procedure_percent = 50\nvisit_maximum = "90.00"',
        'lesser_of = "claim"\nvisit_maximum = "120.00"',
        'lesser_of = "none"\nmultiple_procedure = "percent"\nmultiple_procedure_percent = 75',
        'rounding = "line"\nassistant_percent = 85\nmultiple_procedure = "medicare"',
    ]
)
rates = st.lists(st.integers(100, 15_000), min_size=len(CODES), max_size=len(CODES))


@cache
def terms_of(cents: tuple[int, ...], clause: str) -> Terms:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        rows = "\n".join(
            f"{code},{rate // 100}.{rate % 100:02d}" for code, rate in zip(CODES, cents, strict=True)
        )
        (folder / "rates.csv").write_text(f"code,rate\n{rows}\n")
        (folder / "plan.toml").write_text(
            'contract = "plan"\npayer = "P"\neffective = 2025-01-01\n[match]\npayer_id = ["PAYER"]\n'
            f'[[rate]]\nbasis = "fee_schedule"\nfile = "rates.csv"\n[terms]\n{clause}\n'
        )
        return read_terms(folder)


@QUICK
@given(st.lists(line, min_size=1, max_size=7), rates, clauses, st.randoms())
def test_the_order_of_rows_never_matters(
    reference: Reference,
    make_lines: MakeLines,
    lines: list[dict[str, Any]],
    cents: list[int],
    clause: str,
    rng: Any,
) -> None:
    terms = terms_of(tuple(cents), clause)
    frame = make_lines(lines)
    order = list(range(frame.height))
    rng.shuffle(order)
    one = reprice(frame, terms, reference, PRACTICE)
    other = reprice(frame[order], terms, reference, PRACTICE)
    assert one.lines.equals(other.lines)
    assert one.steps.equals(other.steps)
    check_proof(one)


def check_proof(priced: Repriced) -> None:
    """Low is never above high; steps follow one another from nothing to the expected amount."""
    assert priced.lines.filter(pl.col("expected_low_cents") > pl.col("expected_high_cents")).is_empty()
    chained = priced.steps.with_columns(pl.col("after_cents").shift(1).over("line_id").alias("reached"))
    assert chained.filter(pl.col("before_cents").ne_missing(pl.col("reached"))).is_empty()
    last = priced.steps.group_by("line_id").agg(pl.col("after_cents").last())
    wanted = priced.lines.filter(pl.col("expected_cents").is_not_null())
    joined = wanted.join(last, on="line_id", how="full", coalesce=True)
    assert joined.filter(pl.col("after_cents").ne_missing(pl.col("expected_cents"))).is_empty()


@QUICK
@given(
    st.lists(line, min_size=1, max_size=6),
    rates,
    st.integers(0, len(CODES) - 1),
    st.integers(1, 5_000),
    clauses,
)
def test_a_cheaper_rate_never_raises_the_day(
    reference: Reference,
    make_lines: MakeLines,
    lines: list[dict[str, Any]],
    cents: list[int],
    which: int,
    less: int,
    clause: str,
) -> None:
    """Of a day: under a percent rule another line may rise when the highest falls."""
    cheaper = [max(1, rate - less) if index == which else rate for index, rate in enumerate(cents)]
    frame = make_lines(lines)
    before, after = (
        reprice(frame, terms_of(tuple(each), clause), reference, PRACTICE)
        .lines.join(frame.select("line_id", "patient_day", "service_date"), on="line_id")
        .group_by("patient_day", "service_date")
        .agg(pl.col("expected_low_cents", "expected_high_cents").sum())
        for each in (cents, cheaper)
    )
    joined = before.join(after, on=["patient_day", "service_date"])
    for side in ("low", "high"):
        name = f"expected_{side}_cents"
        assert joined.filter(pl.col(f"{name}_right") > pl.col(name)).is_empty()


@QUICK
@given(
    st.lists(line, min_size=1, max_size=5),
    rates,
    st.sampled_from(["none", "medicare", "percent"]),
    st.integers(0, 4),
    st.integers(1, 3),
)
def test_splitting_a_line_never_changes_the_day(
    reference: Reference,
    make_lines: MakeLines,
    lines: list[dict[str, Any]],
    cents: list[int],
    rule: str,
    which: int,
    part: int,
) -> None:
    """Where rates are rounded by unit, charges do not bind, and the day is priced."""
    percent = "multiple_procedure_percent = 50\n" if rule == "percent" else ""
    terms = terms_of(
        tuple(cents), f'lesser_of = "none"\nassistant_percent = 85\nmultiple_procedure = "{rule}"\n{percent}'
    )
    ordered = [
        each | {"charge_cents": 1_000_000, "line_order": 2 * number} for number, each in enumerate(lines)
    ]
    split = ordered[which % len(ordered)]
    if split["units"] <= part:
        return
    rest = [each for each in ordered if each is not split]
    pieces = [
        split | {"units": part},
        split | {"units": split["units"] - part, "line_order": split["line_order"] + 1},
    ]

    def day(given_lines: list[dict[str, Any]]) -> pl.DataFrame:
        frame = make_lines(given_lines)
        priced = reprice(frame, terms, reference, PRACTICE).lines
        return (
            priced.join(frame.select("line_id", "patient_day", "service_date"), on="line_id")
            .group_by(KEY)
            .agg(
                pl.col("expected_cents").null_count().alias("unknown"),
                pl.col("expected_low_cents", "expected_high_cents").sum(),
            )
            .sort(KEY)
        )

    # a range is wider than what the day can come to: each of several lines may be the first, and not all of them
    certain = (pl.col("unknown") == 0) & (pl.col("expected_low_cents") == pl.col("expected_high_cents"))
    whole = day([*rest, split]).filter(certain)
    assert whole.equals(day([*rest, *pieces]).join(whole, on=KEY, how="semi", nulls_equal=True).sort(KEY))


@QUICK
@given(
    st.lists(line.filter(lambda each: each["filing_indicator"] == "MB"), min_size=1, max_size=6),
    st.integers(1, 20_000),
    st.sampled_from([100, 110, 250]),
)
def test_a_cheaper_medicare_never_raises_a_line(
    reference: Reference, make_lines: MakeLines, lines: list[dict[str, Any]], less: int, percent: int
) -> None:
    """With a lower conversion factor nothing priced by Medicare, or by a percentage of it, is expected higher."""
    lower = reference.conversion_factor.with_columns(
        (pl.col("factor") - pl.lit(less).cast(pl.Decimal(18, 6)) / pl.lit(1000)).cast(pl.Decimal(18, 6))
    )
    cheaper = Reference(reference.rvu, reference.gpci, reference.zip_locality, lower)
    terms = of_medicare(percent)
    frame = make_lines(lines)
    before, after = (reprice(frame, terms, tables, PRACTICE).lines for tables in (reference, cheaper))
    assert before["outcome"].is_in(["PRICED", "AMBIGUOUS_LOCALITY", "NO_RATE"]).all()
    joined = before.join(after, on="line_id")
    for side in ("low", "high"):
        name = f"expected_{side}_cents"
        assert joined.filter(pl.col(f"{name}_right") > pl.col(name)).is_empty()


@cache
def of_medicare(percent: int) -> Terms:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "plan.toml").write_text(
            'contract = "plan"\npayer = "P"\neffective = 2025-01-01\n[match]\npayer_id = ["PAYER"]\n'
            f'[[rate]]\nbasis = "percent_of_medicare"\npercent = {percent}\n'
            '[terms]\nmultiple_procedure = "medicare"\nassistant_percent = 85\n'
        )
        return read_terms(folder)
