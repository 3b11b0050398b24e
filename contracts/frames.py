"""The terms as frames for the warehouse's `terms` schema.

Contract, rate_entry, fee_schedule_row, dispute_window, filing_limit, contract_edit.
"""

from __future__ import annotations

from decimal import Decimal

import polars as pl

from .medicare_terms import MEDICARE_TERMS
from .money import amount
from .terms import CRITERIA, Contract, FeeSchedule, PercentOfCharge, PercentOfMedicare, PerVisit, Rate, Terms
from .toml_lines import line_of

_MONEY = pl.Decimal(18, 2)
_PERCENT = pl.Decimal(9, 2)
_IDENTITY = {
    "contract": pl.String(),
    "contract_effective": pl.Date(),
    "source_file": pl.String(),
    "source_line": pl.Int32(),
}

CONTRACT = _IDENTITY | {
    "until": pl.Date(),
    "payer": pl.String(),
    "plan": pl.String(),
    "source": pl.String(),
    **{f"match_{name}": pl.String() for name in CRITERIA},
    "lesser_of": pl.String(),
    "multiple_procedure": pl.String(),
    "multiple_procedure_percent": _PERCENT,
    "assistant_percent": _PERCENT,
    "sequestration": pl.Boolean(),
    "visit_maximum_amount": _MONEY,
    "rounding": pl.String(),
    "capitated": pl.Boolean(),
    "carve_out_codes": pl.String(),
    "tolerance_amount": _MONEY,
    "edits": pl.String(),
    "units_rule": pl.String(),
}
RATE_ENTRY = _IDENTITY | {
    "position": pl.Int32(),
    "basis": pl.String(),
    "schedule_file": pl.String(),
    "percent": _PERCENT,
    "year": pl.Int32(),
    "conversion_factor": pl.String(),
    "visit_amount": _MONEY,
    "codes": pl.String(),
}
FEE_SCHEDULE_ROW = {
    "contract": pl.String(),
    "contract_effective": pl.Date(),
    "source_file": pl.String(),
    "source_row": pl.Int32(),
    "position": pl.Int32(),
    "procedure_code": pl.String(),
    "modifiers": pl.String(),
    "setting": pl.String(),
    "rate_amount": _MONEY,
    "effective": pl.Date(),
    "until": pl.Date(),
}
FILING_LIMIT = _IDENTITY | {
    "days": pl.Int32(),
    "unit": pl.String(),
    "counted_from": pl.String(),
    "submit_to": pl.String(),
    "source": pl.String(),
}
CONTRACT_EDIT = {
    "contract": pl.String(),
    "contract_effective": pl.Date(),
    "source_file": pl.String(),
    "source_row": pl.Int32(),
    "column_1": pl.String(),
    "column_2": pl.String(),
    "modifier_indicator": pl.String(),
    "effective": pl.Date(),
    "until": pl.Date(),
    "source": pl.String(),
}
DISPUTE_WINDOW = _IDENTITY | {
    "position": pl.Int32(),
    "level": pl.String(),
    "days": pl.Int32(),
    "unit": pl.String(),
    "counted_from": pl.String(),
    "receipt_days": pl.Int32(),
    "reopened_by": pl.String(),
    "effective": pl.Date(),
    "until": pl.Date(),
    "fallback": pl.Boolean(),
    "submit_to": pl.String(),
    "source": pl.String(),
}


def terms_frames(terms: Terms) -> dict[str, pl.DataFrame]:
    """Return the six frames, the built-in Medicare contract included.

    Lists are joined with ', '; positions count from 1.
    """
    contracts = [*terms.contracts, MEDICARE_TERMS]
    entries = [_rate_row(one, index, rate) for one in contracts for index, rate in enumerate(one.terms.rate)]
    windows = [_window_row(one, index) for one in contracts for index in range(len(one.terms.dispute))]
    return {
        "contract": pl.DataFrame([_contract_row(one) for one in contracts], schema=CONTRACT, orient="row"),
        "rate_entry": pl.DataFrame(entries, schema=RATE_ENTRY, orient="row"),
        "fee_schedule_row": _fee_frame(terms),
        "dispute_window": pl.DataFrame(windows, schema=DISPUTE_WINDOW, orient="row"),
        "filing_limit": pl.DataFrame(_filing_rows(contracts), schema=FILING_LIMIT, orient="row"),
        "contract_edit": edit_frame(terms),
    }


