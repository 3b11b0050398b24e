"""Medicare's percentages on top of the fee schedule amount: both sides, several operations, assistants, clinicians.

For lines whose basis is Medicare itself. In this order: bilateral, multiple surgery (by rank, in `reductions`),
assistant at surgery, profession, participation. Whether CMS rounds after each percentage or once at the end is
not sourced [OWN]: the low amount is the smaller of the two ways, the high one the larger.
"""

from __future__ import annotations

import tomllib
from functools import cache, reduce
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import polars as pl

from .medicare import EXACT_SCALE
from .money import PERCENT_SCALE, half_up, parse_percent, percents_of
from .surgery import with_surgery_problems

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .practice import Practice

CHAIN_SCALE = 10**8
"""`chain` is the product of the percentages as an integer of this scale. The percentages of the rules have so
few digits that the product is whole."""

RULE_COLUMNS: dict[str, pl.DataType] = {
    "surgical": pl.Boolean(),
    "bilateral_percent": pl.Int64(),
    "at_surgery_low": pl.Int64(),
    "at_surgery_high": pl.Int64(),
    "practitioner_low": pl.Int64(),
    "practitioner_high": pl.Int64(),
    "participation": pl.Int64(),
    "chain_low": pl.Int64(),
    "chain_high": pl.Int64(),
    "ruled_unit_low": pl.Int64(),
    "ruled_unit_high": pl.Int64(),
    "ruled_cut_low": pl.Int64(),
    "ruled_cut_high": pl.Int64(),
    "clinicians_differ": pl.Boolean(),
    "rule_problem": pl.String(),
}
"""What the rules say of a line; null (surgical: false) where the basis is not Medicare.

Percentages in hundredths of a percent, null where the rule does not apply; `ruled_unit` the unit after them,
`ruled_cut` the unit that is not ranked first.
"""


@cache
def medicare_rules() -> dict[str, Any]:
    """Return the rules of data/medicare_rules.toml: values and sources."""
    return tomllib.loads((files("contracts") / "data" / "medicare_rules.toml").read_text(encoding="utf-8"))


@cache
def practitioner_percents() -> dict[str, int]:
    """Return what each profession is paid, in hundredths of a percent of the schedule."""
    path = files("contracts") / "data" / "practitioner_percent.csv"
    table = pl.read_csv(path.read_bytes(), infer_schema=False)
    return {
        name: parse_percent(percent) for name, percent in table.select("profession", "percent").iter_rows()
    }


def apply_medicare_rules(lines: pl.DataFrame, practice: Practice) -> pl.DataFrame:
    """Add RULE_COLUMNS to lines that have rates, indicators and units."""
    ruled = pl.col("rate_basis") == "medicare"
    own = lines.filter(ruled)
    rest = lines.filter(ruled.is_null() | ~ruled)
    if own.is_empty():
        return rest.with_columns(_nothing())
    surgical = (pl.col("multiple_procedure") == "medicare") & pl.col("indicator").is_in(
        medicare_rules()["multiple_surgery"]["indicators"]
    )
    marked = _with_practitioner(own, practice).with_columns(
        surgical.fill_null(value=False).alias("surgical"),
        _bilateral(),
        *_at_surgery(),
        _participation(practice),
    )
    chained = with_surgery_problems(marked.with_columns(_chain("low"), _chain("high")))
    priced = chained.with_columns(_unit("low"), _unit("high"), _cut("low"), _cut("high"))
    return pl.concat([priced, rest.with_columns(_nothing())], how="diagonal")


def _nothing() -> list[pl.Expr]:
    return [
        pl.lit(value=False).alias(name) if dtype == pl.Boolean() else pl.lit(None, dtype).alias(name)
        for name, dtype in RULE_COLUMNS.items()
    ]


def _bilateral() -> pl.Expr:
    percents = medicare_rules()["bilateral"]["percent"]
    indicator = pl.col("bilateral").replace_strict(
        {key: parse_percent(value) for key, value in percents.items()}, default=None, return_dtype=pl.Int64
    )
    return pl.when("both_sides").then(indicator).alias("bilateral_percent")


