"""`shortpay serve`: the nights of a home folder on their schedule, and a missed one caught up.

Prefect keeps the schedule and starts each night in a process of its own. Without PREFECT_API_URL in the environment
a server of its own is started beside it, whose database stays in the home folder.
"""

from __future__ import annotations

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
LATE = dt.timedelta(minutes=5)


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


def not_done(home: Home, schedule: Schedule, time_: dt.datetime) -> dt.datetime | None:
    """Return when the last night was due, if none has come to an end for it, good or bad, and none is at work now."""
    due = schedule.last_due(time_)
    record = read_record(home)
    ended = record and record.last.outcome != "running" and schedule.covers(record.last.started, due)
    return None if ended or holder_of(home)[1] else due


class Watch:
    """Catches up, once, what was missed; plans what Prefect has not; tells of nights that do not run."""

    def __init__(self, home: Home, run_now: Callable[[], object]) -> None:
        self.home, self.run_now = home, run_now
        self.planned: dt.datetime | None = None
        self.told: dt.datetime | None = None

    def keep(self) -> None:
        """Look at the start, and then every half minute."""
        self._safely(self.catch_up)
        while True:
            time.sleep(LOOK_SECONDS)
            self._safely(lambda: self.look(now()))

    def catch_up(self) -> None:
        """Run at once where the last night that was due has not been done."""
        due = missed(self.home, read_settings(self.home.settings).schedule, now())
        if due is None:
            return
        self.planned = self.told = due
        if read_record(self.home) is None:
            _say("no night has run here yet: one runs now")
            self.run_now()
            return
        _say(f"the night due {due:%Y-%m-%d %H:%M %Z} was not done: it runs now")
        self.run_now()
        self._tell(due, now_run=True)

    def look(self, time_: dt.datetime) -> None:
        """Plan a night that is late, and tell of one that is overdue; each once."""
        settings = read_settings(self.home.settings)
        due = not_done(self.home, settings.schedule, time_)
        if due is None:
            return
        if time_ - due >= LATE and self.planned != due:
            self.planned = due
            _say(f"the night due {due:%Y-%m-%d %H:%M %Z} has not been done: it runs now")
            self.run_now()
        if time_ - due >= dt.timedelta(minutes=settings.alerts.overdue_minutes) and self.told != due:
            self.told = due
            self._tell(due, now_run=False)

    def _tell(self, due: dt.datetime, *, now_run: bool) -> None:
        from flows import alerts  # noqa: PLC0415  (Prefect reads its environment when it is imported)

        alerts.missed(self.home, due, now_run=now_run)

    @staticmethod
    def _safely(act: Callable[[], object]) -> None:
        """Go on whatever happens: settings under edit, a server that is away; the next look is in half a minute."""
        try:
            act()
        except Exception as error:  # noqa: BLE001
            _say(f"could not look after the schedule: {type(error).__name__}")


def _say(text: str) -> None:
    sys.stdout.write(f"shortpay: {text}\n")
    sys.stdout.flush()
