"""The shape of what the repricer takes and gives."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest

from contracts import LINE_SCHEMA, OUTPUT_SCHEMA, STEP_SCHEMA, Practice, Reference, Terms, read_terms, reprice

if TYPE_CHECKING:
    from pathlib import Path

MakeLines = Callable[[Sequence[Mapping[str, Any]]], pl.DataFrame]
MEDICARE = {"filing_indicator": "MB"}


def test_no_lines(reference: Reference) -> None:
    result = reprice(pl.DataFrame(schema=LINE_SCHEMA), Terms(), reference, Practice())
    assert dict(result.lines.schema) == OUTPUT_SCHEMA
    assert dict(result.steps.schema) == STEP_SCHEMA
    assert result.lines.is_empty()
    assert result.steps.is_empty()


@pytest.mark.parametrize(
    "lines", [[{}], [MEDICARE], [{}, MEDICARE], [{"service_date": None}], [{"payer_ids": None}]]
)
def test_one_row_a_line_in_the_exact_schema(
    make_lines: MakeLines, reference: Reference, lines: list[dict[str, Any]]
) -> None:
    result = reprice(make_lines(lines), Terms(), reference, Practice())
    assert dict(result.lines.schema) == OUTPUT_SCHEMA
    assert dict(result.steps.schema) == STEP_SCHEMA
    assert result.lines["line_id"].to_list() == list(range(1, len(lines) + 1))


def test_without_reference_nothing_is_priced(make_lines: MakeLines) -> None:
    (row,) = reprice(make_lines([MEDICARE]), Terms(), Reference(), Practice()).lines.to_dicts()
    assert (row["outcome"], row["expected_cents"]) == ("NO_RATE", None)
    assert "no PPRRVU release is loaded for 2026-03-02" in row["reason"]


def test_integer_units_will_do(make_lines: MakeLines, reference: Reference) -> None:
    lines = make_lines([MEDICARE | {"units": 2}]).with_columns(pl.col("units").cast(pl.Int64))
    assert reprice(lines, Terms(), reference, Practice()).lines["expected_cents"].to_list() == [4902]


def test_bad_calls(make_lines: MakeLines, reference: Reference) -> None:
    lines = make_lines([{}, {}])
    with pytest.raises(ValueError, match="lines lack payee_zip"):
        reprice(lines.drop("payee_zip"), Terms(), reference, Practice())
    with pytest.raises(ValueError, match="not unique"):
        reprice(lines.with_columns(line_id=1), Terms(), reference, Practice())


def test_the_proof_of_a_medicare_line(make_lines: MakeLines, reference: Reference) -> None:
    result = reprice(make_lines([MEDICARE | {"units": 2}]), Terms(), reference, Practice())
    assert result.steps.select("operation", "detail", "source", "before_cents", "after_cents").rows() == [
        (
            "rate",
            "(0.43 x 1.009 + 0.39 x 0.996 + 0.01 x 0.858) x 33.4009 = 27.75",
            "PPRRVU RVU26C 97140; GPCI 2026 04412-11; conversion factor RVU26C",
            None,
            2775,
        ),
        (
            "multiple_procedure",
            (
                "ranked first of 1 lines that day: 1 at 27.75, 1 reduced (half the practice expense: "
                "(0.43 x 1.009 + 0.39 / 2 x 0.996 + 0.01 x 0.858) x 33.4009 = 21.27)"
            ),
            "multiple-procedure indicator 5: half the practice expense of all units of the day but one",
            2775,
            2775,
        ),
        ("units", "1 x 27.75 + 1 x 21.27 = 49.02", "units of the service line", 2775, 4902),
    ]
    (row,) = result.lines.to_dicts()
    assert row["rate_row"] == "PPRRVU RVU26C 97140, 04412-11"
    assert (row["locality"], row["locality_source"], row["setting"]) == (
        "04412-11",
        "payee ZIP",
        "nonfacility",
    )
    assert (row["contract"], row["contract_file"], row["rate_basis"]) == (
        "medicare",
        "built-in medicare.toml",
        "medicare",
    )


def test_a_price_does_not_depend_on_what_is_priced_beside_it(
    tmp_path: Path, make_lines: MakeLines, reference: Reference
) -> None:
    """A contract that cuts by a percentage must not see the amounts that a line of another contract asks Medicare for."""
    (tmp_path / "rates.csv").write_text("code,rate\n97110,40.00\n97140,40.00\n")
    for name, rule in (
        ("own", 'multiple_procedure = "percent"\nmultiple_procedure_percent = 80'),
        ("other", 'multiple_procedure = "medicare"'),
    ):
        (tmp_path / f"{name}.toml").write_text(
            f'contract = "{name}"\npayer = "{name}"\neffective = 2026-01-01\n[match]\npayer_id = ["{name}"]\n'
            f'[[rate]]\nbasis = "fee_schedule"\nfile = "rates.csv"\n[terms]\n{rule}\n'
        )
    terms = read_terms(tmp_path)
    own: dict[str, Any] = {"payer_ids": ["own"]}
    beside: dict[str, Any] = {"payer_ids": ["other"], "patient_day": "another", "claim_id": 2}
    day = [own, own | {"procedure_code": "97110", "units": 2}]
    alone = reprice(make_lines(day), terms, reference, Practice())
    together = reprice(make_lines([*day, beside]), terms, reference, Practice())
    assert alone.lines["expected_cents"].to_list() == [4000, 6400]
    assert together.lines.head(2).equals(alone.lines)
