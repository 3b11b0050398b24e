"""The patient-days on which something is short, as the hypotheses look at them.

A case is what a payer prices together: a patient's day under one contract; where a claim is judged on its total, all
the days of the claim.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import polars as pl

from .places import place_lines
from .reprice import under_contract

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from .practice import Practice
    from .reference import Reference
    from .terms import Contract, Terms

GROUP_SCHEMA: dict[str, pl.DataType] = {
    "line_id": pl.Int64(),
    "judged_group": pl.String(),
    "allowed_cents": pl.Int64(),
    "expected_cents": pl.Int64(),
    "decided_units": pl.Decimal(18, 3),
    "short": pl.Boolean(),
}
"""What was allowed, one row a priced line.

`allowed_cents` and `expected_cents` (at least) are the sums of its `judged_group`; `short`: the sum is below.
"""


@dataclass(frozen=True)
class ShortDays:
    """The lines of all cases, and what they are priced from.

    `lines` has LINE_SCHEMA, `case`, `contract_ix`, `code`, the columns of GROUP_SCHEMA (null where a line is not
    judged) and `place_count`; `cases` one row a case with what its hypotheses depend on.
    """

    lines: pl.DataFrame
    cases: pl.DataFrame
    terms: Terms
    contracts: Sequence[Contract]
    reference: Reference
    practice: Practice

    @classmethod
    def of(
        cls,
        lines: pl.DataFrame,
        groups: pl.DataFrame,
        terms: Terms,
        contracts: Sequence[Contract],
        reference: Reference,
        practice: Practice,
    ) -> ShortDays:
        judged = lines.join(groups, on="line_id", how="left", validate="1:1")
        near = _with_something_short(judged)
        held = under_contract(near.select(lines.columns), contracts).filter(pl.col("outcome").is_null())
        placed = place_lines(held, practice, reference.zip_locality)
        places = placed.group_by("line_id").agg(
            pl.len().cast(pl.Int32).alias("place_count"), pl.col("mac").first(), pl.col("locality").first()
        )
        facts = held.select(
            "line_id",
            "of_line_id",
            "doubt",
            "contract_ix",
            "code",
            pl.col("modifiers").alias("modifier_list"),
            *_FACTS,
        )
        own = near.drop("doubt").rename({"line_id": "of_line_id"})
        known = own.join(facts, on="of_line_id", how="inner").join(places, on="line_id", how="left")
        cased = _cased(known)
        kept = cased.filter(pl.col("short").fill_null(value=False).any().over("case"))
        return cls(kept, _cases(kept, contracts), terms, contracts, reference, practice)

    def parts(self, count: int) -> Iterator[ShortDays]:
        """Yield so many cases at a time; none depends on another."""
        turn = ((pl.col("case").rank("dense") - 1) // count).alias("_turn")
        turns = self.cases.select("case", turn)
        for own in turns.partition_by("_turn", maintain_order=True):
            held = own.select("case")
            yield replace(
                self,
                lines=self.lines.join(held, on="case", how="semi", maintain_order="left"),
                cases=self.cases.join(held, on="case", how="semi", maintain_order="left"),
            )


_FACTS = ("contract_effective", "lesser_of", "multiple_procedure", "assistant_percent")


def _with_something_short(judged: pl.DataFrame) -> pl.DataFrame:
    """Return the lines of patient-days and claims on which something is short."""
    short = judged.filter("short")
    return judged.filter(
        pl.col("patient_day").is_in(short["patient_day"].unique().implode())
        | pl.col("claim_id").is_in(short["claim_id"].unique().implode())
    )


def _cased(lines: pl.DataFrame) -> pl.DataFrame:
    """Number the cases; days of a claim that is judged on its total belong together."""
    by_claim = (pl.col("lesser_of") == "claim") | pl.col("judged_group").str.starts_with("claim").fill_null(
        value=False
    )
    first = pl.when(by_claim).then(pl.col("patient_day").min().over("claim_id")).otherwise("patient_day")
    whole = lines.with_columns(first.alias("_day"))
    whole = whole.with_columns(pl.col("_day").min().over("patient_day"))
    return whole.with_columns(
        pl.struct("_day", "contract_ix").rank("dense").cast(pl.UInt32).alias("case")
    ).drop("_day")


def _cases(lines: pl.DataFrame, contracts: Sequence[Contract]) -> pl.DataFrame:
    """One row a case: contract_ix, dates, place_count, mac, locality, and a flag for each `when`."""
    assistant = pl.col("modifier_list").list.set_intersection(["CQ", "CO"]).list.len() > 0
    one = lines.group_by("case").agg(
        pl.col("contract_ix").first(),
        pl.col("contract_effective").first(),
        pl.col("multiple_procedure").first(),
        pl.col("lesser_of").first(),
        pl.col("assistant_percent").first(),
        pl.col("service_date").max().alias("service_date"),
        pl.col("place_count").max(),
        pl.col("mac").first(),
        pl.col("locality").first(),
        assistant.any().alias("assistant"),
        (~assistant).any().alias("no_assistant"),
    )
    about = pl.DataFrame(
        [_about(index, contract) for index, contract in enumerate(contracts)],
        schema={
            "contract_ix": pl.Int32,
            "medicare": pl.Boolean,
            "medicare_based": pl.Boolean,
            "fixed_year": pl.Boolean,
            "schedules": pl.Boolean,
            "percent_of_charge": pl.Boolean,
            "sequestration": pl.Boolean,
        },
        orient="row",
    )
    rule = pl.col("multiple_procedure")
    agreed = pl.col("assistant_percent").is_not_null()
    return (
        one.join(about, on="contract_ix", how="left", validate="m:1")
        .with_columns(
            always=pl.lit(value=True),
            reduction=rule != "none",
            no_reduction=rule == "none",
            medicare_reduction=rule == "medicare",
            percent_reduction=rule == "percent",
            assistant=pl.col("assistant") & (agreed | pl.col("medicare")),
            assistant_not_agreed=pl.col("assistant") & ~agreed & ~pl.col("medicare"),
            not_medicare=~pl.col("medicare"),
            no_sequestration=~pl.col("sequestration"),
            setting=pl.col("medicare_based") | pl.col("schedules"),
            no_lesser_of_line=pl.col("lesser_of") != "line",
            not_percent_of_charge=~pl.col("percent_of_charge"),
        )
        .sort("case")
    )


def _about(index: int, contract: Contract) -> tuple[int, bool, bool, bool, bool, bool, bool]:
    bases = {rate.basis for rate in contract.terms.rate}
    fixed = any(isinstance(getattr(rate, "year", None), int) for rate in contract.terms.rate)
    return (
        index,
        "medicare" in bases,
        bool(bases & {"medicare", "percent_of_medicare"}),
        fixed,
        "fee_schedule" in bases,
        bases == {"percent_of_charge"},
        contract.terms.terms.sequestration,
    )
