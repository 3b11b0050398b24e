"""Telling somebody, through Prefect's notification blocks, to addresses from the environment or from Prefect.

Nothing of a remittance is told: counts, dollars, days, and the kind of an error.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import os
import socket
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from contracts import TermsError
from flows.home import Home
from flows.record import read_record
from flows.settings import Alerts, Occasion, read_settings

if TYPE_CHECKING:
    from prefect import Flow
    from prefect.blocks.abstract import NotificationBlock
    from prefect.client.schemas.objects import FlowRun, State

    from flows.record import Night

TRIES = (0.0, 2.0, 15.0)
"""Seconds before each try to reach an address."""


def tell(home: Home, occasion: Occasion, subject: str, body: str) -> bool:
    """Send to every address of the settings what has happened; return whether all were reached.

    An address that cannot be reached is said on stderr by its number, never by its text.
    """
    alerts = _alerts(home)
    if occasion not in alerts.on:
        return True
    where = f"{socket.gethostname()}: {home.path.resolve()}"
    reached = [_reached(block, f"shortpay: {subject}", f"{body}\n\n{where}\n") for block in _blocks(alerts)]
    for number, done in enumerate(reached, start=1):
        if not done:
            sys.stderr.write(f"shortpay: alert {occasion!r} did not reach address {number} of [alerts]\n")
    return all(reached)


def _alerts(home: Home) -> Alerts:
    """Return the settings; where the file cannot be used, that is what somebody must hear of, at the usual addresses."""
    try:
        return read_settings(home.settings).alerts
    except TermsError:
        return Alerts()


def _blocks(alerts: Alerts) -> list[NotificationBlock | None]:
    """Return the addresses: Apprise URLs of the environment, then blocks kept by Prefect (None: it has no such block)."""
    from prefect.blocks.notifications import AppriseNotificationBlock  # noqa: PLC0415  (start quickly)
    from pydantic import SecretStr  # noqa: PLC0415

    found: list[NotificationBlock | None] = [
        AppriseNotificationBlock(url=SecretStr(url)) for url in os.environ.get(alerts.env, "").split()
    ]
    return found + [_kept(name) for name in alerts.blocks]


def _kept(name: str) -> NotificationBlock | None:
    from prefect.blocks.core import Block  # noqa: PLC0415  (start quickly)

    try:
        return Block.load(name)  # type: ignore[return-value]
    except Exception:  # noqa: BLE001  (whatever Prefect says of a block: it cannot be used)
        return None


def _reached(block: NotificationBlock | None, subject: str, body: str) -> bool:
    if block is None:
        return False
    for seconds in TRIES:
        time.sleep(seconds)
        with contextlib.suppress(Exception), block.raise_on_failure():  # its text may hold a password
            block.notify(body, subject)  # type: ignore[unused-coroutine]
            return True
    return False


def on_failure(flow: Flow[..., Any], flow_run: FlowRun, state: State[Any]) -> None:  # noqa: ARG001  (Prefect names it)
    """Tell of a night that failed, or whose process died."""
    home = Home(Path(flow_run.parameters["home"]))
    tell(
        home,
        "failed",
        "the night failed",
        f"{_why(home, flow_run, state)}.\nThe list that was published before still stands. The next night finishes"
        " this one; shortpay status says how things stand.",
    )


def _why(home: Home, flow_run: FlowRun, state: State[Any]) -> str:
    """Return what the record says of this run; Prefect's own words may quote a remittance."""
    record = read_record(home)
    began = flow_run.start_time
    if began and record and record.last.problem and record.last.started >= began.replace(microsecond=0):
        return record.last.problem
    return "its process died" if state.is_crashed() else "it could not begin; the log of the service says why"


def on_completion(flow: Flow[..., Any], flow_run: FlowRun, state: State[Any]) -> None:  # noqa: ARG001
    """Tell of disputes that expire before the next night."""
    home = Home(Path(flow_run.parameters["home"]))
    record = read_record(home)
    figures = record.last.figures if record is not None else None
    if state.name == NOT_DUE or record is None or figures is None or not figures.alarm_count:
        return
    tell(home, "alarm", f"last chance for {figures.alarm_count} disputes", _alarm(record.last))


NOT_DUE = "NotDue"
"""The state of a run that had nothing to do: the night it was planned for has been done."""


def _alarm(night: Night) -> str:
    assert night.figures is not None  # noqa: S101  (the caller has looked)
    return (
        f"{night.figures.alarm_count} disputes, ${night.figures.alarm_amount:,.2f}, expire before the next night and are"
        f" not sent (as of {night.as_of}). They are marked in the column alarm of the worklist."
    )


def missed(home: Home, due: dt.datetime, *, now_run: bool) -> None:
    """Tell of a night that was not done when it was due."""
    what = "It runs now." if now_run else "See: shortpay status"
    tell(
        home, "missed", "a night was not done", f"The night due {due:%Y-%m-%d %H:%M %Z} was not done. {what}"
    )
