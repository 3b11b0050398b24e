"""The proof of a price: one row for each operation, with arithmetic that a calculator can follow.

Each step begins with the amount that the one before it ended with. Arithmetic is written so that it can be
recomputed: `31.50 x 85 % = 26.78`, rounded half-up to the cent.
"""

from __future__ import annotations

import polars as pl

from .medicare_rules import medicare_rules
from .money import PERCENT_SCALE, dollars, percent_of, percent_text
from .step_texts import DIRECT, cap_text, cuts, line_expression, once_text, share_text

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
        _outpatient_cap,
        _candidates,
        _percent,
        _medicare_percents,
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
    kept = pl.concat([part.select(*STEP_SCHEMA) for part in parts if not part.is_empty()])
    ordered = kept.sort("line_id", "step", maintain_order=True)
    return ordered.with_columns((pl.int_range(pl.len()).over("line_id") + 1).cast(pl.Int32).alias("step"))


def _step(
    lines: pl.DataFrame,
    operation: str | pl.Expr,
    detail: pl.Expr,
    source: pl.Expr,
    before: pl.Expr | None,
    after: pl.Expr,
) -> pl.DataFrame:
    if lines.is_empty():
        return pl.DataFrame(schema={name: STEP_SCHEMA[name] for name in STEP_SCHEMA if name != "step"})
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
    after = pl.coalesce("uncapped", "base_low")
    return _step(lines, "rate", pl.col("rate_detail"), pl.col("rate_source"), None, after)


def _outpatient_cap(lines: pl.DataFrame) -> pl.DataFrame:
    """Imaging is paid no more than the hospital outpatient amount."""
    capped = lines.filter(pl.col("uncapped").is_not_null())
    detail = pl.format("the hospital outpatient amount is lower: {}", "cap_detail")
    source = pl.format("{}; outpatient cap, DRA s.5102(b), RVU25D.pdf p. 2", "rate_source")
    return _step(capped, "outpatient_cap", detail, source, pl.col("uncapped"), pl.col("base_low"))


def _candidates(lines: pl.DataFrame) -> pl.DataFrame:
    several = lines.filter(pl.col("base_low") != pl.col("base_high"))
    detail = pl.format(
        "the lowest of the candidates, which reach {}; places: {}",
        dollars(pl.col("base_high")),
        pl.col("locality").fill_null("not needed"),
    )
    base = pl.col("base_low")
    return _step(several, "candidates", detail, pl.col("locality_source"), base, base)


def _percent(lines: pl.DataFrame) -> pl.DataFrame:
    changed = lines.filter(pl.col("percent") != PERCENT_SCALE)
    base, unit = pl.col("base_low"), pl.col("unit_low")
    detail = pl.format("{} x {} % = {}", dollars(base), percent_text(pl.col("percent")), dollars(unit))
    return _step(changed, pl.col("rate_basis"), detail, pl.col("clause"), base, unit)


_MEDICARE_STEPS = (
    ("bilateral", "bilateral_percent", "bilateral"),
    ("assistant_at_surgery", "at_surgery_low", "assistant_at_surgery"),
    ("practitioner", "practitioner_low", "practitioner"),
    ("non_participating", "participation", "non_participating"),
)


def _medicare_percents(lines: pl.DataFrame) -> pl.DataFrame:
    """Medicare's own percentages one after the other; then the cent that rounding once would take off."""
    changed = lines.filter(
        pl.any_horizontal(pl.col(column).is_not_null() for _, column, _ in _MEDICARE_STEPS)
    ).with_columns(pl.col("base_low").alias("_before"))
    parts: list[pl.DataFrame] = []
    for operation, column, rule in _MEDICARE_STEPS:
        reached = changed.with_columns(
            percent_of(pl.col("_before"), pl.col(column).fill_null(PERCENT_SCALE)).alias("_after")
        )
        before, after = pl.col("_before"), pl.col("_after")
        detail = pl.format("{} x {} % = {}", dollars(before), percent_text(pl.col(column)), dollars(after))
        said = reached.filter(pl.col(column).is_not_null())
        source = pl.lit(str(medicare_rules()[rule]["source"]))
        parts.append(_step(said, operation, detail, source, before, after))
        changed = reached.with_columns(after.alias("_before")).drop("_after")
    less = changed.filter(pl.col("unit_low") < pl.col("_before"))
    detail = once_text(pl.col("unit_low"))
    source = pl.lit("whether each percentage is rounded or only the last is not sourced [OWN]: the smaller")
    parts.append(_step(less, "rounding", detail, source, pl.col("_before"), pl.col("unit_low")))
    return pl.concat(parts)


