"""Reprice service lines: what each should have been allowed, with every step of how.

Pure and deterministic: the same lines, terms, reference and practice give the same rows whatever order the
lines come in. The stages, each in its module: matching (which contract), places (where), rates (the unit),
candidates (one row a line), medicare_rules (surgery, clinicians), reductions (multiple procedures, assistants,
units), doubtful (what may be part of the day), caps (smaller of charge and rate, per visit, maximums), outcome
(what is said), steps (the proof).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from .candidates import one_a_line, with_indicators, with_therapy
from .caps import cap_lines
from .contract_facts import contract_facts
from .doubtful import day_doubt, is_doubtful, open_total, with_unmatched
from .matching import match_contracts
from .medicare_rules import apply_medicare_rules
from .medicare_terms import MEDICARE_TERMS
from .outcome import OUTPUT_SCHEMA, capped_unknown, line_problem, output_rows, with_outcome
from .places import place_lines
from .prepare import LINE_SCHEMA, prepare
from .rates import Rates
from .reductions import cut_units, line_amounts, not_first, rank_lines, ranked_together
from .steps import STEP_SCHEMA, price_steps

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from .practice import Practice
    from .reference import Reference
    from .terms import Contract, Terms

__all__ = ["LINE_SCHEMA", "OUTPUT_SCHEMA", "STEP_SCHEMA", "Repriced", "reprice"]

_ONLY_MATCHED = ("payer_ids", "payer_name", "class_of_contract", "filing_indicator", "group_number")


@dataclass(frozen=True)
class Repriced:
    """`lines` has OUTPUT_SCHEMA, `steps` has STEP_SCHEMA."""

    lines: pl.DataFrame
    steps: pl.DataFrame


def reprice(lines: pl.DataFrame, terms: Terms, reference: Reference, practice: Practice) -> Repriced:
    """Price every line of LINE_SCHEMA but those that are doubtful (DOUBT_SCHEMA), which others are priced beside.

    Raises ValueError where columns are missing or line_id is not unique.
    """
    contracts = [*terms.contracts, MEDICARE_TERMS]
    judged = under_contract(lines, contracts)
    inside = judged.filter(pl.col("outcome").is_null())
    rates = Rates.of(terms, contracts, reference, practice)
    rows = [output_rows(judged.filter(pl.col("outcome").is_not_null() & ~is_doubtful()))]
    steps = [pl.DataFrame(schema=STEP_SCHEMA)]
    for batch in _batches(inside):
        priced = price_lines(batch, rates, reference, practice)
        rows.append(output_rows(priced))
        steps.append(price_steps(priced.filter(pl.col("expected_low").is_not_null())))
    return Repriced(pl.concat(rows).sort("line_id"), pl.concat(steps).sort("line_id", "step"))


def under_contract(lines: pl.DataFrame, contracts: Sequence[Contract]) -> pl.DataFrame:
    """Prepare the lines of LINE_SCHEMA and find the contract of each: its facts, else `outcome` and `reason`.

    Raises ValueError as reprice() does.
    """
    matched = (
        with_unmatched(match_contracts(prepare(lines), contracts))
        .drop(_ONLY_MATCHED)
        .join(contract_facts(contracts), on="contract_ix", how="left", validate="m:1")
    )
    return _capitation(matched)


_BATCH = 250_000
"""Lines priced at a time where contracts allow it: nothing a line needs lies outside its contract."""


def _batches(lines: pl.DataFrame) -> Iterator[pl.DataFrame]:
    """Yield the lines of whole contracts, _BATCH or so at a time, to bound memory."""
    counts = lines.group_by("contract_ix").len().sort("contract_ix")
    batch = ((counts["len"].cum_sum() - counts["len"]) // _BATCH).alias("batch")
    numbered = counts.select("contract_ix").with_columns(batch)
    for contracts in numbered.partition_by("batch", maintain_order=True):
        yield lines.join(contracts.select("contract_ix"), on="contract_ix", how="semi")


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


Alter = Callable[[str, pl.DataFrame], pl.DataFrame]
"""What a question changes after a stage: given the stage's name and its rows, the rows to go on with."""


def _as_it_is(stage: str, lines: pl.DataFrame) -> pl.DataFrame:  # noqa: ARG001  (an Alter takes both)
    return lines


def price_lines(
    lines: pl.DataFrame, rates: Rates, reference: Reference, practice: Practice, alter: Alter = _as_it_is
) -> pl.DataFrame:
    """Return prepared lines that have a contract with everything that became of them: the stages in their order.

    `alter` may change the rows after the stages placed, rated, ranked, cut and capped: what a price would be if.
    """
    placed = alter("placed", place_lines(lines, practice, reference.zip_locality)).with_row_index("row")
    rated = alter("rated", placed.join(rates.price(placed), on="row", how="left", validate="1:1"))
    whole = with_therapy(one_a_line(with_indicators(rated, reference)))
    ranked = alter("ranked", rank_lines(apply_medicare_rules(whole, practice)))
    reduced = line_amounts(alter("cut", cut_units(ranked)))
    judged = reduced.with_columns(line_problem().alias("problem"))
    judged = judged.with_columns(pl.coalesce("problem", capped_unknown()).alias("problem"))
    judged = judged.with_columns(open_total=open_total(), day_doubt=day_doubt()).filter(~is_doubtful())
    judged = judged.with_columns(
        pl.coalesce("problem", "open_total").alias("problem"),
        open_total=pl.col("problem").is_null() & pl.col("open_total").is_not_null(),
    )
    judged = judged.with_columns(rank_group=ranked_together(), not_first=not_first())
    good = alter("capped", cap_lines(judged.filter(pl.col("problem").is_null())))
    bad = judged.filter(pl.col("problem").is_not_null())
    return with_outcome(pl.concat([good, bad], how="diagonal"))
