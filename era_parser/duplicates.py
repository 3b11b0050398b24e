"""Transactions sent twice in one file."""

from collections.abc import Iterator

import polars as pl

from era_parser.findings import FileCheck, FindingCode, Whole, found

SAME_PAYMENT = [
    "file_hash",
    "trace_number",
    "payer_identifier",
    "payment_amount",
    "payment_date",
    "payment_method_code",
]
SAME_CLAIM = [
    "patient_control_number",
    "payer_claim_number",
    "claim_status_code",
    "charge_amount",
    "paid_amount",
]


def claims_told(claims: pl.DataFrame) -> pl.DataFrame:
    """One row a payment: how many claims it has and a fingerprint of them that does not mind their order."""
    told = claims.select(
        "source", "file_hash", "payment", (pl.struct(SAME_CLAIM).hash() // 2**24).alias("fingerprint")
    )
    return told.group_by("source", "file_hash", "payment", maintain_order=True).agg(
        pl.len().alias("claims"), pl.col("fingerprint").sum()
    )


def duplicate_transactions(whole: Whole) -> Iterator[pl.DataFrame]:
    """Same trace number, payer, amount, date and the same claims as an earlier transaction of the file."""
    payments = whole.tables["payment"]
    twins = payments.filter(pl.struct(SAME_PAYMENT).is_duplicated() & pl.col("trace_number").is_not_null())
    if not len(twins):
        return
    keys = ["file_hash", "payment"]
    twins = twins.join(
        whole.tables["claims_told"], on=keys, how="left", maintain_order="left", validate="1:1"
    )
    same = pl.struct([*SAME_PAYMENT, "claims", "fingerprint"])
    message = "repeats an earlier transaction of this file: count it once"
    yield found(
        FindingCode.DUPLICATE_TRANSACTION, twins.filter(same.is_first_distinct().not_()), message, "TRN02"
    )


CHECKS: list[FileCheck] = [duplicate_transactions]
