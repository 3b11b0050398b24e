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


def duplicate_transactions(whole: Whole) -> Iterator[pl.DataFrame]:
    """Give same trace number, payer, amount.

    Date and the same claims as an earlier transaction of the file.
    """
    payments = whole.tables["payment"]
    twins = payments.filter(pl.struct(SAME_PAYMENT).is_duplicated() & pl.col("trace_number").is_not_null())
    if not len(twins):
        return
    claims = whole.tables["claim"].join(
        twins.select("file_hash", "payment"), on=["file_hash", "payment"], how="semi"
    )
    listed = claims.group_by("file_hash", "payment").agg(pl.struct(SAME_CLAIM).hash().sort().alias("claims"))
    twins = twins.join(listed, on=["file_hash", "payment"], how="left", maintain_order="left", validate="1:1")
    twins = twins.with_columns(
        pl.col("claims").list.eval(pl.element().cast(pl.String)).list.join(",").fill_null("")
    )
    rows = twins.filter(pl.struct([*SAME_PAYMENT, "claims"]).is_first_distinct().not_())
    message = "repeats an earlier transaction of this file: count it once"
    yield found(FindingCode.DUPLICATE_TRANSACTION, rows, message, "TRN02")


CHECKS: list[FileCheck] = [duplicate_transactions]
