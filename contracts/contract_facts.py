"""The terms of all contracts as small frames that lines are joined to."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from .terms import Contract, FeeSchedule, PercentOfCharge, PercentOfMedicare, PerVisit, Rate, Terms

if TYPE_CHECKING:
    from collections.abc import Sequence

_FACTS = {
    "contract_ix": pl.Int32(),
    "contract": pl.String(),
    "contract_file": pl.String(),
    "contract_effective": pl.Date(),
    "payer": pl.String(),
    "plan": pl.String(),
    "lesser_of": pl.String(),
    "multiple_procedure": pl.String(),
    "multiple_procedure_percent": pl.Int64(),
    "assistant_percent": pl.Int64(),
    "visit_maximum_cents": pl.Int64(),
    "rounding": pl.String(),
    "capitated": pl.Boolean(),
    "carve_out_codes": pl.List(pl.String()),
    "unit_tolerance_cents": pl.Int64(),
}

_ENTRIES = {
    "contract_ix": pl.Int32(),
    "position": pl.Int32(),
    "basis": pl.String(),
    "percent": pl.Int64(),
    "year": pl.Int32(),
    "factor_choice": pl.String(),
    "amount_cents": pl.Int64(),
    "clause": pl.String(),
}


def contract_facts(contracts: Sequence[Contract]) -> pl.DataFrame:
    """One row a contract: who it is and the clauses of its [terms]."""
    rows = [_facts_row(index, one) for index, one in enumerate(contracts)]
    return pl.DataFrame(rows, schema=_FACTS, orient="row")


def _facts_row(index: int, contract: Contract) -> tuple[object, ...]:
    terms, clauses = contract.terms, contract.terms.terms
    return (
        index,
        terms.contract,
        contract.file,
        terms.effective,
        terms.payer,
        terms.plan,
        clauses.lesser_of,
        clauses.multiple_procedure,
        clauses.multiple_procedure_percent,
        clauses.assistant_percent,
        clauses.visit_maximum,
        clauses.rounding,
        clauses.capitated,
        list(clauses.carve_out_codes),
        clauses.tolerance,
    )


def rate_entries(contracts: Sequence[Contract]) -> pl.DataFrame:
    """One row a [[rate]].

    Contract_ix, position from 0, and what its basis needs. `percent` in hundredths of a percent.
    """
    rows = [
        (index, position, rate.basis, *_entry(rate), f"{one.file} [[rate]] {position + 1}")
        for index, one in enumerate(contracts)
        for position, rate in enumerate(one.terms.rate)
    ]
    return pl.DataFrame(rows, schema=_ENTRIES, orient="row")


def _entry(rate: Rate) -> tuple[int | None, int | None, str | None, int | None]:
    if isinstance(rate, PercentOfMedicare):
        year = rate.year if isinstance(rate.year, int) else None
        return rate.percent, year, rate.conversion_factor or "either", None
    if isinstance(rate, PercentOfCharge):
        return rate.percent, None, None, None
    if isinstance(rate, PerVisit):
        return None, None, None, rate.amount
    return None, None, "clinician", None


def entry_codes(contracts: Sequence[Contract]) -> pl.DataFrame:
    """Return the codes of entries that name some.

    Contract_ix, position, code. An entry that names none prices every code.
    """
    rows = [
        (index, position, code)
        for index, one in enumerate(contracts)
        for position, rate in enumerate(one.terms.rate)
        for code in dict.fromkeys(rate.codes)
    ]
    return pl.DataFrame(
        rows, schema={"contract_ix": pl.Int32, "position": pl.Int32, "code": pl.String}, orient="row"
    )


def fee_rows(terms: Terms, contracts: Sequence[Contract]) -> pl.DataFrame:
    """Return the fee schedule rows keyed by contract_ix and position, modifiers as a list."""
    schedules = {
        (one.file, position): index
        for index, one in enumerate(contracts)
        for position, rate in enumerate(one.terms.rate)
        if isinstance(rate, FeeSchedule) and not one.builtin
    }
    keys = pl.DataFrame(
        [(file, position, index) for (file, position), index in schedules.items()],
        schema={"contract_file": pl.String, "rate_position": pl.Int32, "contract_ix": pl.Int32},
        orient="row",
    )
    modifiers = pl.col("modifiers")
    return terms.fee_rows.join(
        keys, on=["contract_file", "rate_position"], how="inner", validate="m:1"
    ).select(
        "contract_ix",
        pl.col("rate_position").alias("position"),
        "code",
        pl.when(modifiers == "")
        .then(pl.lit([], pl.List(pl.String)))
        .otherwise(modifiers.str.split(":"))
        .alias("row_modifiers"),
        pl.col("setting").alias("row_setting"),
        "rate_cents",
        "effective",
        "until",
        pl.format("{} row {}", "schedule_file", "row").alias("rate_row"),
        pl.col("row").alias("fee_position"),
    )
