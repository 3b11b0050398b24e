"""Denials held against the edits of their day: the payer's own, and the national ones where they count."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from .denial_classes import edit_modifiers
from .edits import PAIR_SCHEMA, UNITS_SCHEMA, hold_pairs, hold_units
from .frames import edit_frame
from .medicare_terms import MEDICARE_TERMS

if TYPE_CHECKING:
    from .reference import Reference
    from .terms import Terms

HELD_PAIR_SCHEMA: dict[str, pl.DataType] = {
    "line_id": pl.Int64(),
    "service_date": pl.Date(),
    "code": pl.String(),
    "modifiers": pl.String(),
    "other_code": pl.String(),
    "other_modifiers": pl.String(),
    "contract": pl.String(),
    "contract_effective": pl.Date(),
}
"""A bundled line and another code of the patient's day with the same provider; `other_code` null: there is none."""

HELD_UNITS_SCHEMA: dict[str, pl.DataType] = {
    "line_id": pl.Int64(),
    "service_date": pl.Date(),
    "code": pl.String(),
    "line_units": pl.Decimal(18, 3),
    "day_units": pl.Decimal(18, 3),
    "contract": pl.String(),
    "contract_effective": pl.Date(),
}
"""A line with units refused: its units as billed, and those of its code for the patient's day with the same provider."""

FINDING_SCHEMA: dict[str, pl.DataType] = {
    "line_id": pl.Int64(),
    "other_code": pl.String(),
    "held_against": pl.String(),
    "edits_of": pl.String(),
    "finding": pl.String(),
    "proof": pl.String(),
    "edition": pl.String(),
    "modifier_indicator": pl.String(),
    "effective": pl.Date(),
    "deletion": pl.Date(),
    "source_file": pl.String(),
    "source_row": pl.Int32(),
}
"""One line and code it was held against. edits_of: ncci, contract (the payer's own edits) or empty (not said)."""

_ANSWERED = {
    "other_way": "OTHER_WAY",
    "deleted": "DELETED",
    "not_begun": "DELETED",
    "void": "DELETED",
    "none": "NO_EDIT",
    "unknown": "NO_EDITION",
}


def _rules(terms: Terms) -> pl.DataFrame:
    """Which pair edits each contract says hold: contract, contract_effective, edits (null: not said)."""
    stated = [
        (one.terms.contract, one.terms.effective, one.terms.terms.edits)
        for one in (*terms.contracts, MEDICARE_TERMS)
    ]
    schema = {"contract": pl.String(), "contract_effective": pl.Date(), "edits": pl.String()}
    return pl.DataFrame(stated, schema=schema, orient="row")


def hold_denials(
    pairs: pl.DataFrame, units: pl.DataFrame, terms: Terms, reference: Reference
) -> pl.DataFrame:
    """Hold bundled lines (HELD_PAIR_SCHEMA) and refused units (HELD_UNITS_SCHEMA) against the edits of their day.

    The payer's own edits go before the national ones, which count only where the contract says so (Medicare's does).
    Returns FINDING_SCHEMA, sorted by line and code.
    """
    key = ["contract", "contract_effective"]
    rules = _rules(terms)
    asked = pairs.join(rules, on=key, how="left", validate="m:1")
    found = [
        *_pair_findings(asked, terms, reference),
        _unit_findings(units.join(rules, on=key, how="left"), reference),
    ]
    return pl.concat([_shaped(one) for one in found]).sort(
        "line_id", "other_code", "held_against", nulls_last=True
    )


