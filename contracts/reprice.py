"""Reprice service lines: what each should have been allowed, with every step of how.

Pure and deterministic: the same lines, terms, reference and practice give the same rows whatever order the
lines come in. The stages, each in its module: matching (which contract), places (where), rates (the unit),
reductions (multiple procedures, assistants, units), caps (smaller of charge and rate, per visit, maximums),
steps (the proof).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from .caps import cap_lines
from .contract_facts import contract_facts
from .matching import match_contracts
from .medicare import price_units
from .medicare_terms import MEDICARE_TERMS
from .money import dollars
from .places import place_lines
from .prepare import LINE_SCHEMA, prepare
from .rates import RATE_COLUMNS, Rates
from .reductions import reduce_lines, therapy_codes
from .steps import STEP_SCHEMA, price_steps

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .practice import Practice
    from .reference import Reference
    from .terms import Contract, Terms

__all__ = ["LINE_SCHEMA", "OUTPUT_SCHEMA", "STEP_SCHEMA", "Repriced", "reprice"]

OUTPUT_SCHEMA: dict[str, pl.DataType] = {
    "line_id": pl.Int64(),
    "outcome": pl.String(),
    "reason": pl.String(),
    "contract": pl.String(),
    "contract_file": pl.String(),
    "contract_effective": pl.Date(),
    "payer": pl.String(),
    "plan": pl.String(),
    "rate_basis": pl.String(),
    "rate_row": pl.String(),
    "site": pl.String(),
    "setting": pl.String(),
    "locality": pl.String(),
    "locality_source": pl.String(),
    "unit_rate_cents": pl.Int64(),
    "expected_cents": pl.Int64(),
    "expected_low_cents": pl.Int64(),
    "expected_high_cents": pl.Int64(),
    "lesser_of_applied": pl.Boolean(),
    "judged_on": pl.String(),
    "group_id": pl.String(),
    "group_expected_cents": pl.Int64(),
    "group_lead": pl.Boolean(),
    "tolerance_cents": pl.Int64(),
}
"""One row a line_id, in order of line_id.

Money in cents; `expected_cents` is the low end where low and high differ.
"""

_ONLY_MATCHED = ("payer_ids", "payer_name", "class_of_contract", "filing_indicator", "group_number")
_DIRECT = ("percent_of_charge", "per_visit")


@dataclass(frozen=True)
class Repriced:
    """`lines` has OUTPUT_SCHEMA, `steps` has STEP_SCHEMA."""

    lines: pl.DataFrame
    steps: pl.DataFrame


def reprice(lines: pl.DataFrame, terms: Terms, reference: Reference, practice: Practice) -> Repriced:
    """Price every line of LINE_SCHEMA.

    Raises ValueError where columns are missing or line_id is not unique.
    """
    contracts = [*terms.contracts, MEDICARE_TERMS]
    prepared = prepare(lines)
    matched = (
        match_contracts(prepared, contracts)
        .drop(_ONLY_MATCHED)
        .join(contract_facts(contracts), on="contract_ix", how="left", validate="m:1")
    )
    judged = _capitation(matched)
    inside = judged.filter(pl.col("outcome").is_null())
    priced = _priced(inside, terms, contracts, reference, practice)
    outside = judged.filter(pl.col("outcome").is_not_null())
    every = pl.concat([priced, outside], how="diagonal")
    return Repriced(_output(every), price_steps(priced.filter(pl.col("expected_low").is_not_null())))


def _capitation(matched: pl.DataFrame) -> pl.DataFrame:
    carved = pl.col("code").is_in(pl.col("carve_out_codes")).fill_null(value=False)
    held = (pl.col("capitated") & ~carved).fill_null(value=False)
    return matched.with_columns(
        pl.when(held).then(pl.lit("CAPITATED")).otherwise("outcome").alias("outcome"),
        pl.when(held)
        .then(pl.format("{} is capitated and {} is not carved out of it", "contract", "code"))
        .otherwise("reason")
        .alias("reason"),
    )


def _priced(
    lines: pl.DataFrame, terms: Terms, contracts: Sequence[Contract], reference: Reference, practice: Practice
) -> pl.DataFrame:
    """Return the lines that have a contract: rates, reductions, problems, caps, outcome."""
    placed = place_lines(lines, practice, reference.zip_locality).with_row_index("row")
    rated = placed.join(
        Rates.of(terms, contracts, reference, practice).price(placed), on="row", how="left", validate="1:1"
    )
    whole = _one_a_line(_with_indicator(rated, reference))
    reduced = reduce_lines(_with_therapy(whole))
    judged = reduced.with_columns(_problem().alias("problem"))
    judged = judged.with_columns(pl.coalesce("problem", _capped_unknown()).alias("problem"))
    good = cap_lines(judged.filter(pl.col("problem").is_null()))
    bad = judged.filter(pl.col("problem").is_not_null())
    return _outcome(pl.concat([good, bad], how="diagonal"))


def _with_indicator(rated: pl.DataFrame, reference: Reference) -> pl.DataFrame:
    """Medicare's own unit at the date of service, for contracts that follow its multiple-procedure rule."""
    dated = rated.with_columns(price_date=pl.col("service_date"), qp=pl.lit("no"))
    ruled = dated.filter(pl.col("multiple_procedure") == "medicare")
    key = ["code", "row_modifier", "setting", "mac", "locality", "price_date", "qp"]
    found = price_units(ruled.select(key).unique(), reference).select(
        *key,
        "indicator",
        pl.col("pe").alias("pe_low"),
        pl.col("pe").alias("pe_high"),
        *(pl.col("full_cents").alias(f"medicare_full_{side}") for side in ("low", "high")),
        *(pl.col("reduced_cents").alias(f"medicare_reduced_{side}") for side in ("low", "high")),
        pl.col("problem").alias("unit_problem"),
    )
    return dated.join(found, on=key, how="left", nulls_equal=True, validate="m:1").drop("price_date", "qp")


