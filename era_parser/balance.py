"""Balancing (005010X221A1, 1.10.2.1): line, claim, payment, to the cent.

Where an amount is missing, no verdict.
"""

from collections.abc import Iterator

import polars as pl

from era_parser.findings import FindingCode, PieceCheck, Read, found

ZERO = pl.lit(0).cast(pl.Decimal(18, 2))
CLAIM = ["claim_row"]
LINE = ["line_row"]


def _sums(frame: pl.DataFrame, keys: list[str], amount: str) -> pl.DataFrame:
    """Sum of an amount by key; null where one of the amounts is missing."""
    whole = pl.col(amount).is_not_null().all()
    total = pl.when(whole).then(pl.col(amount).sum())
    return (
        frame.select(*keys, amount).group_by(keys).agg(total.alias("total"), pl.lit(value=True).alias("any"))
    )


def _total(frame: pl.DataFrame, keys: list[str], sums: pl.DataFrame) -> pl.DataFrame:
    joined = frame.join(sums, on=keys, how="left", maintain_order="left", validate="m:1")
    return joined.with_columns(
        pl.when(pl.col("any").is_null()).then(ZERO).otherwise(pl.col("total")).alias("total")
    )


def line_balance(read: Read) -> Iterator[pl.DataFrame]:
    """SVC02 - sum(CAS of the line) = SVC03."""
    adjustments = read.tables["adjustment"].filter(pl.col("line_row").is_not_null())
    lines = _total(read.tables["service_line"], LINE, _sums(adjustments, LINE, "adjustment_amount"))
    left = pl.col("charge_amount") - pl.col("total")
    rows = lines.filter(left != pl.col("paid_amount"))
    message = pl.format(
        "charge {} less adjustments {} is not paid {}: ask the payer for a corrected remittance",
        "charge_amount", "total", "paid_amount",
    )  # fmt: skip
    yield found(FindingCode.LINE_BALANCE, rows, message, "SVC03")


def claim_balance(read: Read) -> Iterator[pl.DataFrame]:
    """CLP03 - sum(CAS of the claim and its lines) = CLP04."""
    adjustments = read.tables["adjustment"].filter(pl.col("claim_row").is_not_null())
    claims = _total(read.tables["claim"], CLAIM, _sums(adjustments, CLAIM, "adjustment_amount"))
    rows = claims.filter(pl.col("charge_amount") - pl.col("total") != pl.col("paid_amount"))
    message = pl.format(
        "charge {} less adjustments {} is not paid {}: ask the payer for a corrected remittance",
        "charge_amount", "total", "paid_amount",
    )  # fmt: skip
    yield found(FindingCode.CLAIM_BALANCE, rows, message, "CLP04")


def patient_responsibility(read: Read) -> Iterator[pl.DataFrame]:
    """CLP05 = sum(CAS*PR of the claim and its lines), where CLP05 is sent."""
    adjustments = read.tables["adjustment"].filter(
        pl.col("claim_row").is_not_null() & (pl.col("group_code") == "PR")
    )
    claims = read.tables["claim"].filter(pl.col("patient_responsibility_amount").is_not_null())
    claims = _total(claims, CLAIM, _sums(adjustments, CLAIM, "adjustment_amount"))
    rows = claims.filter(pl.col("patient_responsibility_amount") != pl.col("total"))
    message = pl.format(
        "stated {} but PR adjustments come to {}: go by the adjustments",
        "patient_responsibility_amount",
        "total",
    )
    yield found(FindingCode.PATIENT_RESPONSIBILITY, rows, message, "CLP05")


def payment_balance(read: Read) -> Iterator[pl.DataFrame]:
    """BPR02 = sum(CLP04) - sum(PLB)."""
    keys = ["source", "payment"]
    payments = _total(read.tables["payment"], keys, _sums(read.tables["claim"], keys, "paid_amount"))
    payments = payments.rename({"total": "claims"}).drop("any")
    provider = read.tables["provider_adjustment"].filter(
        pl.col("adjustment_amount").is_not_null() | pl.col("reason_code").is_not_null()
    )
    payments = _total(payments, keys, _sums(provider, keys, "adjustment_amount"))
    rows = payments.filter(pl.col("claims") - pl.col("total") != pl.col("payment_amount"))
    message = pl.format(
        "claims {} less provider adjustments {} is not the payment {}: ask the payer what is missing",
        "claims", "total", "payment_amount",
    )  # fmt: skip
    yield found(FindingCode.PAYMENT_BALANCE, rows, message, "BPR02")


CHECKS: list[PieceCheck] = [line_balance, claim_balance, patient_responsibility, payment_balance]