def _pair_findings(asked: pl.DataFrame, terms: Terms, reference: Reference) -> list[pl.DataFrame]:
    national = asked.filter(pl.col("edits") == "ncci")
    always = _always_bundled(national, reference)
    rest = asked.join(always, on="line_id", how="anti")
    alone = rest.filter(pl.col("other_code").is_null()).with_columns(
        finding=pl.lit("NO_PARTNER"), proof=pl.lit("no other code of the day"), edits_of=pl.lit("")
    )
    together = rest.filter(pl.col("other_code").is_not_null())
    own = _own(together, edit_frame(terms))
    left = together.join(own, on=["line_id", "other_code"], how="anti")
    ncci = _national(left.filter(pl.col("edits") == "ncci"), reference)
    complete = left.filter(pl.col("edits") == "own").with_columns(
        finding=pl.lit("NO_EDIT"),
        proof=pl.format("not among the edits of contract {}, which are all there are", "contract"),
        edits_of=pl.lit("contract"),
    )
    unsaid = left.filter(pl.col("edits").is_null()).with_columns(
        finding=pl.lit("NO_RULES"), proof=_unsaid("which pair edits hold"), edits_of=pl.lit("")
    )
    return [always, alone, own, ncci, complete, unsaid]


def _unsaid(what: str) -> pl.Expr:
    return (
        pl.when(pl.col("contract").is_null())
        .then(pl.lit(f"no contract covers the line, so that {what} is not known"))
        .otherwise(pl.format("contract {} does not say {}", "contract", pl.lit(what)))
    )


def _always_bundled(asked: pl.DataFrame, reference: Reference) -> pl.DataFrame:
    """Status B of the fee schedule in force on the day: never paid apart."""
    values = reference.rvu.filter(pl.col("status") == "B").select(
        "release", "hcpcs", "source_file", "source_row", "until", begun="effective"
    )
    rows = asked.unique("line_id", keep="first", maintain_order=True).join(
        values, left_on="code", right_on="hcpcs", how="inner"
    )
    within = rows.filter(pl.col("service_date").is_between(pl.col("begun"), pl.col("until")))
    return within.unique("line_id", keep="first", maintain_order=True).with_columns(
        finding=pl.lit("ALWAYS_BUNDLED"),
        proof=pl.format("status B in {}", "release"),
        edits_of=pl.lit("ncci"),
        other_code=pl.lit(None, pl.String),
    )


def _own(asked: pl.DataFrame, edits: pl.DataFrame) -> pl.DataFrame:
    """The payer's own edits of the day, either way round."""
    key = ["contract", "contract_effective"]
    named = edits.select(
        *key,
        "column_1",
        "column_2",
        "modifier_indicator",
        "effective",
        "until",
        "source",
        "source_file",
        "source_row",
    )
    ways = []
    for column_1, column_2, turned in (("other_code", "code", False), ("code", "other_code", True)):
        met = asked.join(
            named, left_on=[*key, column_1, column_2], right_on=[*key, "column_1", "column_2"], how="inner"
        )
        ways.append(met.with_columns(turned=pl.lit(turned)))
    day = pl.col("service_date")
    met = pl.concat(ways, how="diagonal").filter(
        (pl.col("effective").is_null() | (day >= pl.col("effective")))
        & (pl.col("until").is_null() | (day <= pl.col("until")))
    )
    first = met.sort("turned", "modifier_indicator", "source_file", "source_row").unique(
        ["line_id", "other_code"], keep="first", maintain_order=True
    )
    proof = pl.format(
        "{} row {}: {} beside {}, indicator {}; {}", "source_file", "source_row",
        pl.when("turned").then("other_code").otherwise("code"), pl.when("turned").then("code").otherwise("other_code"),
        "modifier_indicator", pl.col("source").fill_null(""),
    )  # fmt: skip
    return _by_modifier(first.rename({"until": "deletion"})).with_columns(
        finding=pl.when("turned").then(pl.lit("OTHER_WAY")).otherwise("finding"),
        proof=proof,
        edits_of=pl.lit("contract"),
    )


def _by_modifier(rows: pl.DataFrame) -> pl.DataFrame:
    """Add the finding of an edit in force: by its indicator, and by what was billed on either of the two codes."""
    billed = (
        pl.concat_str("modifiers", "other_modifiers", separator=":", ignore_nulls=True)
        .str.to_uppercase()
        .str.split(":")
    )
    counts = pl.any_horizontal(
        pl.lit(value=False),
        *(
            billed.list.contains(modifier) & (pl.col("service_date") >= begun)
            for modifier, begun in edit_modifiers().select("modifier", "effective").iter_rows()
        ),
    )
    zero = pl.col("modifier_indicator") == "0"
    return rows.with_columns(
        finding=pl.when(zero)
        .then(pl.lit("IN_FORCE_0"))
        .when(counts)
        .then(pl.lit("MODIFIER_BILLED"))
        .otherwise(pl.lit("IN_FORCE_1"))
    )


