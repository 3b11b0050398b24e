"""The arithmetic of a step in words and numbers; every `… = 1.23` in it can be recomputed from what stands before."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from .medicare import EXACT_SCALE
from .medicare_rules import chain_percents, medicare_rules
from .money import PERCENT_SCALE, decimals, dollars, parse_percent, percent_text, percents_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

DIRECT = ("percent_of_charge", "per_visit")
_EXACT_PLACES = 12


def _exact_dollars(column: str) -> pl.Expr:
    """Return an unrounded amount with all its decimals: cents x EXACT_SCALE as dollars."""
    scaled = pl.col(column) * (10**_EXACT_PLACES // (100 * EXACT_SCALE))
    return decimals(scaled, _EXACT_PLACES).str.strip_chars_end("0").str.strip_chars_end(".")


def _times(percents: Sequence[pl.Expr]) -> pl.Expr:
    """Write ` x 85 % x 95 %` for the percentages that are not 100."""
    return pl.concat_str(
        pl.when(percent == PERCENT_SCALE)
        .then(pl.lit(""))
        .otherwise(pl.format(" x {} %", percent_text(percent)))
        for percent in percents
    )


def once_text(after: pl.Expr) -> pl.Expr:
    """Write the unit before rounding times all its percentages."""
    return pl.format(
        "rounded once: {}{} = {}", _exact_dollars("exact_low"), _times(chain_percents("low")), dollars(after)
    )


def _one_by_one(amount: pl.Expr, percents: Sequence[pl.Expr]) -> tuple[pl.Expr, pl.Expr]:
    """Take percentages one after the other, rounding each: the amount, and the text of those that change it."""
    texts: list[pl.Expr] = []
    for percent in percents:
        after = percents_of(amount, (percent,))
        step = pl.format("; {} x {} % = {}", dollars(amount), percent_text(percent), dollars(after))
        texts.append(pl.when(percent != PERCENT_SCALE).then(step).otherwise(pl.lit("")))
        amount = after
    return amount, pl.concat_str(texts).str.strip_prefix("; ")


def cuts() -> Iterator[tuple[pl.Expr, pl.Expr]]:
    """Yield the kinds of reduced unit: which lines have it (those left by the kinds before), and how it comes about."""
    ruled = [percent == PERCENT_SCALE for percent in (pl.col("percent"), *chain_percents("low"))]
    percent = pl.format(
        "{} x {} % = {}",
        dollars(pl.col("unit_low")),
        percent_text(pl.col("multiple_procedure_percent")),
        dollars(pl.col("cut_low")),
    )
    proportion = pl.format(
        "as Medicare halves the practice expense: {} x {} / {} = {}",
        dollars(pl.col("unit_low")),
        dollars(pl.col("medicare_reduced_low")),
        dollars(pl.col("medicare_full_low")),
        dollars(pl.col("cut_low")),
    )
    yield pl.col("multiple_procedure") == "percent", percent
    yield pl.col("surgical"), _operation_cut()
    yield pl.col("reduced_low").is_null(), proportion
    yield pl.all_horizontal(ruled), _half_expense()
    yield pl.lit(value=True), _therapy_cut()


def _operation_cut() -> pl.Expr:
    half = pl.lit(parse_percent(medicare_rules()["multiple_surgery"]["next"]), pl.Int64)
    bilateral, *others = chain_percents("low")
    percents = (bilateral, half, *others)
    amount, text = _one_by_one(pl.col("base_low"), percents)
    once = pl.format(
        "rounded once: {}{} = {}", _exact_dollars("exact_low"), _times(percents), dollars(pl.col("cut_low"))
    )
    return pl.when(amount == pl.col("cut_low")).then(text).otherwise(once)


def _half_expense() -> pl.Expr:
    """Write half the practice expense of the low unit; by the formula where there is one place alone."""
    formula = pl.when(pl.col("place_count") == 1).then(pl.col("reduced_detail"))
    return pl.format("half the practice expense: {}", pl.coalesce(formula, dollars(pl.col("reduced_low"))))


def _therapy_cut() -> pl.Expr:
    """Write half the practice expense of the low unit, then its percentages."""
    percents = (pl.col("percent"), *chain_percents("low"))
    amount, text = _one_by_one(pl.col("reduced_low"), percents)
    exact = _exact_dollars("half_exact_low")
    once = pl.format("rounded once: {}{} = {}", exact, _times(percents), dollars(pl.col("cut_low")))
    way = pl.when(amount == pl.col("cut_low")).then(text).otherwise(once)
    return pl.format("{}; {}", _half_expense(), way)


def line_expression() -> pl.Expr:
    """Write a line that is rounded once: `(1 x 31.50 + 2 x 31.50 x 75 %) x 85 %`."""
    cut_units = pl.col("units") - pl.col("full_units_low")
    base = dollars(pl.col("base_low"))
    half = parse_percent(medicare_rules()["multiple_surgery"]["next"])
    cut = (
        pl.when(pl.col("multiple_procedure") == "percent")
        .then(pl.format("{} x {} %", base, percent_text(pl.col("multiple_procedure_percent"))))
        .when("surgical")
        .then(pl.format("{} x {} %", base, percent_text(pl.lit(half, pl.Int64))))
        .otherwise(dollars(pl.coalesce("reduced_low", "cut_low")))
    )
    whole = pl.format("{} x {}", "full_units_low", base)
    part = pl.format("{} x {}", cut_units, cut)
    terms = (
        pl.when(cut_units == 0)
        .then(whole)
        .when(pl.col("full_units_low") == 0)
        .then(part)
        .otherwise(pl.format("({} + {})", whole, part))
    )
    assistant = pl.col("assistant").fill_null(PERCENT_SCALE)
    return pl.concat_str(terms, _times((pl.col("percent"), *chain_percents("low"), assistant)))


def share_text() -> pl.Expr:
    """Write what Medicare's percentages leave of a charge."""
    own = pl.when(pl.col("assistant_percent").is_null()).then("assistant").fill_null(PERCENT_SCALE)
    percents = [pl.col(name).fill_null(PERCENT_SCALE) for name in ("practitioner_low", "participation")]
    _, text = _one_by_one(pl.col("charge_cents"), (*percents, own))
    return pl.format("the charge at the same percentage, should it be compared first [OWN]: {}", text)


