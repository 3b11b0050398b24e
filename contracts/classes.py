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
    "refers_back": pl.Boolean(),
    "effective": pl.Date(),
    "until": pl.Date(),
    "source": pl.String(),
    "note": pl.String(),
}


_REMARK_SCHEMA = {
    "remark_code": pl.String(),
    "class": pl.String(),
    "effective": pl.Date(),
    "until": pl.Date(),
    "source": pl.String(),
    "note": pl.String(),
}
_PROVIDER_SCHEMA = {
    "reason_code": pl.String(),
    "class": pl.String(),
    "source": pl.String(),
    "note": pl.String(),
}


@cache
def adjustment_classes() -> pl.DataFrame:
    """Return the classified pairs of group and reason code.

    Group_code, reason_code, class, refers_back, effective, until, source, note.

    ``group_code`` is ``*`` where the group makes no difference; a row that names the group goes before one
    that does not. A code that is not here is unclassified, and a line that has it cannot be compared.
    ``refers_back``: a refusal for this reason points at an earlier decision and replaces none. [OWN] in
    `note` marks what no source states.
    """
    table = _read("adjustment_class.csv").with_columns(pl.col("refers_back").fill_null("") == "yes")
    return table.select(*_SCHEMA).sort("reason_code", "group_code", "effective")


@cache
def remark_classes() -> pl.DataFrame:
    """Return the classified remark codes: remark_code, class, effective, until, source, note.

    units_limited: the remark says why units were cut. bundling: it says that another service holds the
    payment. Other remarks decide nothing here.
    """
    return _read("remark_class.csv").select(*_REMARK_SCHEMA).sort("remark_code", "effective")


@cache
def provider_adjustment_classes() -> pl.DataFrame:
    """Return the kinds of provider adjustment (PLB): reason_code, class, source, note.

    takeback: recovered from this payment for an earlier claim (negative: put off). forwarded: carried
    between payments. refund: the provider's own, acknowledged. interest, withhold, levy, penalty, advance,
    settlement, incentive, capitation, other: as they say.
    """
    return _read("provider_adjustment_class.csv", dated=False).select(*_PROVIDER_SCHEMA).sort("reason_code")


def _read(name: str, *, dated: bool = True) -> pl.DataFrame:
    raw = pl.read_csv((files("contracts") / "data" / name).read_bytes(), infer_schema=False)
    dates = (pl.col(column).str.to_date("%Y-%m-%d") for column in ("effective", "until") if dated)
    return raw.with_columns(*dates, pl.col("note").fill_null(""))
