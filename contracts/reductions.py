"""From the rate of one unit to the amount of a line.

Multiple procedures, assistants, units, and the smaller of charge and rate.

Every amount is carried twice, low and high; they differ only where a place, a release or a rule is not
certain.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files

import polars as pl

from .doubtful import may_not_rank
from .medicare_rules import CHAIN_SCALE, medicare_rules
from .money import PERCENT_SCALE, half_up, parse_percent, percent_of, percents_of

_UNRANKED = {"1": "surgery", "2": "surgery", "3": "surgery", "4": "imaging", "6": "heart", "7": "eye"}
"""Multiple-procedure indicators of Medicare by the services that are ranked together. Only Medicare's own basis
has a rule for one of them, surgery."""
_DIRECT = ("percent_of_charge", "per_visit")


@cache
def therapy_codes() -> pl.DataFrame:
    """Return the codes of multiple-procedure indicator 5, with the dates for which that was verified.

    Code, effective, until.
    """
    path = files("contracts") / "data" / "therapy_reduction_code.csv"
    raw = pl.read_csv(path.read_bytes(), infer_schema=False)
    return raw.select("code", *(pl.col(name).str.to_date("%Y-%m-%d") for name in ("effective", "until")))


def rank_lines(lines: pl.DataFrame) -> pl.DataFrame:
    """Rank each patient-day under each contract.

    Wants one row a line with the contract's clauses, `base_*`, `reduced_*`, `percent`, `indicator`, `pe_low`,
    `pe_high`, `units` and the columns of Medicare's rules. Adds unit_low/high (after percent), full_units_low/high
    (units at full amount), day_problem.
    """
    return _rank(lines.with_columns(_unit("low"), _unit("high")))


def cut_units(ranked: pl.DataFrame) -> pl.DataFrame:
    """Add cut_low/high (the reduced unit) and assistant (percent applied, null: none) to ranked lines."""
    return ranked.with_columns(_cut("low"), _cut("high"), _assistant()).with_columns(_in_order("cut"))


def line_amounts(cut: pl.DataFrame) -> pl.DataFrame:
    """Price the lines.

    Adds line_low/high (before lesser-of) and charge_share (what Medicare's percentages leave of a charge, where
    their order is not proven).
    """
    amounts = cut.with_columns(_amount("low"), _amount("high")).with_columns(_in_order("line"))
    return amounts.with_columns(_charge_share())


def _in_order(name: str) -> list[pl.Expr]:
    """Low before high: a place with a higher amount may have the lower proportion of it."""
    sides = (f"{name}_low", f"{name}_high")
    both = pl.all_horizontal(pl.col(side).is_not_null() for side in sides)
    return [
        pl.when(both).then(pl.min_horizontal(sides)).otherwise(f"{name}_low").alias(f"{name}_low"),
        pl.when(both).then(pl.max_horizontal(sides)).otherwise(f"{name}_high").alias(f"{name}_high"),
    ]


def _unit(side: str) -> pl.Expr:
    plain = percent_of(pl.col(f"base_{side}"), pl.col("percent"))
    return pl.coalesce(f"ruled_unit_{side}", plain).alias(f"unit_{side}")


def _takes_part() -> pl.Expr:
    """Whether the multiple-procedure clause of the contract touches the line."""
    clause = pl.col("multiple_procedure")
    therapy = (
        pl.when(clause == "percent").then(pl.col("in_therapy_set")).otherwise(pl.col("indicator") == "5")
    )
    direct = pl.col("rate_basis").is_in(_DIRECT).fill_null(value=False)
    unnamed = pl.col("code") == ""  # a claim without lines may be of any service
    return (((therapy | unnamed) & (clause != "none") & ~direct) | pl.col("surgical")).fill_null(value=False)


_GROUP = ["patient_day", "contract_ix", "surgical"]
"""Therapy and operations of a day are ranked apart."""


def _rank(lines: pl.DataFrame) -> pl.DataFrame:
    """Units at the full amount: one for the line ranked first among those that take part, all for the others.

    Where low and high amounts disagree on who is first, or a line is that may be part of the day or has no amount to be
    ranked by, every line may be the first or not.
    """
    marked = _with_unranked(lines).with_columns(_takes_part().alias("takes_part"))
    group = _GROUP
    part = marked.filter("takes_part")
    sure = part.filter(~may_not_rank())
    first_low, first_high = (_first(sure, side) for side in ("low", "high"))
    counted = part.group_by(group).agg(
        pl.col("units").fill_null(1).clip(lower_bound=1).sum().alias("day_units"),
        pl.len().cast(pl.Int32).alias("day_lines"),
    )
    joined = (
        marked.join(counted, on=group, how="left", validate="m:1")
        .join(first_low, on="line_id", how="left", validate="1:1")
        .join(first_high, on="line_id", how="left", validate="1:1")
        .join(_may_be_first(part), on="line_id", how="left", validate="1:1")
        .with_columns(pl.col("first_low", "first_high", "first_at_best").fill_null(value=False))
    )
    firsts = (pl.col("first_low") != pl.col(name) for name in ("first_high", "first_at_best"))
    unsure = pl.any_horizontal(*firsts, "clinicians_differ").any().over(group)
    one = pl.min_horizontal(pl.col("units"), pl.lit(1, pl.Int64))
    zero = pl.lit(0, pl.Int64)

    def at_full(first: pl.Expr) -> pl.Expr:
        return pl.when(~pl.col("takes_part")).then("units").when(first).then(one).otherwise(zero)

    unknown = (pl.col("first_high") != pl.col("first_at_best")).any().over(group)
    marked = joined.with_columns(unsure.alias("rank_unsure"), unknown.alias("rank_unknown"))
    return _tied(marked).with_columns(
        at_full(pl.col("first_low") & ~pl.col("rank_unsure")).alias("full_units_low"),
        at_full(pl.col("first_low") | pl.col("rank_unsure")).alias("full_units_high"),
        _day_problem().alias("day_problem"),
    )


def _tied(lines: pl.DataFrame) -> pl.DataFrame:
    """Add `equal_rank`: lines that rank as high as the first one of their day, which a payer may take for the first.

    They are judged on their sum. Where cuts, shares or charges make the sum depend on which is first, each of them
    may be the first or not (`rank_unsure`); lines that rank lower stay what they are.
    """
    medicare = (pl.col("multiple_procedure") == "medicare") & ~pl.col("surgical")
    ranks = (
        pl.when(medicare).then(pl.col("pe_low")).otherwise(0).fill_null(0),
        pl.col("unit_low").fill_null(0),
    )
    as_first = pl.all_horizontal(rank == rank.filter("first_low").first().over(_GROUP) for rank in ranks)
    equal = (pl.col("takes_part") & ~pl.col("rank_unsure") & ~may_not_rank() & as_first).fill_null(
        value=False
    )
    marked = lines.with_columns((equal & (equal.sum().over(_GROUP) > 1)).alias("equal_rank"))
    apart = (pl.col("equal_rank") & ~_alike()).any().over(_GROUP)
    return marked.with_columns(
        (pl.col("rank_unsure") | (pl.col("equal_rank") & apart)).alias("rank_unsure"),
        (pl.col("equal_rank") & ~apart).alias("equal_rank"),
    )


def _alike() -> pl.Expr:
    """Whether the sum of lines that rank alike is the same whichever is first."""
    tied = [*_GROUP, "equal_rank"]
    ranges = (pl.col("unit_low") != pl.col("unit_high")) | (
        _is_assistant() & (pl.col("assistant_percent").is_null() | pl.col("assistant_dropped"))
    )
    low_charge = pl.col("charge_cents") < pl.col("units") * pl.col("unit_low")
    cut = pl.struct("base_low", "reduced_low", "percent", "medicare_reduced_low", "medicare_full_low")
    one_cut = cut.n_unique().over(tied) == 1
    one_share = _is_assistant().n_unique().over(tied) == 1
    return ~(ranges | low_charge).fill_null(value=True).any().over(tied) & one_cut & one_share


def _first(part: pl.DataFrame, side: str) -> pl.DataFrame:
    """Return the line ranked first of each patient-day.

    Practice expense, then unit amount, then line order.
    """
    expense = (
        pl.when((pl.col("multiple_procedure") == "medicare") & ~pl.col("surgical"))
        .then(pl.col(f"pe_{side}"))
        .otherwise(pl.lit(0, pl.Int64))
    )
    ranks = expense.fill_null(0), pl.col(f"unit_{side}").fill_null(0)
    return _ranked_first(part, *ranks, f"first_{side}")


def _may_be_first(part: pl.DataFrame) -> pl.DataFrame:
    """Return the line ranked first where one that may be of the day is, and what has no amount ranks highest."""
    medicare = (pl.col("multiple_procedure") == "medicare") & ~pl.col("surgical")
    expense = pl.when(medicare).then(pl.col("pe_high").fill_null(_HIGHEST)).otherwise(0)
    return _ranked_first(part, expense, pl.col("unit_high").fill_null(_HIGHEST), "first_at_best")


_HIGHEST = 2**62


def ranked_together() -> pl.Expr:
    """Return a name that the lines share of which one is ranked first; null for a line that is ranked alone, or not."""
    part = pl.col("takes_part")
    first = pl.col("line_id").filter(part).min().over(_GROUP)
    return pl.when(part & (part.sum().over(_GROUP) > 1)).then(pl.format("ranked:{}", first))


def not_first() -> pl.Expr:
    """Return what a line would come to with every unit cut, cents: another line of the day is taken for the first."""
    gap = pl.col("full_units_low") * (pl.col("unit_low") - pl.col("cut_low"))
    amount = pl.col("line_low") - percent_of(gap, pl.col("assistant").fill_null(PERCENT_SCALE))
    smaller = pl.min_horizontal(amount, "charge_cents")
    return pl.when(pl.col("lesser_of") == "line").then(smaller).otherwise(amount)


def _ranked_first(part: pl.DataFrame, expense: pl.Expr, amount: pl.Expr, name: str) -> pl.DataFrame:
    order = ("expense", "amount", "doubtful", "line_order", "line_id")
    return (
        part.select(
            *_GROUP,
            "line_id",
            "line_order",
            may_not_rank().alias("doubtful"),
            expense.alias("expense"),
            amount.alias("amount"),
        )
        .sort(*_GROUP, *order, descending=[False, False, False, True, True, True, False, False])
        .unique(_GROUP, keep="first", maintain_order=True)
        .select("line_id", pl.lit(value=True).alias(name))
    )


def _with_unranked(lines: pl.DataFrame) -> pl.DataFrame:
    """Add `unranked`: units of the day of services that Medicare ranks together by a rule that is not here."""
    kind = pl.col("indicator").replace_strict(_UNRANKED, default=None, return_dtype=pl.String)
    direct = pl.col("rate_basis").is_in(_DIRECT).fill_null(value=False)
    day = ["patient_day", "contract_ix"]
    of_kind = (
        lines.filter((pl.col("multiple_procedure") == "medicare") & ~direct & ~pl.col("surgical"))
        .select("line_id", *day, kind.alias("kind"), pl.col("units").fill_null(1).alias("unranked"))
        .filter(pl.col("kind").is_not_null())
        .with_columns(pl.col("unranked").sum().over([*day, "kind"]))
    )
    return lines.join(of_kind.select("line_id", "unranked"), on="line_id", how="left", validate="1:1")


def _day_problem() -> pl.Expr:
    """Why the day cannot be ranked: rules that are not implemented, or a release that is not loaded."""
    medicare = pl.col("multiple_procedure") == "medicare"
    direct = pl.col("rate_basis").is_in(_DIRECT).fill_null(value=False)
    alone = (pl.len().over("patient_day", "contract_ix") == 1) & (pl.col("units") == 1)
    unknown = pl.when(medicare).then("indicator_problem").otherwise("therapy_problem")
    ruled = pl.col("multiple_procedure") != "none"
    text = "multiple-procedure indicator {} with another such service on the day: no rule for it yet"
    return (
        pl.when(pl.col("unranked") > 1)
        .then(pl.format(text, "indicator"))
        .when(ruled & ~direct & ~alone)
        .then(unknown)
    )


def _cut(side: str) -> pl.Expr:
    """Return the reduced unit, after percent.

    Half the practice expense from Medicare's own reduced unit; on a schedule's rate its proportion of the
    full Medicare unit; or a percent of the rate.
    """
    unit = pl.col(f"unit_{side}")
    from_medicare = percent_of(pl.col(f"reduced_{side}"), pl.col("percent"))
    proportion = half_up(unit * pl.col(f"medicare_reduced_{side}"), pl.col(f"medicare_full_{side}"))
    of_rate = percent_of(unit, pl.col("multiple_procedure_percent"))
    medicare = pl.when(pl.col(f"reduced_{side}").is_not_null()).then(from_medicare).otherwise(proportion)
    cut = pl.when(pl.col("multiple_procedure") == "percent").then(of_rate).otherwise(medicare)
    own = pl.when(pl.col("multiple_procedure") != "percent").then(f"ruled_cut_{side}")
    return pl.when("takes_part").then(pl.coalesce(own, cut)).alias(f"cut_{side}")


def _is_assistant() -> pl.Expr:
    return pl.col("modifiers").list.set_intersection(["CQ", "CO"]).list.len() > 0


def _assistant() -> pl.Expr:
    """Return the percent for an assistant's line.

    The contract's, else Medicare's own on Medicare's own basis; never on a visit rate.
    """
    percent = parse_percent(medicare_rules()["therapy_assistant"]["percent"])
    own = pl.when(pl.col("rate_basis") == "medicare").then(pl.lit(percent, pl.Int64))
    applies = _is_assistant() & (pl.col("rate_basis") != "per_visit")
    return pl.when(applies).then(pl.coalesce("assistant_percent", own)).alias("assistant")


def _assistant_on(side: str) -> pl.Expr:
    """The assistant's percentage: a contract's is certain where the payer decided the line as an assistant's.

    Medicare's own, and any where the payer left the modifier out, widens the amount downward only.
    """
    agreed = pl.col("assistant_percent").is_not_null() & ~pl.col("assistant_dropped")
    certain = agreed | pl.lit(side == "low")
    return pl.when(certain).then(pl.col("assistant")).fill_null(PERCENT_SCALE)


def _charge_share() -> pl.Expr:
    """Return what Medicare's percentages leave of a charge, where that is less than the rate at them.

    Whether the charge is compared with the schedule before or after the shares of clinicians who are paid less
    and of therapy assistants is not sourced [OWN]: a low charge widens the range downward.
    """
    own = pl.col("assistant").is_not_null() & pl.col("assistant_percent").is_null()
    percents = (
        pl.col("practitioner_low").fill_null(PERCENT_SCALE),
        pl.col("participation").fill_null(PERCENT_SCALE),
        pl.when(own).then("assistant").otherwise(PERCENT_SCALE),
    )
    share = percents_of(pl.col("charge_cents"), percents)
    fewer = pl.any_horizontal(percent < PERCENT_SCALE for percent in percents)
    ruled = (pl.col("rate_basis") == "medicare") & (pl.col("lesser_of") == "line") & fewer
    return pl.when(ruled & (share < pl.col("line_low"))).then(share).alias("charge_share")


def _amount(side: str) -> pl.Expr:
    """Units times amount. `rounding = "line"` carries the percentages exactly and rounds the line once."""
    full_units = pl.col(f"full_units_{side}")
    cut_units = pl.col("units") - full_units
    cut = pl.coalesce(pl.when(cut_units > 0).then(f"cut_{side}"), pl.when(cut_units == 0).then(0))
    assistant = _assistant_on(side)
    by_unit = full_units * percent_of(pl.col(f"unit_{side}"), assistant) + cut_units * percent_of(
        cut, assistant
    )
    direct = percent_of(pl.col(f"unit_{side}"), assistant)
    return (
        pl.when(pl.col("rate_basis").is_in(_DIRECT))
        .then(direct)
        .when(pl.col("rounding") == "line")
        .then(_by_line(side, full_units, cut_units, assistant))
        .otherwise(by_unit)
        .alias(f"line_{side}")
    )


def _by_line(side: str, full_units: pl.Expr, cut_units: pl.Expr, assistant: pl.Expr) -> pl.Expr:
    base = pl.col(f"base_{side}").cast(pl.Int128)
    halved = pl.coalesce(f"reduced_{side}", _proportion(side)).cast(pl.Int128) * PERCENT_SCALE
    cut = (
        pl.when(pl.col("multiple_procedure") == "percent")
        .then(base * pl.col("multiple_procedure_percent"))
        .when("surgical")
        .then(base * parse_percent(medicare_rules()["multiple_surgery"]["next"]))
        .otherwise(halved)
    )
    cut_part = pl.when(cut_units == 0).then(pl.lit(0, pl.Int128)).otherwise(cut * cut_units)
    chain = pl.col(f"chain_{side}").fill_null(CHAIN_SCALE)
    exact = (base * full_units * PERCENT_SCALE + cut_part) * pl.col("percent") * assistant * chain
    return half_up(exact, pl.lit(PERCENT_SCALE**3 * CHAIN_SCALE, pl.Int128)).cast(pl.Int64)


def _proportion(side: str) -> pl.Expr:
    base = pl.col(f"base_{side}")
    return half_up(base * pl.col(f"medicare_reduced_{side}"), pl.col(f"medicare_full_{side}"))