def cap_text() -> pl.Expr:
    """Write the total under the cap and how the line comes to its share."""
    total, own = pl.col("group_expected"), pl.col("expected_low")
    left = total - pl.col("group_taken")
    share = (
        pl.when(left <= 0)
        .then(pl.lit("nothing is left for this line"))
        .when(own == left)
        .then(
            pl.format(
                "left for this line: {} - {} = {}",
                dollars(total),
                dollars(pl.col("group_taken")),
                dollars(own),
            )
        )
        .otherwise(pl.format("this line in full: {}", dollars(own)))
    )
    against = pl.format("{} against {} expected; {}", dollars(total), dollars(pl.col("group_total")), share)
    smaller = pl.when("lesser_of_applied").then(pl.lit(", the charges of the visit being smaller"))
    lead = pl.when(pl.col("group_lead_id") == pl.col("line_id")).then(pl.lit("on this line"))
    return (
        pl.when(pl.col("cap") == "per_visit")
        .then(
            pl.format(
                "one amount a visit: {}{}, {}",
                dollars(total),
                smaller.otherwise(pl.lit("")),
                lead.otherwise(pl.lit("shown on another line")),
            )
        )
        .when(pl.col("group_expected").is_null())
        .then(
            pl.format(
                "a cap that may bite or not: judged on the sum of its lines, at least {}",
                dollars(pl.col("group_total")),
            )
        )
        .when(pl.col("cap") == "visit_maximum")
        .then(pl.format("maximum of the day: {}", against))
        .when(pl.col("cap") == "equal_rank")
        .then(pl.format("ranks as high as another line of the day, judged on their sum: {}", against))
        .otherwise(pl.format("charges of the claim: {}", against))
    )
