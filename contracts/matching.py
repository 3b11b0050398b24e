"""Which contract a line falls under: explicit criteria and dates, and no guess."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from .terms import CRITERIA, Contract, Match

if TYPE_CHECKING:
    from collections.abc import Sequence

_COLUMN = {name: name for name in CRITERIA} | {"payer_id": "payer_ids"}
_SEPARATOR = "\x1f"


def normal_name(name: pl.Expr) -> pl.Expr:
    """Return a payer's name for comparison: lower case, punctuation to spaces, spaces collapsed."""
    return name.fill_null("").str.to_lowercase().str.replace_all(r"[^\p{L}\p{N}]+", " ").str.strip_chars()


def match_contracts(lines: pl.DataFrame, contracts: Sequence[Contract]) -> pl.DataFrame:
    """Add to each line `contract_ix`, its position in `contracts`; else `outcome` and `reason`.

    `contracts` may hold built-in ones; these count only where no other fits. Lines keep their number (a left
    join on a unique key).
    """
    keyed = lines.with_columns(_key(contracts).alias("_key"))
    sides = _Sides(contracts, keyed.unique("_key", keep="any").select("_key", *_COLUMN.values()))
    asked = keyed.select("_key", "service_date").unique()
    answers = _answers(asked, sides)
    return keyed.join(
        answers, on=["_key", "service_date"], how="left", nulls_equal=True, validate="m:1"
    ).drop("_key")


def _key(contracts: Sequence[Contract]) -> pl.Expr:
    """One text that holds every value some contract asks for."""
    used = [name for name in CRITERIA if any(getattr(one.terms.match, name) for one in contracts)]
    parts = [
        pl.col("payer_ids").list.sort().list.join(_SEPARATOR) if name == "payer_id" else pl.col(_COLUMN[name])
        for name in used
    ]
    return pl.concat_str([part.fill_null("") for part in parts] or [pl.lit("")], separator=_SEPARATOR * 2)


@dataclass(frozen=True)
class _Sides:
    """The contracts, and the distinct combinations of what lines say about payer, plan and payee."""

    contracts: Sequence[Contract]
    keys: pl.DataFrame

    def holding(self) -> pl.DataFrame:
        """Pairs of `_key` and `contract_ix` where every criterion holds, with the contract's dates."""
        parts = [
            self.keys.filter(
                pl.all_horizontal([pl.lit(value=True), *criteria(one.terms.match).values()])
            ).select(
                "_key",
                pl.lit(index, pl.Int32).alias("contract_ix"),
                pl.lit(one.builtin).alias("builtin"),
                pl.lit(one.terms.effective, pl.Date).alias("effective"),
                pl.lit(one.terms.until, pl.Date).alias("until"),
            )
            for index, one in enumerate(self.contracts)
        ]
        return pl.concat(parts)


def criteria(match: Match) -> dict[str, pl.Expr]:
    """For each criterion given, whether a line meets it."""
    return {name: _holds(name, values) for name, values in match.given().items()}


def _holds(name: str, values: tuple[str, ...]) -> pl.Expr:
    if name == "payer_id":
        return pl.col("payer_ids").list.set_intersection(list(values)).list.len().fill_null(0) > 0
    if name == "payer_name":
        names = pl.Series("name", list(values)).to_frame().select(normal_name(pl.col("name"))).to_series()
        return normal_name(pl.col("payer_name")).is_in(names.to_list())
    return pl.col(_COLUMN[name]).fill_null("").str.strip_chars().is_in(list(values))


def _answers(asked: pl.DataFrame, sides: _Sides) -> pl.DataFrame:
    """One row for each key and date: contract_ix, or outcome and reason."""
    holding = asked.join(sides.holding(), on="_key", how="inner")
    day = pl.col("service_date")
    in_force = holding.filter(
        (day >= pl.col("effective")) & (pl.col("until").is_null() | (day <= pl.col("until")))
    )
    found = in_force.group_by("_key", "service_date").agg(
        pl.col("contract_ix").filter(~pl.col("builtin")).sort().alias("own"),
        pl.col("contract_ix").filter(pl.col("builtin")).sort().alias("builtin"),
    )
    chosen = found.with_columns(
        pl.when(pl.col("own").list.len() == 0).then("builtin").otherwise("own").alias("rivals")
    ).with_columns(
        pl.when(pl.col("rivals").list.len() == 1).then(pl.col("rivals").list.first()).alias("contract_ix")
    )
    answers = asked.join(chosen, on=["_key", "service_date"], how="left", nulls_equal=True)
    return _explained(answers, sides, holding).select(
        "_key", "service_date", "contract_ix", "outcome", "reason"
    )


