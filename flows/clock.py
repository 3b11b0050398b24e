"""The day of a night that nobody named: today, unless the clock has jumped back since the last one."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from flows.home import HomeError
from warehouse.durable import write_whole

if TYPE_CHECKING:
    from flows.home import Home

_MARK = ".clock"


def tonight(home: Home, as_of: dt.date | None) -> dt.date:
    """Return the day to run as of, `as_of` where it is given.

    Raises HomeError where the clock says an earlier day than it said to the last night: windows would seem longer
    than they are. A run with --as-of forgets what the clock said, so that one day that was wrong stops nothing for good.
    """
    mark = home.path / _MARK
    if as_of is not None:
        mark.unlink(missing_ok=True)
        return as_of
    today = home.today()
    last = dt.date.fromisoformat(mark.read_text()) if mark.exists() else today
    if today < last:
        raise HomeError(
            f"the clock says {today}, but the last night was run on {last}. Set the clock; if that night's day was"
            f" wrong, run once with: --as-of {today}"
        )
    write_whole(mark, today.isoformat().encode())
    return today