def _multiple_procedure(lines: pl.DataFrame) -> pl.DataFrame:
    """Say where the line ranks and what a reduced unit is, each kind of reduction with its own arithmetic."""
    ranked = lines.filter(pl.col("takes_part") & (pl.col("day_units") > 1))
    cut_units = pl.col("units") - pl.col("full_units_low")
    place = (
        pl.when("rank_unsure")
        .then(pl.lit("rank not certain"))
        .when(pl.col("first_low"))
        .then(pl.lit("ranked first"))
        .otherwise(pl.lit("not ranked first"))
    )
    after = pl.when(pl.col("full_units_low") > 0).then("unit_low").otherwise("cut_low")
    parts: list[pl.DataFrame] = []
    for here, how in cuts():
        detail = pl.format(
            "{} of {} lines that day: {} at {}, {} reduced ({})",
            place,
            "day_lines",
            "full_units_low",
            dollars(pl.col("unit_low")),
            cut_units,
            pl.when(cut_units > 0).then(how).otherwise(pl.lit("none")),
        )
        kind = ranked.filter(here)
        ranked = ranked.filter(~here)
        parts.append(_step(kind, "multiple_procedure", detail, _rank_source(), pl.col("unit_low"), after))
    return pl.concat(parts)


def _rank_source() -> pl.Expr:
    of_medicare = pl.format(
        "{}; half and full practice expense of {} at the date of service",
        _terms_source("multiple_procedure"),
        "medicare_row",
    )
    return (
        pl.when("surgical")
        .then(pl.lit(str(medicare_rules()["multiple_surgery"]["source"])))
        .when(pl.col("rate_basis") == "medicare")
        .then(
            pl.lit(
                "multiple-procedure indicator 5: half the practice expense of all units of the day but one"
            )
        )
        .when((pl.col("multiple_procedure") == "medicare") & pl.col("reduced_low").is_null())
        .then(pl.coalesce(of_medicare, _terms_source("multiple_procedure")))
        .otherwise(_terms_source("multiple_procedure"))
    )


def _reached(amount: str) -> pl.Expr:
    """Return a unit amount after the assistant's percent, where there is one."""
    return percent_of(pl.col(amount), pl.col("assistant").fill_null(PERCENT_SCALE))


def _ranked_unit() -> pl.Expr:
    """Return the unit that the line goes on with: a full one where it has one."""
    direct = pl.col("rate_basis").is_in(DIRECT)
    return pl.when(direct | (pl.col("full_units_low") > 0)).then("unit_low").otherwise("cut_low")


def _assistant(lines: pl.DataFrame) -> pl.DataFrame:
    by_line = (pl.col("rounding") == "line") & (pl.col("rate_basis") != "percent_of_charge")
    cut = lines.filter(pl.col("assistant").is_not_null() & ~by_line)
    before = _ranked_unit()
    after = percent_of(before, pl.col("assistant"))
    detail = pl.format("{} x {} % = {}", dollars(before), percent_text(pl.col("assistant")), dollars(after))
    own = pl.format(
        "CQ/CO: {}: up to the full amount", pl.lit(str(medicare_rules()["therapy_assistant"]["source"]))
    )
    source = (
        pl.when(pl.col("assistant_percent").is_null()).then(own).otherwise(_terms_source("assistant_percent"))
    )
    left_out = pl.format("{}; billed (SVC06), left out by the payer: up to the full amount", source)
    source = pl.when("assistant_dropped").then(left_out).otherwise(source)
    return _step(cut, "assistant", detail, source, before, after)


def _in_units(lines: pl.DataFrame) -> pl.DataFrame:
    return lines.filter(~pl.col("rate_basis").is_in(DIRECT))


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
        "percentages carried, rounded once: {} = {}", line_expression(), dollars(pl.col("line_low"))
    )
    assisted = pl.col("assistant").is_not_null()
    source = (
        pl.when(assisted)
        .then(_terms_source('rounding = "line"; assistant_percent'))
        .otherwise(_terms_source('rounding = "line"'))
    )
    return _step(by_line, "units", detail, source, _ranked_unit(), pl.col("line_low"))


def _lesser_of(lines: pl.DataFrame) -> pl.DataFrame:
    smaller = lines.filter(pl.col("before_cap") < pl.col("line_low"))
    plain = pl.format("the charge {} is smaller", dollars(pl.col("charge_cents")))
    detail = pl.when(pl.col("before_cap") < pl.col("charge_cents")).then(share_text()).otherwise(plain)
    return _step(
        smaller, "lesser_of", detail, _terms_source("lesser_of"), pl.col("line_low"), pl.col("before_cap")
    )


def _cap(lines: pl.DataFrame) -> pl.DataFrame:
    capped = lines.filter(pl.col("cap").is_not_null())
    source = (
        pl.when(pl.col("cap") == "per_visit")
        .then("clause")
        .when(pl.col("cap") == "visit_maximum")
        .then(_terms_source("visit_maximum"))
        .when(pl.col("cap") == "equal_rank")
        .then(_terms_source("multiple_procedure"))
        .otherwise(_terms_source("lesser_of"))
    )
    return _step(capped, pl.col("cap"), cap_text(), source, pl.col("before_cap"), pl.col("expected_low"))