def _at_surgery() -> tuple[pl.Expr, pl.Expr]:
    """Return the percent of 80, 81, 82 and AS; from nothing where it is paid only with documentation."""
    documented = pl.col("assistant_surgery").is_in(medicare_rules()["assistant_at_surgery"]["documented"])
    percent = pl.col("surgery_assistant")
    low = pl.when(percent.is_not_null() & documented).then(pl.lit(0, pl.Int64)).otherwise(percent)
    return low.alias("at_surgery_low"), percent.alias("at_surgery_high")


def _with_practitioner(lines: pl.DataFrame, practice: Practice) -> pl.DataFrame:
    """Percent of the rendering clinician's profession.

    Where the practice has someone who is paid less and the settings do not tell who rendered the line, from
    the least of them to the full amount. AS has its profession in its own percentage.
    """
    percents = practitioner_percents()
    known = {one.npi: percents[one.profession] for one in practice.clinicians if one.profession}
    least = min([*known.values(), PERCENT_SCALE])
    if least == PERCENT_SCALE:
        nothing = pl.lit(None, pl.Int64)
        return lines.with_columns(nothing.alias("practitioner_low"), nothing.alias("practitioner_high"))
    found = pl.col("rendering_npi").replace_strict(known, default=None, return_dtype=pl.Int64)
    counts = ~pl.col("modifiers").list.contains("AS")

    def side(unknown: int) -> pl.Expr:
        return pl.when(counts).then(pl.coalesce(found, pl.lit(unknown, pl.Int64)))

    return lines.with_columns(
        side(least).alias("practitioner_low"), side(PERCENT_SCALE).alias("practitioner_high")
    )


def _participation(practice: Practice) -> pl.Expr:
    non = [one.npi for one in practice.clinicians if not one.participating]
    percent = parse_percent(medicare_rules()["non_participating"]["percent"])
    return pl.when(pl.col("rendering_npi").is_in(non)).then(pl.lit(percent, pl.Int64)).alias("participation")


def chain_percents(side: str) -> tuple[pl.Expr, ...]:
    """Return the percentages of the chain in their order, 100 % where a rule does not apply."""
    names = ("bilateral_percent", f"at_surgery_{side}", f"practitioner_{side}", "participation")
    return tuple(pl.col(name).fill_null(PERCENT_SCALE) for name in names)


def _chain(side: str) -> pl.Expr:
    product = reduce(lambda one, other: one * other, (one.cast(pl.Int128) for one in chain_percents(side)))
    return (product // (PERCENT_SCALE**4 // CHAIN_SCALE)).cast(pl.Int64).alias(f"chain_{side}")


def _both_ways(
    side: str, rounded: pl.Expr, exact: pl.Expr, percents: Sequence[pl.Expr], chain: pl.Expr
) -> pl.Expr:
    """Round after each percentage, or once: the smaller for the low side, the larger for the high one."""
    stepwise = percents_of(rounded, percents)
    once = half_up(exact.cast(pl.Int128) * chain, EXACT_SCALE * CHAIN_SCALE).cast(pl.Int64)
    pick = pl.min_horizontal if side == "low" else pl.max_horizontal
    return pl.when(rounded.is_not_null()).then(pick(stepwise, once))


def _unit(side: str) -> pl.Expr:
    return _both_ways(
        side,
        pl.col(f"base_{side}"),
        pl.col(f"exact_{side}"),
        chain_percents(side),
        pl.col(f"chain_{side}"),
    ).alias(f"ruled_unit_{side}")


def _cut(side: str) -> pl.Expr:
    """Return the unit that is not ranked first: half of an operation, or half the practice expense of therapy."""
    half = parse_percent(medicare_rules()["multiple_surgery"]["next"])
    bilateral, *others = chain_percents(side)
    chain = pl.col(f"chain_{side}")
    surgery = _both_ways(
        side,
        pl.col(f"base_{side}"),
        pl.col(f"exact_{side}"),
        (bilateral, pl.lit(half, pl.Int64), *others),
        chain * half // PERCENT_SCALE,
    )
    therapy = _both_ways(
        side, pl.col(f"reduced_{side}"), pl.col(f"half_exact_{side}"), chain_percents(side), chain
    )
    return pl.when("surgical").then(surgery).otherwise(therapy).alias(f"ruled_cut_{side}")
