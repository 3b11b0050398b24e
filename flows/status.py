"""How the nights of a home folder stand, for a person and for a monitor. Counts, times and dollars; no patient data."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from pydantic import BaseModel

from contracts import TermsError
from flows.inbox import WORKBOOKS, waiting
from flows.lock import NAMELESS, holder_of
from flows.record import Night, now, read_record
from flows.settings import Settings, read_settings

if TYPE_CHECKING:
    from flows.home import Home

_HOUR = 3600


class Standing(BaseModel):
    """`problems`: why somebody should look; none: healthy. Times are in UTC."""

    healthy: bool
    problems: list[str]
    running: str | None
    last: Night | None
    last_good: Night | None
    age_hours: float | None
    next_due: dt.datetime | None
    timezone: str
    waiting_files: int
    waiting_workbooks: int
    quarantined_files: int

    def __str__(self) -> str:
        """What a person reads."""
        return "\n".join(["healthy" if self.healthy else "look at this:", *self._lines()])

    def _lines(self) -> list[str]:
        told = [f"  {problem}" for problem in self.problems]
        if self.last_good is not None:
            told.append(
                f"Last good night: as of {self.last_good.as_of}, {_told(self.last_good.started, self.timezone)},"
                f" {self.age_hours:.1f} hours ago"
            )
        if self.last_good is not None and self.last_good.figures is not None:
            figures = self.last_good.figures
            told.append(
                f"Open: {figures.open_count} disputes, ${figures.open_amount:,.2f};"
                f" last chance: {figures.alarm_count}, ${figures.alarm_amount:,.2f}"
            )
        if self.running:
            told.append(f"Now: {self.running}")
        told.append(f"Waiting in the inbox: {self.waiting_files} files, {self.waiting_workbooks} workbooks")
        told.append(f"In quarantine: {self.quarantined_files} files")
        if self.next_due is not None:
            told.append(f"Next night: {_told(self.next_due, self.timezone)}")
        return told


def standing(home: Home, time: dt.datetime | None = None) -> Standing:
    """Look at a home folder as of a time (left out: now)."""
    time = time or now()
    record = read_record(home)
    holder, lives = holder_of(home)
    settings, problems = _settings(home)
    good = record.last_good if record is not None else None
    last = record.last if record is not None else None
    problems += _problems(settings or Settings(), last, good, time, lives=lives)
    files, workbooks = _waiting(home)
    return Standing(
        healthy=not problems,
        problems=problems,
        running=str(holder or NAMELESS) if lives else None,
        last=last,
        last_good=good,
        age_hours=round((time - good.started).total_seconds() / _HOUR, 2) if good is not None else None,
        next_due=settings.schedule.next_due(time).astimezone(dt.UTC) if settings is not None else None,
        timezone=(settings or Settings()).schedule.timezone,
        waiting_files=files,
        waiting_workbooks=workbooks,
        quarantined_files=sum(1 for _ in home.folder("quarantine").rglob("*.json")),
    )


def _settings(home: Home) -> tuple[Settings | None, list[str]]:
    try:
        return read_settings(home.settings), []
    except TermsError as error:
        return None, [str(problem) for problem in error.problems]


def _problems(
    settings: Settings, last: Night | None, good: Night | None, time: dt.datetime, *, lives: bool
) -> list[str]:
    if last is None:
        return ["no night has run here yet"]
    schedule = settings.schedule
    found = []
    began = _told(last.started, schedule.timezone)
    if last.outcome == "running" and not lives:
        found.append(f"the night of {began} died; the next one finishes it")
    elif last.outcome in _ENDED:
        found.append(f"the night of {began} {_ENDED[last.outcome]}: {last.problem}")
    due = schedule.last_due(time)
    late = time - due >= dt.timedelta(minutes=settings.alerts.overdue_minutes)
    if late and not lives and (good is None or not schedule.covers(good.started, due)):
        found.append(f"the night due {_told(due, schedule.timezone)} has not been done")
    return found


_ENDED = {"failed": "failed", "stopped": "was stopped"}


def _waiting(home: Home) -> tuple[int, int]:
    """Return how many files and how many workbooks are in the inbox; never their names."""
    paths = waiting(home.folder("inbox"))
    workbooks = sum(1 for path in paths if path.suffix.lower() in WORKBOOKS)
    return len(paths) - workbooks, workbooks


def _told(time: dt.datetime, timezone: str) -> str:
    return f"{time.astimezone(ZoneInfo(timezone)):%Y-%m-%d %H:%M %Z}"
