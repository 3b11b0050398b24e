"""What became of the nights: `published/status.json`, for monitors and for the schedule. Counts and dollars, no patient data."""

from __future__ import annotations

import contextlib
import datetime as dt
import errno
import sys
from decimal import Decimal
from typing import TYPE_CHECKING, Literal

from pydantic import BaseModel, ValidationError

from contracts import TermsError
from flows import progress
from flows.home import HomeError
from flows.settings import read_settings
from warehouse.damage import DamagedError, is_damage
from warehouse.durable import write_whole

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from flows.home import Home
    from flows.summary import Summary

STATUS = "status.json"


class Figures(BaseModel):
    """What a good night found."""

    files: dict[str, int]
    edits: dict[str, int]
    open_count: int
    open_amount: Decimal
    expired_count: int
    expired_amount: Decimal
    alarm_count: int
    alarm_amount: Decimal
    recovered_amount: Decimal


class Night(BaseModel):
    """One night. `problem`: the kind of the error and the step, never its text, which may quote a remittance."""

    as_of: dt.date
    started: dt.datetime
    finished: dt.datetime | None = None
    outcome: Literal["running", "good", "failed", "stopped"] = "running"
    problem: str = ""
    figures: Figures | None = None


class Record(BaseModel):
    """The content of status.json; times in UTC, dollars as text. `next_due`: when the schedule wants the next night."""

    version: Literal[1] = 1
    last: Night
    last_good: Night | None = None
    next_due: dt.datetime | None = None


def read_record(home: Home) -> Record | None:
    """Return what is written down of the nights; None where nothing is, or it cannot be read."""
    try:
        return Record.model_validate_json((home.folder("published") / STATUS).read_bytes())
    except (OSError, ValidationError):
        return None


def now() -> dt.datetime:
    return dt.datetime.now(dt.UTC).replace(microsecond=0)


@contextlib.contextmanager
def recorded(home: Home, as_of: dt.date | None) -> Iterator[Callable[[Summary], None]]:
    """Write down that a night runs and what becomes of it, whatever that is; the body reports its summary."""
    found: list[Summary] = []
    night = Night(as_of=as_of or _today(home), started=now())
    _write(home, night)
    try:
        yield found.append
    except BaseException as error:
        outcome: Literal["failed", "stopped"] = "failed" if isinstance(error, Exception) else "stopped"
        _write(
            home,
            night.model_copy(update={"finished": now(), "outcome": outcome, "problem": kind_of(error)}),
        )
        raise
    figures = _figures(found[-1]) if found else None
    _write(home, night.model_copy(update={"finished": now(), "outcome": "good", "figures": figures}))


def kind_of(error: BaseException) -> str:
    """What may be told of an error: nothing that it quotes. One that only carries another (`original`) stands for it."""
    error = getattr(error, "original", error)
    if isinstance(error, TermsError):
        count = len(error.problems)
        return (
            f"{count} problem{'s' if count != 1 else ''} in what people wrote; see: shortpay contracts check"
        )
    if isinstance(error, HomeError):
        return str(error)
    if is_damage(error) or isinstance(error, DamagedError):
        return "the warehouse is missing or damaged; run: shortpay rebuild, then: shortpay run"
    kind = f"{type(error).__module__}.{type(error).__qualname__}".removeprefix("builtins.")
    if isinstance(error, OSError) and error.errno is not None:
        kind += f" {errno.errorcode.get(error.errno, error.errno)}"
    return f"{kind} in step {progress.last()!r}" if progress.last() else kind


def _figures(summary: Summary) -> Figures:
    return Figures.model_validate(
        {name: getattr(summary, name) for name in Figures.model_fields}, from_attributes=True
    )


def _write(home: Home, night: Night) -> None:
    """Put the night into the record; a folder that cannot be written is said, and is no reason to stop the night."""
    before = read_record(home)
    last_good = night if night.outcome == "good" else (before.last_good if before else None)
    record = Record(last=night, last_good=last_good, next_due=_next_due(home))
    try:
        write_whole(
            home.folder("published") / STATUS, record.model_dump_json(indent=1, exclude_none=True).encode()
        )
    except OSError as error:
        sys.stderr.write(f"shortpay: {STATUS} cannot be written: {error.strerror}\n")


def _today(home: Home) -> dt.date:
    try:
        return home.today()
    except TermsError:
        return now().date()


def _next_due(home: Home) -> dt.datetime | None:
    try:
        return read_settings(home.settings).schedule.next_due(now()).astimezone(dt.UTC)
    except TermsError:
        return None
