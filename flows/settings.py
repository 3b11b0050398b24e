"""The sections of `shortpay.toml` that say how nights run: [schedule], [alerts], [conformance].

What they hold of the practice is read by `contracts.practice`.
"""

from __future__ import annotations

import datetime as dt
import re
import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from contracts.problems import Problem, TermsError
from contracts.toml_lines import key_lines
from contracts.validation import problems_of

_FORBID = ConfigDict(extra="forbid", frozen=True)
_GAP = dt.timedelta(hours=2)
_EARLY = dt.timedelta(seconds=30)
Number = Annotated[float, Field(ge=0, allow_inf_nan=False, strict=True)]
Occasion = Literal["failed", "missed", "alarm"]


def _instant(time: dt.datetime) -> dt.datetime:
    """In UTC: times of one zone are compared by the clock on the wall, which goes back once a year."""
    return time.astimezone(dt.UTC)


class Schedule(BaseModel):
    """When nights run: five cron fields, in the time of an IANA zone."""

    model_config = _FORBID

    cron: str = "30 2 * * *"
    timezone: str = "America/Chicago"

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (KeyError, ValueError, OSError):
            raise ValueError(
                f"{value!r} is no time zone; write a name of the IANA list, like America/Chicago or UTC"
            ) from None
        return value

    @field_validator("cron")
    @classmethod
    def _known_cron(cls, value: str) -> str:
        help_ = 'write five fields: minute hour day month weekday, like "30 2 * * *" for each night at 2:30'
        if len(value.split()) != 5:
            raise ValueError(f"{value!r} is no schedule; {help_}")
        try:
            next(CronSim(value, dt.datetime(2026, 1, 1, tzinfo=dt.UTC)))
        except (CronSimError, StopIteration) as error:
            reason = str(error) or "it never comes"
            raise ValueError(f"{value!r} is no schedule ({reason}); {help_}") from None
        return value

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)

    def today(self) -> dt.date:
        return dt.datetime.now(self.zone).date()

    def next_due(self, now: dt.datetime) -> dt.datetime:
        """Return the first time after `now` (aware) at which a night is due.

        A time that a clock change leaves out comes right after the change; one that comes twice is the first of the two.
        """
        start = now.astimezone(self.zone)
        return next(due for due in CronSim(self.cron, start) if _instant(due) > _instant(now))

    def last_due(self, now: dt.datetime) -> dt.datetime:
        """Return the last time up to `now` (aware) at which a night was due."""
        start = (_instant(now) + dt.timedelta(hours=2)).astimezone(self.zone)
        return next(due for due in CronSim(self.cron, start, reverse=True) if _instant(due) <= _instant(now))

    def next_night(self, as_of: dt.date) -> dt.date:
        """Return the day of the first night after the day `as_of`."""
        end = dt.datetime.combine(as_of, dt.time(23, 59, 59), self.zone)
        return self.next_due(end).date()

    def covers(self, started: dt.datetime, due: dt.datetime) -> bool:
        """Whether a night that started then is the one that was due.

        Prefect starts a run up to ten seconds early, and runs a time that a clock change leaves out by the old offset:
        up to the length of the change before us.
        """
        before = (_instant(due) - _GAP).astimezone(self.zone)
        change = (due.utcoffset() or dt.timedelta()) - (before.utcoffset() or dt.timedelta())
        return _instant(started) >= _instant(due) - max(change, dt.timedelta()) - _EARLY


class Alerts(BaseModel):
    """Of what somebody is told, and where the addresses are kept: never here, for they hold passwords."""

    model_config = _FORBID

    on: tuple[Occasion, ...] = ("failed", "missed", "alarm")
    env: str = "SHORTPAY_ALERTS"
    blocks: tuple[str, ...] = ()
    overdue_minutes: Number = 120

    @field_validator("env")
    @classmethod
    def _a_name(cls, value: str) -> str:
        if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", value):
            raise ValueError(
                "this is no name of an environment variable; addresses hold passwords and are not kept in this file:"
                " put them into a variable and give its name here"
            )
        return value

    @field_validator("blocks")
    @classmethod
    def _block_names(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for name in value:
            if not re.fullmatch(r"[a-z0-9-]+/[a-z0-9-]+", name):
                raise ValueError("write a block of Prefect as type/name, like slack-webhook/nights")
        return value


class Limits(BaseModel):
    """The second opinion: the size and time of one file, the time of one night."""

    model_config = _FORBID

    megabytes: Number = 10
    seconds: Number = 120
    minutes: Number = 30


class Settings(BaseModel):
    """All sections; those that others read are only known here."""

    model_config = _FORBID

    practice: Any = None
    site: Any = None
    clinician: Any = None
    encryption: Any = None
    schedule: Schedule = Schedule()
    alerts: Alerts = Alerts()
    conformance: Limits = Limits()


def read_settings(path: Path) -> Settings:
    """Read a `shortpay.toml`. Raises TermsError with every problem, each with its line."""
    try:
        text = path.read_text(encoding="utf-8-sig")
        found = tomllib.loads(text)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise TermsError([Problem(path.name, None, f"cannot be read: {error}")]) from error
    try:
        return Settings.model_validate(found)
    except ValidationError as error:
        problems = problems_of(error, path.name, key_lines(text), Settings)
    raise TermsError(problems)