_LOWEST = (
    *(name for name in RATE_COLUMNS if not name.endswith(("_low", "_high"))),
    "setting",
    "unit_problem",
    "indicator",
)


def _one_a_line(rated: pl.DataFrame) -> pl.DataFrame:
    """Candidates of one line become one row: low and high over them, texts of the lowest, places joined."""
    located = rated.with_columns(pl.format("{}-{}", "mac", "locality").alias("locality")).drop("row", "mac")
    single = located.filter(pl.col("place_count") == 1)
    several = located.filter(pl.col("place_count") > 1)
    if several.is_empty():
        return single
    texts = ("site", "locality", "locality_source", "place_problem")
    kept = [
        name
        for name in located.columns
        if name not in {"line_id", *texts} and not name.endswith(("_low", "_high"))
    ]
    low = [name for name in located.columns if name.endswith("_low")]
    high = [name for name in located.columns if name.endswith("_high")]
    ordered = several.sort("line_id", "base_low", "locality", "setting", "site", nulls_last=True)
    unknown = pl.col("base_low").is_null().any() | (pl.col("clause").n_unique() > 1)
    merged = ordered.group_by("line_id", maintain_order=True).agg(
        *(pl.col(name).first() for name in kept),
        *(
            pl.col(name).unique(maintain_order=True).drop_nulls().str.join(" | ").alias(name)
            for name in texts
        ),
        *(pl.when(~unknown).then(pl.col(name).min()).alias(name) for name in low),
        *(pl.when(~unknown).then(pl.col(name).max()).alias(name) for name in high),
        pl.col("rate_problem").drop_nulls().sort().first().alias("_problem"),
        unknown.alias("_unknown"),
    )
    undecided = pl.when("_unknown").then(
        pl.coalesce("_problem", pl.lit("the candidate sites are priced by different entries of the contract"))
    )
    merged = merged.with_columns(
        undecided.alias("rate_problem"),
        pl.col("split_unknown") | (pl.col("_unknown") & pl.col("_problem").is_null()),
    )
    return pl.concat([single, merged.select(located.columns)])


def _with_therapy(lines: pl.DataFrame) -> pl.DataFrame:
    """Whether the code is of the therapy set, and what is not known about that on the date."""
    codes = therapy_codes()
    listed = codes.select("code", pl.lit(value=True).alias("listed")).unique()
    first, last = codes["effective"].min(), codes["until"].max()
    day = pl.col("service_date")
    verified = day.is_between(pl.lit(first, pl.Date), pl.lit(last, pl.Date)).fill_null(value=False)
    text = pl.format(
        "whether the multiple-procedure rule covers {} on {} is not known: load the release",
        "code",
        day.dt.to_string(),
    )
    return (
        lines.join(listed, on="code", how="left", validate="m:1")
        .with_columns(pl.col("listed").fill_null(value=False).alias("in_therapy_set"))
        .with_columns(
            pl.when(~verified).then(text).alias("therapy_problem"),
            pl.when(pl.col("indicator").is_null() & (pl.col("in_therapy_set") | ~verified))
            .then(pl.coalesce("unit_problem", text))
            .alias("indicator_problem"),
        )
    )


def _problem() -> pl.Expr:
    """Why a line has no amount: the first of the reasons that applies."""
    direct = pl.col("rate_basis").is_in(_DIRECT).fill_null(value=False)
    no_charge = (pl.col("lesser_of") != "none") & pl.col("charge_cents").is_null()
    cut = pl.when(pl.col("unit_problem") == "no locality").then("place_problem").otherwise("unit_problem")
    return (
        pl.when(pl.col("base_low").is_null())
        .then("rate_problem")
        .when(~direct & pl.col("units").is_null())
        .then("units_problem")
        .when(no_charge)
        .then(pl.lit("the line has no charge to compare with the rate"))
        .when(pl.col("day_problem").is_not_null())
        .then("day_problem")
        .when(pl.col("line_low").is_null() | pl.col("line_high").is_null())
        .then(
            pl.coalesce(
                pl.format("the multiple-procedure rule needs Medicare's amount: {}", cut), pl.lit("no amount")
            )
        )
    )


