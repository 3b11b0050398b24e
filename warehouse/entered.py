"""What people enter for a dispute: the statuses they may set, and their values in one form."""

from __future__ import annotations

import datetime as dt
import re
import unicodedata

SETTABLE = ("new", "reviewing", "sent", "won", "partly won", "lost", "invalid", "written off")
"""`expired` is not among them: the calendar sets it."""
LONGEST = 2_000
_OLDEST = dt.timedelta(days=5 * 366)
"""An answer that is said to be older is mistyped: it would silently close a level of the dispute."""
_DAYS = ("%Y-%m-%d", "%m/%d/%Y")


class EntryError(Exception):
    """A value that cannot be taken; `code` as in life.refused_edit."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def status_of(text: str) -> str:
    """Return the status that `text` means, however it is spaced or capitalised. Raises EntryError."""
    status = re.sub(r"[\s_-]+", " ", text).strip().casefold()
    if status not in SETTABLE:
        raise EntryError("UNKNOWN_STATUS", f"{text!r} is no status; one of: {', '.join(SETTABLE)}")
    return status


def text_of(value: object) -> str:
    """Return a cell or an option as one text: trimmed, line ends alike, no control characters."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    text = "" if value is None else str(value)
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    return "".join(sign for sign in lines if sign in "\n\t" or unicodedata.category(sign)[0] != "C").strip()


def short_text(value: object, name: str) -> str:
    """Return an assignee or a note. Raises EntryError where it is longer than LONGEST characters."""
    text = text_of(value)
    if len(text) > LONGEST:
        raise EntryError("TOO_LONG", f"{name} has {len(text)} characters; at most {LONGEST} are kept")
    return text


def day_of(value: object, latest: dt.date) -> dt.date | None:
    """Return a day as entered, None for an empty cell. Raises EntryError where it is none, or after `latest`."""
    if isinstance(value, dt.datetime):
        value = value.date()
    text = text_of(value)
    if not text:
        return None
    day = value if isinstance(value, dt.date) else _parsed(text)
    if day > latest:
        raise EntryError("BAD_DATE", f"{day} is still to come: nothing can be dated after {latest}")
    return day


def decision_of(value: object, latest: dt.date) -> dt.date | None:
    """Return the day of a payer's answer as entered. Raises EntryError also where it is years before `latest`."""
    day = day_of(value, latest)
    if day and latest - day > _OLDEST:
        raise EntryError(
            "BAD_DATE", f"{day} is more than five years before {latest}: enter the day of the answer"
        )
    return day


def _parsed(text: str) -> dt.date:
    for form in _DAYS:
        try:
            return dt.datetime.strptime(text, form).date()  # noqa: DTZ007  (a day has no zone)
        except ValueError:
            continue
    raise EntryError("BAD_DATE", f"{text!r} is no date; write it like 2026-07-01")