def _national(asked: pl.DataFrame, reference: Reference) -> pl.DataFrame:
    if asked.is_empty():
        return asked.with_columns(finding=pl.lit(None, pl.String))
    answers = hold_pairs(asked, reference)
    held = _by_modifier(asked.join(answers, on=list(PAIR_SCHEMA), how="left", validate="m:1"))
    span = pl.concat_str(
        pl.format("{} row {}: column 1 {}, column 2 {}", "source_file", "source_row", "column_1", "column_2"),
        pl.format("in force from {}", "effective"),
        pl.when(pl.col("answer") == "void").then(pl.lit("void, never in force")).otherwise(pl.format("until {}", "deletion")),
        pl.format("indicator {}", "modifier_indicator"),
        separator=", ", ignore_nulls=True,
    )  # fmt: skip
    absent = pl.format("{} has no row of {} and {}", "edition", "code", "other_code")
    answer = pl.col("answer")
    return held.with_columns(
        finding=pl.when(answer == "in_force")
        .then("finding")
        .otherwise(answer.replace_strict(_ANSWERED, default=None, return_dtype=pl.String)),
        proof=pl.when(answer == "unknown").then("reason").when(answer == "none").then(absent).otherwise(span),
        edits_of=pl.lit("ncci"),
    )


def _unit_findings(asked: pl.DataFrame, reference: Reference) -> pl.DataFrame:
    """Units against the most that the table takes; only where the contract says that the national edits hold."""
    answers = hold_units(asked, reference)
    held = asked.join(answers, on=list(UNITS_SCHEMA), how="left", validate="m:1", nulls_equal=True)
    national = pl.col("edits") == "ncci"
    most, indicator = pl.col("most_units"), pl.col("adjudication_indicator")
    billed = pl.when(indicator == "1").then("line_units").otherwise("day_units")
    above = indicator.replace_strict(
        {"1": "ABOVE_LINE_UNITS", "2": "ABOVE_DAY_UNITS", "3": "ABOVE_REVIEWED_UNITS"},
        default=None,
        return_dtype=pl.String,
    )
    stated = pl.format(
        "{} row {}: {} takes {} units, indicator {}; billed {}", "source_file", "source_row", "code", most, indicator,
        billed.cast(pl.Int64),
    )  # fmt: skip
    return held.with_columns(
        held_against=pl.lit("mue"),
        edits_of=pl.when(national).then(pl.lit("ncci")).otherwise(pl.lit("")),
        modifier_indicator=pl.when(national).then(indicator),
        finding=pl.when(national.is_null() | ~national | (pl.col("answer") == "none"))
        .then(pl.lit("NO_UNITS_VALUE"))
        .when(pl.col("answer") == "unknown")
        .then(pl.lit("NO_UNITS_EDITION"))
        .when(billed <= most)
        .then(pl.lit("WITHIN_UNITS"))
        .otherwise(above),
        proof=pl.when(national.is_null() | ~national)
        .then(_unsaid("that the national most units hold"))
        .when(pl.col("answer") == "unknown")
        .then("reason")
        .when(pl.col("answer") == "none")
        .then(pl.format("{} states no most units of {}", "edition", "code"))
        .otherwise(stated),
        source_file=pl.when(national).then("source_file"),
        source_row=pl.when(national).then("source_row"),
        edition=pl.when(national).then("edition"),
    )


def _shaped(rows: pl.DataFrame) -> pl.DataFrame:
    full = rows.with_columns(
        held_against=pl.col("held_against") if "held_against" in rows.columns else pl.lit("ptp"),
    )
    return full.select(
        (pl.col(name) if name in full.columns else pl.lit(None)).cast(kind).alias(name)
        for name, kind in FINDING_SCHEMA.items()
    )