def _capped_unknown() -> pl.Expr:
    """Return a total that caps cannot be known while a line under it has no amount."""
    day = (pl.col("visit_maximum_cents").is_not_null()) & pl.col("problem").is_not_null().any().over(
        "patient_day", "contract_ix"
    )
    claim = (pl.col("lesser_of") == "claim") & pl.col("problem").is_not_null().any().over(
        "claim_id", "contract_ix"
    )
    return (
        pl.when(day)
        .then(pl.lit("the day has a visit maximum and another line of it has no amount"))
        .when(claim)
        .then(pl.lit("lesser-of is by claim and another line of the claim has no amount"))
    )


def _outcome(lines: pl.DataFrame) -> pl.DataFrame:
    known = pl.col("problem").is_null()
    apart = pl.col("expected_low") != pl.col("expected_high")
    by_place = (pl.col("place_count") > 1) & (
        (pl.col("base_low") != pl.col("base_high"))
        | (pl.col("cut_low") != pl.col("cut_high")).fill_null(value=False)
    )
    unplaced = pl.col("split_unknown") & (
        (pl.col("problem") == pl.col("place_problem")).fill_null(value=False)
        | pl.col("problem").str.ends_with("different entries of the contract").fill_null(value=False)
    )
    between = pl.format(
        "expected between {} and {}", dollars(pl.col("expected_low")), dollars(pl.col("expected_high"))
    )
    return lines.with_columns(
        pl.when((known & apart & by_place) | unplaced)
        .then(pl.lit("AMBIGUOUS_LOCALITY"))
        .when(known)
        .then(pl.lit("PRICED"))
        .otherwise(pl.lit("NO_RATE"))
        .alias("outcome"),
        pl.when(~known)
        .then("problem")
        .when(apart & by_place)
        .then(
            pl.format(
                "{}: the candidates are {}; a ZIP+4 or a criterion of the site would settle it",
                between,
                "locality",
            )
        )
        .when(apart & pl.col("assistant").is_not_null())
        .then(
            pl.format("{}: how Medicare's assistant reduction meets its other rules is not proven", between)
        )
        .when(apart)
        .then(
            pl.format(
                "{}: the contract does not say which Medicare release or conversion factor it means", between
            )
        )
        .alias("reason"),
    )


def _output(every: pl.DataFrame) -> pl.DataFrame:
    grouped = pl.col("cap").is_not_null()
    kind = pl.when(pl.col("cap") == "claim_maximum").then(pl.lit("claim")).when(grouped).then(pl.lit("visit"))
    priced = pl.col("expected_low").is_not_null()
    units = pl.when(pl.col("rate_basis").is_in(_DIRECT)).then(1).otherwise("units")
    columns = {
        "unit_rate_cents": pl.when(priced & (pl.col("rate_basis") != "percent_of_charge")).then("unit_low"),
        "expected_cents": pl.col("expected_low"),
        "expected_low_cents": pl.col("expected_low"),
        "expected_high_cents": pl.col("expected_high"),
        "lesser_of_applied": pl.col("lesser_of_applied").fill_null(value=False),
        "judged_on": pl.when(priced).then(pl.coalesce(kind, pl.lit("line"))),
        "group_id": pl.format("{}:{}", kind, "group_lead_id"),
        "group_expected_cents": pl.col("group_expected"),
        "group_lead": (pl.col("group_lead_id") == pl.col("line_id")).fill_null(value=False),
        "tolerance_cents": pl.when(priced).then(pl.col("unit_tolerance_cents") * units),
    }
    present = pl.concat([_empty_working(), every], how="diagonal")
    return present.select(
        columns.get(name, pl.col(name)).cast(dtype).alias(name) for name, dtype in OUTPUT_SCHEMA.items()
    ).sort("line_id")


def _empty_working() -> pl.DataFrame:
    """Return the working columns that _output reads, so that a night of unmatched lines has them too."""
    return pl.DataFrame(
        schema={
            "rate_basis": pl.String,
            "rate_row": pl.String,
            "site": pl.String,
            "setting": pl.String,
            "locality": pl.String,
            "locality_source": pl.String,
            "unit_low": pl.Int64,
            "expected_low": pl.Int64,
            "expected_high": pl.Int64,
            "lesser_of_applied": pl.Boolean,
            "cap": pl.String,
            "group_expected": pl.Int64,
            "group_lead_id": pl.Int64,
        }
    )
