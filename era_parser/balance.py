"""Balancing (005010X221A1, 1.10.2.1): line, claim, payment, to the cent.

Where an amount is missing, no verdict.
"""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import polars as pl

from era_parser.findings import FindingCode, PieceCheck, Read, found
from era_parser.spans import typed_column

Cents = npt.NDArray[np.int64]
UNBALANCED = "charge {} less adjustments {} is not paid {}: ask the payer for a corrected remittance"


def _cents(amounts: pl.Series) -> Cents:
    """Amounts in cents; nulls as 0."""
    values: Cents = amounts.to_physical().cast(pl.Int64).fill_null(0).to_numpy()
    return values


def _sums(owners: pl.Series, parts: pl.Series, amounts: pl.Series) -> pl.DataFrame:
    """Sum of the amounts of each owner's parts, by the number that both carry: `total`, null if one is missing.

    `parts` rises; numbers count from 1.
    """
    numbers = parts.to_numpy()
    starts = np.flatnonzero(np.diff(numbers, prepend=-1))
    places = owners.to_numpy()
    size = int(max(numbers.max(initial=0), places.max(initial=0))) + 1
    totals, unknown = np.zeros(size, np.int64), np.zeros(size, np.bool_)
    if len(starts):
        totals[numbers[starts]] = np.add.reduceat(_cents(amounts), starts)
    unknown[numbers[amounts.is_null().to_numpy()]] = True
    return pl.DataFrame({"total": totals[places], "unknown": unknown[places]})


def _unequal(
    owners: pl.DataFrame, sums: pl.DataFrame, whole: str, left: str, *, less: bool = True
) -> pl.DataFrame:
    """Owners whose `whole` (less the sum, or the sum alone) is not `left`; with the sum as `total`."""
    first = _cents(owners[whole]) if less else np.zeros(len(owners), np.int64)
    sign = -1 if less else 1
    off = first + sign * sums["total"].to_numpy() != _cents(owners[left])
    known = (owners[whole].is_not_null() & owners[left].is_not_null() & sums["unknown"].not_()).to_numpy()
    rows = pl.Series(off & known)
    total = typed_column("money", sums["total"].to_numpy(), np.ones(len(owners), np.bool_))
    return owners.with_columns(total.alias("total")).filter(rows)


def line_balance(read: Read) -> Iterator[pl.DataFrame]:
    """SVC02 - sum(CAS of the line) = SVC03."""
    adjustments = read.tables["adjustment"].filter(pl.col("line_row").is_not_null())
    lines = read.tables["service_line"]
    sums = _sums(lines["line_row"], adjustments["line_row"], adjustments["adjustment_amount"])
    rows = _unequal(lines, sums, "charge_amount", "paid_amount")
    message = pl.format(UNBALANCED, "charge_amount", "total", "paid_amount")
    yield found(FindingCode.LINE_BALANCE, rows, message, "SVC03")


def claim_balance(read: Read) -> Iterator[pl.DataFrame]:
    """CLP03 - sum(CAS of the claim and its lines) = CLP04."""
    adjustments = read.tables["adjustment"].filter(pl.col("claim_row").is_not_null())
    claims = read.tables["claim"]
    sums = _sums(claims["claim_row"], adjustments["claim_row"], adjustments["adjustment_amount"])
    rows = _unequal(claims, sums, "charge_amount", "paid_amount")
    message = pl.format(UNBALANCED, "charge_amount", "total", "paid_amount")
    yield found(FindingCode.CLAIM_BALANCE, rows, message, "CLP04")


def patient_responsibility(read: Read) -> Iterator[pl.DataFrame]:
    """CLP05 = sum(CAS*PR of the claim and its lines), where CLP05 is sent."""
    adjustments = read.tables["adjustment"].filter(
        pl.col("claim_row").is_not_null() & (pl.col("group_code") == "PR")
    )
    claims = read.tables["claim"]
    sums = _sums(claims["claim_row"], adjustments["claim_row"], adjustments["adjustment_amount"])
    stated = "patient_responsibility_amount"
    rows = _unequal(claims, sums, stated, stated, less=False)
    message = pl.format("stated {} but PR adjustments come to {}: go by the adjustments", stated, "total")
    yield found(FindingCode.PATIENT_RESPONSIBILITY, rows, message, "CLP05")


def payment_balance(read: Read) -> Iterator[pl.DataFrame]:
    """BPR02 = sum(CLP04) - sum(PLB)."""
    payments, claims = read.tables["payment"], read.tables["claim"]
    provider = read.tables["provider_adjustment"].filter(
        pl.col("adjustment_amount").is_not_null() | pl.col("reason_code").is_not_null()
    )
    keys = ["source", "payment"]
    claimed = claims.group_by(keys).agg(
        pl.col("paid_amount").sum().alias("claims"), pl.col("paid_amount").is_null().any().alias("unknown")
    )
    taken = provider.group_by(keys).agg(
        pl.col("adjustment_amount").sum().alias("total"),
        pl.col("adjustment_amount").is_null().any().alias("unknown_taken"),
    )
    rows = payments.join(claimed, on=keys, how="left", maintain_order="left", validate="1:1").join(
        taken, on=keys, how="left", maintain_order="left", validate="1:1"
    )
    rows = rows.with_columns(pl.col("claims", "total").fill_null(0))
    unknown = pl.col("unknown").fill_null(value=False) | pl.col("unknown_taken").fill_null(value=False)
    rows = rows.filter((pl.col("claims") - pl.col("total") != pl.col("payment_amount")) & unknown.not_())
    message = pl.format(
        "claims {} less provider adjustments {} is not the payment {}: ask the payer what is missing",
        "claims", "total", "payment_amount",
    )  # fmt: skip
    yield found(FindingCode.PAYMENT_BALANCE, rows, message, "BPR02")


CHECKS: list[PieceCheck] = [line_balance, claim_balance, patient_responsibility, payment_balance]
