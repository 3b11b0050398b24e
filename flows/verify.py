"""`shortpay verify`: what is off in a home, where, and what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.markup import escape

from flows.encryption import can_open
from warehouse.journal import Journal
from warehouse.verify import verify

if TYPE_CHECKING:
    from rich.console import Console

    from flows.home import Home

SHOWN = 20


def show_verify(console: Console, home: Home) -> int:
    """Print what was looked at and what was found; return the number of faults. Raises HomeError where no key opens the home."""
    can_open(home)
    count = 0
    looks = verify(
        home.folder("archive"), home.folder("published"), Journal(home.folder("journal")), home.warehouse
    )
    for looked in looks:
        count += len(looked.faults)
        mark = f"{len(looked.faults)} off" if looked.faults else "good"
        console.print(f"{mark:>8}  {escape(looked.what)}", soft_wrap=True)
        for fault in looked.faults[:SHOWN]:
            console.print(f"          {escape(str(fault))}", soft_wrap=True)
        if len(looked.faults) > SHOWN:
            console.print(f"          and {len(looked.faults) - SHOWN} more")
    return count
