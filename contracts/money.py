"""Exact money: integer cents, scaled integers, and the one rounding of the project.

Amounts are ``Int64`` cents. Percentages are integers in hundredths of a percent (110.25 % = 11025). Nothing
here, or in the modules that use it, touches a float.
"""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    from collections.abc import Iterable

PERCENT_SCALE = 10_000
"""100 % as an integer percentage: hundredths of a percent."""

_MOST = 1_000_000_000
_MONEY = re.compile(r"^\$?\s*(\d{1,3}(,\d{3})+|\d+)?(\.\d+)?$")


def half_up(numerator: pl.Expr, denominator: int | pl.Expr) -> pl.Expr:
    """Divide integers and round half away from zero, exactly.

    Works for Int64 and Int128 expressions; `denominator` is positive. The result keeps the numerator's type.
    Source of the rule: amounts that CMS itself computed agree with half-up after full precision, and with
    nothing else (tests/contracts/test_cms_amounts.py).
    """
    magnitude = (numerator.abs() * 2 + denominator) // (denominator * 2)
    return pl.when(numerator < 0).then(0 - magnitude).otherwise(magnitude)


def percent_of(cents: pl.Expr, percent: int | pl.Expr) -> pl.Expr:
    """`percent` (hundredths of a percent) of `cents`, in whole cents, rounded half-up once."""
    return half_up(cents * percent, PERCENT_SCALE)


def percents_of(cents: pl.Expr, percents: Iterable[int | pl.Expr]) -> pl.Expr:
    """Take percentages of an amount of zero or more one after the other, each rounded half-up to the cent.

    The same as `percent_of` again and again, but each amount stands once in the expression: nested, those of
    `percent_of` would double with every percentage.
    """
    for percent in percents:
        cents = (cents * percent * 2 + PERCENT_SCALE) // (2 * PERCENT_SCALE)
    return cents


def parse_cents(text: str) -> int:
    """Cents of an amount as people write it.

    ``95``, ``95.00``, ``$1,234.50``. Raises ValueError, naming what is wrong.
    """
    amount = parse_amount(text)
    if amount > _MOST:
        raise ValueError(f"{text.strip()[:40]!r} is beyond {_MOST:,} dollars")
    cents = amount * 100
    if cents != cents.to_integral_value():
        raise ValueError(f"{text.strip()!r} has a fraction of a cent; write the amount with two decimals")
    return int(cents)


def parse_amount(text: str) -> Decimal:
    """Return a non-negative decimal, with or without a dollar sign and thousands separators.

    Raises ValueError.
    """
    stripped = text.strip()
    if not stripped or not _MONEY.match(stripped):
        raise ValueError(f"{text.strip()!r} is not an amount; write it like 31.50")
    try:
        return Decimal(stripped.replace("$", "").replace(",", "").strip())
    except InvalidOperation:
        raise ValueError(f"{text.strip()!r} is not an amount; write it like 31.50") from None


def parse_percent(value: str | int | Decimal) -> int:
    """Hundredths of a percent of ``110``, ``"110.25"`` or ``"85 %"``.

    Raises ValueError beyond two decimals or below zero.
    """
    try:
        scaled = Decimal(str(value).replace("%", "").strip()) * 100
    except ArithmeticError:
        raise ValueError(f"{value!r} is not a percentage; write it like 110 or 85.5") from None
    if not scaled.is_finite() or scaled < 0:
        raise ValueError(f"{value!r} is not a percentage of zero or more")
    if scaled != scaled.to_integral_value():
        raise ValueError(f"{value!r} has more than two decimals")
    if scaled > 10_000_000:
        raise ValueError(f"{value!r} is beyond 100,000 percent")
    return int(scaled)


def dollars(cents: pl.Expr) -> pl.Expr:
    """Cents as text, for the steps: 2772 -> ``27.72``."""
    magnitude = cents.abs()
    text = pl.concat_str(
        (magnitude // 100).cast(pl.String), pl.lit("."), (magnitude % 100).cast(pl.String).str.zfill(2)
    )
    return pl.when(cents < 0).then(pl.concat_str(pl.lit("-"), text)).otherwise(text)


def decimals(scaled: pl.Expr, places: int) -> pl.Expr:
    """Return a scaled non-negative integer as text with `places` decimals: 1018, 3 -> ``1.018``."""
    scale = 10**places
    return pl.concat_str(
        (scaled // scale).cast(pl.String), pl.lit("."), (scaled % scale).cast(pl.String).str.zfill(places)
    )


def percent_text(percent: pl.Expr) -> pl.Expr:
    """Hundredths of a percent as text: 11000 -> ``110``, 8550 -> ``85.50``."""
    whole = (percent // 100).cast(pl.String)
    return pl.when(percent % 100 == 0).then(whole).otherwise(decimals(percent, 2))


def amount(cents: pl.Expr) -> pl.Expr:
    """Give cents as a decimal of dollars, exact.

    Cast first: a quotient keeps the scale of its dividend.
    """
    return cents.cast(pl.Decimal(18, 2)) / pl.lit(100, pl.Decimal(18, 2))
