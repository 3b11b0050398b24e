"""`shortpay serve`: the nights of a home folder on their schedule, and a missed one caught up.

Prefect keeps the schedule and starts each night in a process of its own. Without PREFECT_API_URL in the environment
a server of its own is started beside it, whose database stays in the home folder.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import os
import re
import sys
import threading
import time
from typing import TYPE_CHECKING

from flows.local_server import local_server
from flows.lock import hold, holder_of
from flows.quiet import quiet
from flows.record import now, read_record
from flows.settings import read_settings

if TYPE_CHECKING:
    from collections.abc import Callable

    from flows.home import Home
    from flows.settings import Schedule

SERVE_LOCK = ".serve.lock"
LOOK_SECONDS = 30.0


def serve(home: Home) -> None:
    """Run nights until told to stop. Raises HomeError where another one serves the home, TermsError for bad settings."""
    settings = read_settings(home.settings)
    quiet(home.path)
    ours = "PREFECT_API_URL" not in os.environ
    with (
        hold(home, "shortpay serve", lock_name=SERVE_LOCK),
        local_server(schedules=True) as server_is_up,
    ):
        from flows.deployment import plan_now, serve_deployment, tidy  # noqa: PLC0415  (Prefect reads its environment when it is imported)

        server_is_up()
        name = deployment_name(home)
        if ours:
            tidy(name)
        _say(f"nights of {home.path.resolve()}: {settings.schedule.cron} ({settings.schedule.timezone})")
        _say(f"next night: {settings.schedule.next_due(now()):%Y-%m-%d %H:%M %Z}")
        watch = Watch(home, lambda: plan_now(name))
        threading.Thread(target=watch.keep, name="watch", daemon=True).start()
        serve_deployment(home, name, settings.schedule)


def deployment_name(home: Home) -> str:
    """Return the deployment's name: that of the folder, as far as Prefect takes it."""
    return re.sub(r"[^\w.-]+", "-", home.path.resolve().name) or "home"


def missed(home: Home, schedule: Schedule, time_: dt.datetime) -> dt.datetime | None:
    """Return when the last night was due, if no good night has been started for it."""
    due = schedule.last_due(time_)
    record = read_record(home)
    good = record.last_good if record is not None else None
    return None if good is not None and schedule.covers(good.started, due) else due


def overdue(home: Home, time_: dt.datetime) -> dt.datetime | None:
    """Return when the last night was due, if it is overdue by the settings and none has been started for it, good or bad."""
    settings = read_settings(home.settings)
    due = settings.schedule.last_due(time_)
    record = read_record(home)
    begun = record is not None and settings.schedule.covers(record.last.started, due)
    late = time_ - due >= dt.timedelta(minutes=settings.alerts.overdue_minutes)
    return due if late and not begun else None


class Watch:
    """Catches up once what was missed while nobody served, and tells of nights that do not run."""

    def __init__(self, home: Home, run_now: Callable[[], object]) -> None:
        self.home, self.run_now = home, run_now
        self.told: dt.datetime | None = None

    def keep(self) -> None:
        try:
            self.catch_up()
        except Exception as error:  # noqa: BLE001  (the schedule goes on)
            _say(f"a missed night could not be planned: {type(error).__name__}")
        while True:
            time.sleep(LOOK_SECONDS)
            with contextlib.suppress(Exception):  # settings under edit: looked at again in half a minute
                self.look(now())

    def catch_up(self) -> None:
        """Run at once, and once, where the last night that was due has not been."""
        due = missed(self.home, read_settings(self.home.settings).schedule, now())
        if due is None:
            return
        self.told = due
        first = read_record(self.home) is None
        _say("no night has run here yet" if first else f"the night due {due:%Y-%m-%d %H:%M %Z} did not run")
        _say("it runs now")
        self.run_now()
        if not first and not holder_of(self.home)[1]:
            self._tell(due, now_run=True)

    def look(self, time_: dt.datetime) -> None:
        """Tell once of a night that is overdue."""
        due = overdue(self.home, time_)
        if due is not None and due != self.told:
            self.told = due
            self._tell(due, now_run=False)

    def _tell(self, due: dt.datetime, *, now_run: bool) -> None:
        from flows import alerts  # noqa: PLC0415  (Prefect reads its environment when it is imported)

        alerts.missed(self.home, due, now_run=now_run)


def _say(text: str) -> None:
    sys.stdout.write(f"shortpay: {text}\n")
    sys.stdout.flush()