def _explained(answers: pl.DataFrame, sides: _Sides, holding: pl.DataFrame) -> pl.DataFrame:
    several = (pl.col("contract_ix").is_null() & (pl.col("rivals").list.len() > 1)).fill_null(value=False)
    none = pl.col("contract_ix").is_null() & ~several
    answers = answers.with_columns(
        pl.when(several)
        .then(pl.lit("AMBIGUOUS_CONTRACT"))
        .when(none)
        .then(pl.lit("NO_CONTRACT"))
        .alias("outcome"),
        pl.col("rivals").cast(pl.List(pl.String)).list.join(",").alias("_rivals"),
    )
    rivals = answers.filter(several).select("_rivals").unique()
    texts = {
        text: _rivalry(sides.contracts, [int(part) for part in text.split(",")]) for text in rivals["_rivals"]
    }
    unmatched = answers.filter(none).select("_key").unique()
    near = _nearest(unmatched, sides, holding)
    return answers.join(near, on="_key", how="left", validate="m:1").with_columns(
        pl.when(several)
        .then(pl.col("_rivals").replace_strict(texts, default=None, return_dtype=pl.String))
        .when(none & pl.col("service_date").is_null())
        .then(pl.lit("no date of service: no contract can be chosen without one"))
        .when(none)
        .then(pl.col("near"))
        .alias("reason")
    )


def _rivalry(contracts: Sequence[Contract], rivals: Sequence[int]) -> str:
    names = " and ".join(f"{contracts[one].terms.contract} ({contracts[one].file})" for one in rivals)
    given = [contracts[one].terms.match.given() for one in rivals]
    telling = [name for name in CRITERIA if len({match.get(name) for match in given}) > 1]
    if telling:
        advice = f"they differ in {', '.join(telling)}: give each a {telling[0]} that the other does not have"
    else:
        unused = [
            name
            for name in ("class_of_contract", "group_number")
            if not any(name in match for match in given)
        ]
        advice = f"their criteria are the same: add {' or '.join(unused or CRITERIA[:1])} to both"
    return f"{names} both fit; {advice}" if len(rivals) == 2 else f"{names} all fit; {advice}"


def _nearest(unmatched: pl.DataFrame, sides: _Sides, holding: pl.DataFrame) -> pl.DataFrame:
    """For keys without a contract, the text of what came nearest.

    But for its dates, else but for one criterion.
    """
    dated = _but_for_dates(unmatched, sides, holding)
    keys = unmatched.join(sides.keys, on="_key", how="left", validate="1:1")
    columns = [
        _but_for_one(one).alias(f"_{index}")
        for index, one in enumerate(sides.contracts)
        if len(one.terms.match.given()) > 1
    ]
    others = pl.concat_list(columns).list.drop_nulls().list.join("; ") if columns else pl.lit("")
    return (
        keys.select("_key", others.alias("_others"))
        .join(dated, on="_key", how="left", validate="1:1")
        .select(
            "_key",
            pl.coalesce(
                "dated",
                pl.when(pl.col("_others") != "").then(pl.col("_others")),
                pl.lit("no contract file matches this payer and plan: add one, or its id to [match] of one"),
            ).alias("near"),
        )
    )


def _but_for_dates(unmatched: pl.DataFrame, sides: _Sides, holding: pl.DataFrame) -> pl.DataFrame:
    texts = {index: _dates_text(one) for index, one in enumerate(sides.contracts)}
    return (
        holding.join(unmatched, on="_key", how="semi")
        .select("_key", "contract_ix")
        .unique()
        .sort("_key", "contract_ix")
        .with_columns(
            pl.col("contract_ix").replace_strict(texts, return_dtype=pl.String, default=None).alias("text")
        )
        .group_by("_key")
        .agg(pl.col("text").str.join("; ").alias("dated"))
    )


def _dates_text(contract: Contract) -> str:
    terms = contract.terms
    span = f"from {terms.effective}" + (f" until {terms.until}" if terms.until else "")
    return f"matches {terms.contract} but for its dates ({span})"


def _but_for_one(contract: Contract) -> pl.Expr:
    """Return the text "x fits but for y" where exactly one of several criteria fails, else null."""
    tests = criteria(contract.terms.match)
    failing = pl.sum_horizontal([(~test).cast(pl.Int32) for test in tests.values()])
    name = pl.coalesce([pl.when(~test).then(pl.lit(criterion)) for criterion, test in tests.items()])
    return pl.when(failing == 1).then(
        pl.format("{} fits but for {}", pl.lit(f"{contract.terms.contract} ({contract.file})"), name)
    )
