"""Lines of which it is not known whether they are part of a patient-day: what they leave unknown of it.

A line that is judged must be short with them and without. They are ranked with the others (see `reductions`); what is
paid as one amount for a day or a claim is not judged where one of them may have taken part of it.
"""

from __future__ import annotations

import polars as pl

_DAY = ["patient_day", "contract_ix"]
_CLAIM = ["claim_id", "contract_ix"]
_UNMATCHED = ("NO_CONTRACT", "AMBIGUOUS_CONTRACT")


def with_unmatched(matched: pl.DataFrame) -> pl.DataFrame:
    """Add lines whose contract is not known to the days of the same payer's contracts, as doubtful ones.

    Wants the rows of match_contracts(). Added rows have a `line_id` below zero; `of_line_id` is the line's own.
    """
    matched = matched.with_columns(of_line_id="line_id")
    unmatched = matched.filter(pl.col("outcome").is_in(_UNMATCHED))
    day = ["patient_day", "payer_key"]
    inside = matched.filter(pl.col("outcome").is_null()).select(*day, "contract_ix").unique()
    found = unmatched.drop("contract_ix").join(inside, on=day, how="inner").sort("line_id", "contract_ix")
    why = pl.lit("of a line of the day it is not known which contract it falls under")
    added = found.with_row_index("_number").select(
        pl.lit(None, matched.schema[name]).alias(name)
        if name in {"outcome", "reason"}
        else (-1 - pl.col("_number").cast(pl.Int64)).alias(name)
        if name == "line_id"
        else pl.coalesce("doubt", why).alias(name)
        if name == "doubt"
        else pl.col(name)
        for name in matched.columns
    )
    return pl.concat([matched, added])


def is_doubtful() -> pl.Expr:
    """Whether it is not known if the line is part of the day."""
    return pl.col("doubt").is_not_null()


def may_not_rank() -> pl.Expr:
    """Whether it is not known if the line takes a rank of the day: also one for which nothing was allowed."""
    return is_doubtful() | pl.col("nothing_allowed").fill_null(value=False)


def day_doubt() -> pl.Expr:
    """Why it is not known what else is part of the line's day under its contract; null: all of it is known."""
    return pl.col("doubt").drop_nulls().sort().first().over(_DAY)


def open_total() -> pl.Expr:
    """Why the total that the line would be judged on (a visit, a claim) is not known.

    Wants `rate_basis`, `problem`, line_high and the clauses. A cap that stays above everything that may be under it
    leaves nothing open.
    """
    unknown = is_doubtful() & pl.col("problem").is_not_null()
    by_visit = (pl.col("rate_basis") == "per_visit").fill_null(value=False)
    may_be_of_visit = is_doubtful() & (by_visit | pl.col("rate_basis").is_null() & (pl.col("code") == ""))
    most = (
        pl.when((pl.col("lesser_of") == "line") & ~by_visit)
        .then(pl.min_horizontal("line_high", "charge_cents"))
        .otherwise("line_high")
    )
    over = (most.sum().over(_DAY) > pl.col("visit_maximum_cents")) | unknown.any().over(_DAY)
    capped = pl.col("visit_maximum_cents").is_not_null() & over
    below = (pl.col("charge_cents") < pl.col("line_high")) | unknown
    charged = (pl.col("lesser_of") == "claim") & below.any().over(_CLAIM)
    why = pl.col("doubt").drop_nulls().sort().first()
    return (
        pl.when(by_visit & may_be_of_visit.any().over(_DAY))
        .then(pl.format("the visit is paid as one amount: {}", day_doubt()))
        .when(capped & is_doubtful().any().over(_DAY))
        .then(pl.format("the day has a maximum: {}", day_doubt()))
        .when(charged & is_doubtful().any().over(_CLAIM))
        .then(pl.format("the claim is judged as a whole: {}", why.over(_CLAIM)))
    )
