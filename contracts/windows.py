"""The last day of a dispute window."""

from __future__ import annotations

import datetime as dt
import functools
from typing import TYPE_CHECKING

import holidays

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .terms import DisputeWindow

_SATURDAY = 5


def dispute_by(anchor: dt.date, window: DisputeWindow) -> dt.date:
    """Return the last day on which the dispute may be filed.

    `anchor` is the day the window names (`from`): the remittance, service or decision date; for `from =
    "receipt"` it is the date of the notice, and `receipt_days` calendar days are presumed until it is
    received. Business days leave out weekends and US federal holidays as observed. A window that ends on a
    weekend is not extended: [OWN] the earlier day is the safe one.
    """
    return last_day(anchor, window.days, window.unit, window.receipt_days)


def last_day(anchor: dt.date, days: int, unit: str, receipt_days: int = 0) -> dt.date:
    """Return `days` (calendar or business) after `anchor` and the calendar days presumed for receipt."""
    start = anchor + dt.timedelta(days=receipt_days)
    if unit == "calendar":
        return start + dt.timedelta(days=days)
    business = _business_days_after(start)
    return [next(business) for _ in range(days)][-1]


@functools.cache
def _federal_holidays() -> holidays.HolidayBase:
    return holidays.country_holidays("US")


def _business_days_after(day: dt.date) -> Iterator[dt.date]:
    closed = _federal_holidays()
    while True:
        day += dt.timedelta(days=1)
        if day.weekday() < _SATURDAY and day not in closed:
            yield day
