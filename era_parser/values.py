"""Texts of elements -> exact values: money, quantities, rates, counts, dates.

A value is typed only when the text says it exactly; otherwise it is null and the text is kept in
`element_text`. A text is canonical when the writer makes the same text from the value: no leading or
trailing zeros, no plus sign, dates CCYYMMDD (X12.6 3.6.2.1: numbers are sent in their shortest form); in a file
that sends cents always, amounts have two decimals.
"""

import polars as pl

from era_parser.registry import DTYPES

SCALES = {"money": 2, "quantity": 3, "rate": 6}
DATE_FORMATS = {"date": (r"^\d{8}$", "%Y%m%d"), "short_date": (r"^\d{6}$", "%y%m%d")}


def is_typed(kind: str) -> bool:
    """Return True for every type of the registry but text."""
    return kind != "text"


def typed(text: pl.Series, kind: str, *, cents: bool = False) -> tuple[pl.Series, pl.Series]:
    """Give the values of `text` and which texts do not follow from their value.

    Null texts give null, False.
    """
    if text.null_count() == len(text):
        return pl.Series(text.name, [None], dtype=DTYPES[kind]).new_from_index(0, len(text)), _none(text)
    if kind in DATE_FORMATS:
        return _date(text, kind)
    return _number(text, kind, cents=cents and kind == "money")


def _none(text: pl.Series) -> pl.Series:
    return pl.repeat(value=False, n=len(text), dtype=pl.Boolean, eager=True)


def _date(text: pl.Series, kind: str) -> tuple[pl.Series, pl.Series]:
    pattern, form = DATE_FORMATS[kind]
    frame = text.to_frame("t").select(
        pl.when(pl.col("t").str.contains(pattern))
        .then(pl.col("t").str.to_date(form, strict=False))
        .alias("v"),
        pl.col("t").is_not_null().alias("sent"),
    )
    return frame["v"], frame["sent"] & frame["v"].is_null()


def _number(text: pl.Series, kind: str, *, cents: bool) -> tuple[pl.Series, pl.Series]:
    dtype = DTYPES[kind]
    value = text.cast(dtype, strict=False)
    odd = text.str.contains(CENTS if cents else _canonical(kind)).not_().fill_null(value=False) | (
        value.is_null() & text.is_not_null()
    )
    if not odd.any():
        return value, odd
    exact = text.str.contains(_exact(kind))
    value = pl.DataFrame({"v": value, "ok": exact | odd.not_()}).select(
        pl.when(pl.col("ok")).then(pl.col("v")).alias("v")
    )["v"]
    return value, odd


CENTS = r"^(?:-?[1-9]\d*\.\d\d|-?0\.(?:0[1-9]|[1-9]\d)|0\.00)$"


def _canonical(kind: str) -> str:
    if kind not in SCALES:
        return r"^(?:0|-?[1-9]\d*)$"
    fraction = r"\.\d{0," + str(SCALES[kind] - 1) + r"}[1-9]"
    return r"^(?:0|-?[1-9]\d*|-?(?:0|[1-9]\d*)" + fraction + r")$"


def _exact(kind: str) -> str:
    """Texts that say a number of the type's scale, in whatever dress."""
    if kind not in SCALES:
        return r"^[+-]?\d+$"
    scale = str(SCALES[kind])
    return r"^[+-]?(?:\d+(?:\.\d{0," + scale + r"}0*)?|\.\d{1," + scale + r"}0*)$"
