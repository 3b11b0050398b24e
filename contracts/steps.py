"""The proof of a price: one row for each operation, with arithmetic that a calculator can follow."""

from __future__ import annotations

import polars as pl

from .money import PERCENT_SCALE, dollars, percent_text

STEP_SCHEMA: dict[str, pl.DataType] = {
    "line_id": pl.Int64(),
    "step": pl.Int32(),
    "operation": pl.String(),
    "detail": pl.String(),
    "source": pl.String(),
    "before_cents": pl.Int64(),
    "after_cents": pl.Int64(),
}
"""`step` counts from 1 within a line.

Amounts of the unit until operation `units`, of the line from then on. Where low and high differ, the steps
are those of the low amount."""


def price_steps(lines: pl.DataFrame) -> pl.DataFrame:
    """Return the steps of priced lines, ordered by line_id and step."""
    if lines.is_empty():
        return pl.DataFrame(schema=STEP_SCHEMA)
    makers = (
        _rate,
        _candidates,
        _percent,
        _multiple_procedure,
        _assistant,
        _units,
        _line_rounding,
        _lesser_of,
        _cap,
    )
    parts = [
        maker(lines).with_columns(pl.lit(order, pl.Int32).alias("step")) for order, maker in enumerate(makers)
    ]
    ordered = pl.concat([part.select(*STEP_SCHEMA) for part in parts if not part.is_empty()]).sort(
        "line_id", "step"
    )
    return ordered.with_columns((pl.int_range(pl.len()).over("line_id") + 1).cast(pl.Int32).alias("step"))


def _step(
    lines: pl.DataFrame,
    operation: str | pl.Expr,
    detail: pl.Expr,
    source: pl.Expr,
    before: pl.Expr | None,
    after: pl.Expr,
) -> pl.DataFrame:
    return lines.select(
        "line_id",
        (pl.lit(operation) if isinstance(operation, str) else operation).alias("operation"),
        detail.alias("detail"),
        source.alias("source"),
        (pl.lit(None, pl.Int64) if before is None else before).alias("before_cents"),
        after.alias("after_cents"),
    )


def _terms_source(clause: str) -> pl.Expr:
    return pl.format("{} [terms] {}", "contract_file", pl.lit(clause))


def _rate(lines: pl.DataFrame) -> pl.DataFrame:
    return _step(lines, "rate", pl.col("rate_detail"), pl.col("rate_source"), None, pl.col("base_low"))


def _candidates(lines: pl.DataFrame) -> pl.DataFrame:
    several = lines.filter(pl.col("base_low") != pl.col("base_high"))
    detail = pl.format(
        "the lowest of the candidates, which reach {}; places: {}",
        dollars(pl.col("base_high")),
        pl.col("locality").fill_null("not needed"),
    )
    return _step(
        several, "candidates", detail, pl.col("locality_source"), pl.col("base_low"), pl.col("base_low")
    )


def _percent(lines: pl.DataFrame) -> pl.DataFrame:
    changed = lines.filter(pl.col("percent") != PERCENT_SCALE)
    medicare = pl.col("rate_basis") == "medicare"
    detail = pl.format(
        "{} % of {} = {}",
        percent_text(pl.col("percent")),
        dollars(pl.col("base_low")),
        dollars(pl.col("unit_low")),
    )
    source = (
        pl.when(medicare)
        .then(
            pl.lit(
                "clinician not participating: 95 % of the Medicare schedule, RVU25D.pdf p. 2; rounding [OWN]"
            )
        )
        .otherwise(pl.col("clause"))
    )
    operation = pl.when(medicare).then(pl.lit("non_participating")).otherwise("rate_basis")
    return _step(changed, operation, detail, source, pl.col("base_low"), pl.col("unit_low"))


def _how_cut() -> pl.Expr:
    """Say how the reduced unit comes from the full one."""
    return (
        pl.when(pl.col("multiple_procedure") == "percent")
        .then(
            pl.format(
                "{} % of {} = {}",
                percent_text(pl.col("multiple_procedure_percent")),
                dollars(pl.col("unit_low")),
                dollars(pl.col("cut_low")),
            )
        )
        .when(pl.col("reduced_low").is_not_null())
        .then(
            pl.format(
                "half the practice expense: {}{}",
                dollars(pl.col("reduced_low")),
                pl.when(pl.col("percent") == PERCENT_SCALE)
                .then(pl.lit(""))
                .otherwise(
                    pl.format(" x {} % = {}", percent_text(pl.col("percent")), dollars(pl.col("cut_low")))
                ),
            )
        )
        .otherwise(
            pl.format(
                "as Medicare halves the practice expense: {} x {} / {} = {}",
                dollars(pl.col("unit_low")),
                dollars(pl.col("medicare_reduced_low")),
                dollars(pl.col("medicare_full_low")),
                dollars(pl.col("cut_low")),
            )
        )
    )