def _money(cents: int | None) -> Decimal | None:
    return None if cents is None else Decimal(cents).scaleb(-2)


def _identity(contract: Contract, *path: str | int) -> tuple[object, ...]:
    line = line_of(dict(contract.lines), path)
    return contract.terms.contract, contract.terms.effective, contract.file, line


def _contract_row(contract: Contract) -> tuple[object, ...]:
    terms, clauses = contract.terms, contract.terms.terms
    return (
        *_identity(contract, "contract"),
        terms.until,
        terms.payer,
        terms.plan,
        terms.source,
        *(", ".join(getattr(terms.match, name)) for name in CRITERIA),
        clauses.lesser_of,
        clauses.multiple_procedure,
        _money(clauses.multiple_procedure_percent),
        _money(clauses.assistant_percent),
        clauses.sequestration,
        _money(clauses.visit_maximum),
        clauses.rounding,
        clauses.capitated,
        ", ".join(clauses.carve_out_codes),
        _money(clauses.tolerance),
        clauses.edits,
        clauses.units_rule,
    )


def _rate_row(contract: Contract, index: int, rate: Rate) -> tuple[object, ...]:
    percent = rate.percent if isinstance(rate, PercentOfMedicare | PercentOfCharge) else None
    of_medicare = rate if isinstance(rate, PercentOfMedicare) else None
    return (
        *_identity(contract, "rate", index),
        index + 1,
        rate.basis,
        rate.file if isinstance(rate, FeeSchedule) else None,
        _money(percent),
        of_medicare.year if of_medicare and isinstance(of_medicare.year, int) else None,
        of_medicare.conversion_factor if of_medicare else None,
        _money(rate.amount) if isinstance(rate, PerVisit) else None,
        ", ".join(rate.codes),
    )


def _window_row(contract: Contract, index: int) -> tuple[object, ...]:
    window = contract.terms.dispute[index]
    return (
        *_identity(contract, "dispute", index),
        index + 1,
        window.level,
        window.days,
        window.unit,
        window.from_,
        window.receipt_days,
        window.reopened_by,
        window.effective,
        window.until,
        window.fallback,
        window.submit_to,
        window.source,
    )


def _filing_rows(contracts: list[Contract]) -> list[tuple[object, ...]]:
    return [
        (*_identity(one, "filing"), limit.days, limit.unit, limit.from_, limit.submit_to, limit.source)
        for one in contracts
        if (limit := one.terms.filing)
    ]


def edit_frame(terms: Terms) -> pl.DataFrame:
    """Return the payers' own edits under the names of their contracts (CONTRACT_EDIT)."""
    return (
        terms.edit_rows.join(_named(terms), on="contract_file", how="left", validate="m:1")
        .select(
            "contract", "contract_effective", pl.col("edit_file").alias("source_file"), pl.col("row").alias("source_row"),
            "column_1", "column_2", pl.col("indicator").alias("modifier_indicator"), "effective", "until", "source",
        )
        .sort("contract", "contract_effective", "source_file", "source_row")
    )  # fmt: skip


def _named(terms: Terms) -> pl.DataFrame:
    return pl.DataFrame(
        [(one.file, one.terms.contract, one.terms.effective) for one in terms.contracts],
        schema={"contract_file": pl.String(), "contract": pl.String(), "contract_effective": pl.Date()},
        orient="row",
    )


def _fee_frame(terms: Terms) -> pl.DataFrame:
    return (
        terms.fee_rows.join(_named(terms), on="contract_file", how="left", validate="m:1")
        .select(
            "contract",
            "contract_effective",
            pl.col("schedule_file").alias("source_file"),
            pl.col("row").alias("source_row"),
            (pl.col("rate_position") + 1).alias("position"),
            pl.col("code").alias("procedure_code"),
            "modifiers",
            "setting",
            amount(pl.col("rate_cents")).alias("rate_amount"),
            "effective",
            "until",
        )
        .select(pl.col(name).cast(dtype) for name, dtype in FEE_SCHEDULE_ROW.items())
        .sort("contract", "contract_effective", "position", "source_row")
    )
