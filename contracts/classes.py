"""What an adjustment on a remittance means for the comparison of allowed with expected."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

import polars as pl

CLASSES = (
    "patient_share",
    "price",
    "payment_reduction",
    "prior_payer",
    "denial",
    "bundling",
    "capitation",
    "non_covered",
    "information",
)
"""patient_share.

The patient's part of the allowed amount. price: the payer's price below the charge. payment_reduction: taken
from (or added to) the payment, not the allowed amount. prior_payer: another payer's part. denial: the line is
refused. bundling: paid within another line. capitation: paid by the head. non_covered: balance the patient
may owe beyond the allowed amount. information: says something, moves nothing that is compared."""

_SCHEMA = {
    "group_code": pl.String(),
    "reason_code": pl.String(),
    "class": pl.String(),
    "effective": pl.Date(),
    "until": pl.Date(),
    "source": pl.String(),
    "note": pl.String(),
}


@cache
def adjustment_classes() -> pl.DataFrame:
    """Return the classified pairs of group and reason code.

    Group_code, reason_code, class, effective, until, source, note.

    ``group_code`` is ``*`` where the group makes no difference; a row that names the group goes before one
    that does not. A code that is not here is unclassified, and a line that has it cannot be compared. [OWN]
    in `note` marks what no source states.
    """
    path = files("contracts") / "data" / "adjustment_class.csv"
    raw = pl.read_csv(path.read_bytes(), infer_schema=False)
    dates = (pl.col(name).str.to_date("%Y-%m-%d") for name in ("effective", "until"))
    return (
        raw.with_columns(*dates, pl.col("note").fill_null(""))
        .select(*_SCHEMA)
        .sort("reason_code", "group_code", "effective")
    )