def _multiple_procedure(lines: pl.DataFrame) -> pl.DataFrame:
    ranked = lines.filter(pl.col("takes_part") & (pl.col("day_units") > 1))
    cut_units = pl.col("units") - pl.col("full_units_low")
    place = (
        pl.when("rank_unsure")
        .then(pl.lit("rank not certain"))
        .when(pl.col("first_low"))
        .then(pl.lit("ranked first"))
        .otherwise(pl.lit("not ranked first"))
    )
    detail = pl.format(
        "{} of {} lines that day: {} at {}, {} reduced ({})",
        place,
        "day_lines",
        "full_units_low",
        dollars(pl.col("unit_low")),
        cut_units,
        pl.when(cut_units > 0).then(_how_cut()).otherwise(pl.lit("none")),
    )
    source = (
        pl.when(pl.col("rate_basis") == "medicare")
        .then(
            pl.lit(
                "multiple-procedure indicator 5: half the practice expense of all units of the day but one"
            )
        )
        .otherwise(_terms_source("multiple_procedure"))
    )
    after = pl.when(pl.col("full_units_low") > 0).then("unit_low").otherwise("cut_low")
    return _step(ranked, "multiple_procedure", detail, source, pl.col("unit_low"), after)


def _assistant(lines: pl.DataFrame) -> pl.DataFrame:
    cut = lines.filter(pl.col("assistant").is_not_null())
    direct = pl.col("rate_basis") == "percent_of_charge"
    before = pl.when(direct | (pl.col("full_units_low") > 0)).then("unit_low").otherwise("cut_low")
    after = ((before * pl.col("assistant")) * 2 + PERCENT_SCALE) // (2 * PERCENT_SCALE)
    detail = pl.format("{} % of {} = {}", percent_text(pl.col("assistant")), dollars(before), dollars(after))
    own = pl.col("assistant_percent").is_null()
    source = (
        pl.when(own)
        .then(
            pl.lit(
                "CQ/CO: 85 %, s.1834(v); its order among the rules is not proven [OWN]: up to the full amount"
            )
        )
        .otherwise(_terms_source("assistant_percent"))
    )
    return _step(cut, "assistant", detail, source, before, after)


def _in_units(lines: pl.DataFrame) -> pl.DataFrame:
    return lines.filter(~pl.col("rate_basis").is_in(["percent_of_charge", "per_visit"]))


def _reached(amount: str) -> pl.Expr:
    """Return a unit amount after the assistant's percent, where there is one."""
    percent = pl.col("assistant").fill_null(PERCENT_SCALE)
    return (pl.col(amount) * percent * 2 + PERCENT_SCALE) // (2 * PERCENT_SCALE)


def _units(lines: pl.DataFrame) -> pl.DataFrame:
    by_unit = _in_units(lines).filter(pl.col("rounding") == "unit")
    full, cut = _reached("unit_low"), _reached("cut_low")
    cut_units = pl.col("units") - pl.col("full_units_low")
    whole = pl.format("{} x {}", "full_units_low", dollars(full))
    part = pl.format("{} x {}", cut_units, dollars(cut))
    terms = (
        pl.when(cut_units == 0)
        .then(whole)
        .when(pl.col("full_units_low") == 0)
        .then(part)
        .otherwise(pl.concat_str(whole, pl.lit(" + "), part))
    )
    before = pl.when(pl.col("full_units_low") > 0).then(full).otherwise(cut)
    detail = pl.format("{} = {}", terms, dollars(pl.col("line_low")))
    return _step(by_unit, "units", detail, pl.lit("units of the service line"), before, pl.col("line_low"))


def _line_rounding(lines: pl.DataFrame) -> pl.DataFrame:
    by_line = _in_units(lines).filter(pl.col("rounding") == "line")
    detail = pl.format(
        "{} units, percentages carried exactly, rounded once: {}", "units", dollars(pl.col("line_low"))
    )
    return _step(
        by_line, "units", detail, _terms_source('rounding = "line"'), pl.col("unit_low"), pl.col("line_low")
    )


def _lesser_of(lines: pl.DataFrame) -> pl.DataFrame:
    smaller = lines.filter("lesser_of_applied")
    capped = pl.col("cap").is_in(["claim_maximum", "per_visit"])
    by_line = smaller.filter(~capped.fill_null(value=False))
    detail = pl.format("the charge {} is smaller", dollars(pl.col("charge_cents")))
    return _step(
        by_line, "lesser_of", detail, _terms_source("lesser_of"), pl.col("line_low"), pl.col("charge_cents")
    )


def _cap(lines: pl.DataFrame) -> pl.DataFrame:
    capped = lines.filter(pl.col("cap").is_not_null())
    what = (
        pl.when(pl.col("cap") == "per_visit")
        .then(pl.lit("one amount a visit"))
        .when(pl.col("cap") == "visit_maximum")
        .then(pl.lit("maximum of the day"))
        .otherwise(pl.lit("charges of the claim"))
    )
    total = (
        pl.when(pl.col("cap") == "per_visit")
        .then(pl.lit(""))
        .otherwise(pl.format(" against {} expected", dollars(pl.col("group_total"))))
    )
    detail = pl.format(
        "{}: {}{}; this line's share {}",
        what,
        dollars(pl.col("group_expected")),
        total,
        dollars(pl.col("expected_low")),
    )
    source = (
        pl.when(pl.col("cap") == "per_visit")
        .then("clause")
        .when(pl.col("cap") == "visit_maximum")
        .then(_terms_source("visit_maximum"))
        .otherwise(_terms_source("lesser_of"))
    )
    return _step(capped, pl.col("cap"), detail, source, pl.col("before_cap"), pl.col("expected_low"))
