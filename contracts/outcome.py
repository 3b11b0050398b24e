"""What became of each line: its outcome, the reason in words, and the row that leaves the repricer."""

from __future__ import annotations

import polars as pl

from .money import PERCENT_SCALE, dollars

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
    "rank_group": pl.String(),
    "rank_gap_cents": pl.Int64(),
    "not_first_cents": pl.Int64(),
    "tolerance_cents": pl.Int64(),
    "unproven": pl.String(),
}
"""One row a line_id, in order of line_id.

Money in cents; `expected_cents` is the low end where low and high differ; `unproven`
names the rules behind the price that no source states.
"""

_DIRECT = ("percent_of_charge", "per_visit")


def line_problem() -> pl.Expr:
    """Why a line has no amount: the first of the reasons that applies."""
    direct = pl.col("rate_basis").is_in(_DIRECT).fill_null(value=False)
    no_charge = (pl.col("lesser_of") != "none") & pl.col("charge_cents").is_null()
    cut = pl.when(pl.col("unit_problem") == "no locality").then("place_problem").otherwise("unit_problem")
    return (
        pl.when(pl.col("base_low").is_null())
        .then("rate_problem")
        .when(~direct & pl.col("units").is_null())
        .then("units_problem")
        .when(pl.col("rule_problem").is_not_null())
        .then("rule_problem")
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


def capped_unknown() -> pl.Expr:
    """Return a total that caps cannot be known while a line under it has no amount."""
    unknown = pl.col("problem").is_not_null() & pl.col("doubt").is_null()
    day = pl.col("visit_maximum_cents").is_not_null() & unknown.any().over("patient_day", "contract_ix")
    claim = (pl.col("lesser_of") == "claim") & unknown.any().over("claim_id", "contract_ix")
    return (
        pl.when(day)
        .then(pl.lit("the day has a visit maximum and another line of it has no amount"))
        .when(claim)
        .then(pl.lit("lesser-of is by claim and another line of the claim has no amount"))
    )


def with_outcome(lines: pl.DataFrame) -> pl.DataFrame:
    """Add `unproven`, `outcome` and `reason` to lines that were priced, or have a `problem`."""
    return (
        lines.with_columns(_by_place().alias("_by_place"), _unproven().alias("unproven"))
        .with_columns(_outcome().alias("outcome"), _reason().alias("reason"))
        .drop("_by_place")
    )


def _known() -> pl.Expr:
    return pl.col("problem").is_null()


def _apart() -> pl.Expr:
    return pl.col("expected_low") != pl.col("expected_high")


def _by_place() -> pl.Expr:
    """Whether it is the candidate places that keep low and high apart."""
    differs = (pl.col("base_low") != pl.col("base_high")) | (pl.col("cut_low") != pl.col("cut_high"))
    return (pl.col("place_count") > 1) & differs.fill_null(value=False)


def _outcome() -> pl.Expr:
    unplaced = pl.col("split_unknown") & (
        (pl.col("problem") == pl.col("place_problem")).fill_null(value=False)
        | pl.col("problem").str.ends_with("different entries of the contract").fill_null(value=False)
    )
    return (
        pl.when((_known() & _apart() & pl.col("_by_place")) | unplaced)
        .then(pl.lit("AMBIGUOUS_LOCALITY"))
        .when(_known())
        .then(pl.lit("PRICED"))
        .when(pl.col("open_total"))
        .then(pl.lit("NOT_COMPARABLE"))
        .otherwise(pl.lit("NO_RATE"))
    )


def _reason() -> pl.Expr:
    between = pl.format(
        "expected between {} and {}", dollars(pl.col("expected_low")), dollars(pl.col("expected_high"))
    )
    settle = "{}: the candidates are {}; a ZIP+4 or a criterion of the site would settle it"
    rank = "{}: which of the lines that may rank first is the payer's choice, and their sum depends on it"
    unknown = "{}: whether another line of the day ranks first is not known: it has no amount to rank by, or none was allowed"
    unsaid = "{}: the contract does not say which Medicare release or conversion factor it means"
    return (
        pl.when(~_known())
        .then("problem")
        .when(_apart() & pl.col("_by_place"))
        .then(pl.format(settle, between, "locality"))
        .when(_apart() & pl.col("unproven").is_not_null())
        .then(pl.format("{}: {}", between, "unproven"))
        .when(_apart() & pl.col("rank_unsure") & pl.col("day_doubt").is_not_null())
        .then(pl.format("{}: {}", between, "day_doubt"))
        .when(_apart() & pl.col("rank_unsure") & pl.col("rank_unknown"))
        .then(pl.format(unknown, between))
        .when(_apart() & pl.col("rank_unsure"))
        .then(pl.format(rank, between))
        .when(_apart())
        .then(pl.format(unsaid, between))
    )


def _unproven() -> pl.Expr:
    """Name the rules behind a price that no source states: each [OWN] in docs/pricing.md."""
    medicare = pl.col("rate_basis") == "medicare"
    shares = [pl.col(name).fill_null(PERCENT_SCALE) for name in ("practitioner_low", "practitioner_high")]
    percents = [
        pl.col(name).fill_null(PERCENT_SCALE) != PERCENT_SCALE
        for name in ("bilateral_percent", "at_surgery_high", "practitioner_low", "participation")
    ]
    halved = pl.col("surgical") & (pl.col("units") > pl.col("full_units_low"))
    own_assistant = pl.col("assistant").is_not_null() & pl.col("assistant_percent").is_null()
    notes = (
        (own_assistant, "how the assistant reduction (CQ, CO) meets Medicare's other rules is not proven"),
        (shares[0] != shares[1], "the settings do not say the profession of who rendered the line"),
        (pl.col("at_surgery_low") == 0, "an assistant at surgery is paid here only with documentation"),
        (
            pl.col("clinicians_differ"),
            "whether operations by different clinicians are ranked together is not known",
        ),
        (
            pl.any_horizontal(*percents, halved),
            "whether percentages are rounded one by one or once is not proven",
        ),
        (
            pl.col("charge_share").is_not_null(),
            "whether the charge is compared before or after the percentage is not proven",
        ),
    )
    dropped = "an assistant's service (CQ, CO) was billed, and decided without the modifier"
    said = [
        pl.when(pl.col("assistant").is_not_null() & pl.col("assistant_dropped")).then(pl.lit(dropped)),
        *(pl.when(medicare & holds).then(pl.lit(text)) for holds, text in notes),
    ]
    joined = pl.concat_str(said, separator="; ", ignore_nulls=True)
    return pl.when(_known() & (joined != "")).then(joined)


def output_rows(every: pl.DataFrame) -> pl.DataFrame:
    grouped = pl.col("cap").is_not_null()
    kind = pl.when(pl.col("cap") == "claim_maximum").then(pl.lit("claim")).when(grouped).then(pl.lit("visit"))
    priced = pl.col("expected_low").is_not_null()
    by_rank = pl.col("cap").is_null() | (pl.col("cap") == "equal_rank")
    ranked = priced & by_rank & pl.col("rank_group").is_not_null()
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
        "rank_group": pl.when(ranked).then("rank_group"),
        "rank_gap_cents": pl.when(ranked).then(pl.col("unit_low") - pl.col("cut_low")),
        "not_first_cents": pl.when(ranked).then("not_first"),
        "tolerance_cents": pl.when(priced).then(pl.col("unit_tolerance_cents") * units),
    }
    present = pl.concat([_empty_working(), every], how="diagonal")
    return present.select(
        columns.get(name, pl.col(name)).cast(dtype).alias(name) for name, dtype in OUTPUT_SCHEMA.items()
    )


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
            "cut_low": pl.Int64,
            "expected_low": pl.Int64,
            "expected_high": pl.Int64,
            "lesser_of_applied": pl.Boolean,
            "cap": pl.String,
            "group_expected": pl.Int64,
            "group_lead_id": pl.Int64,
            "rank_group": pl.String,
            "not_first": pl.Int64,
            "unproven": pl.String,
        }
    )
