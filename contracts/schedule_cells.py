"""One cell of a fee schedule: what was meant, or a fault that says what to do."""

from __future__ import annotations

import datetime as dt
import re

from .money import parse_cents

_CODE = re.compile(r"^[0-9A-Z]{5}$")
_MODIFIER = re.compile(r"^[0-9A-Z]{2}$")
_CODE_AND_MODIFIERS = re.compile(r"^([0-9A-Z]{5})((?:-[0-9A-Z]{2})+)$")
_WHOLE_FLOAT = re.compile(r"^(\d{5})\.0+$")
_SCIENTIFIC = re.compile(r"^\d(\.\d+)?E\+?\d+$")
_SEVERAL = re.compile(r"^[0-9A-Z]{5}\s*([-\u2013,;/]|TO|THRU|THROUGH|AND|&)\s*[0-9A-Z]{5}")
_SERIAL = re.compile(r"^[3-7]\d{4}$")
_SETTINGS = {
    "": "",
    "both": "",
    "either": "",
    "facility": "facility",
    "fac": "facility",
    "f": "facility",
    "nonfacility": "nonfacility",
    "non_facility": "nonfacility",
    "nonfac": "nonfacility",
    "non_fac": "nonfacility",
    "nf": "nonfacility",
}
_DATES = (
    "%Y-%m-%d",
    "%m/%d/%Y",
    "%m/%d/%y",
    "%m-%d-%Y",
    "%d-%b-%Y",
    "%d-%b-%y",
    "%b %d, %Y",
    "%B %d, %Y",
    "%Y%m%d",
    "%Y-%m-%d %H:%M:%S",
    "%m/%d/%Y %H:%M",
)
_OPEN = frozenset({"-", "n/a", "na", "none", "open", "ongoing", "present", "current"})
_DAY_ZERO = dt.date(1899, 12, 30)
"""What a spreadsheet counts days from, for every date since 1900-03-01."""


def is_code(text: str) -> bool:
    """Whether a text could be a procedure code."""
    code, _ = _parted(text)
    return bool(_CODE.match(code))


def _parted(text: str) -> tuple[str, str]:
    """Return the code and the modifiers written with it: `97140-59`, `'97140`, `97140.0`."""
    code = text.upper().lstrip("'").strip()
    whole = _WHOLE_FLOAT.match(code)
    if whole:
        return whole.group(1), ""
    both = _CODE_AND_MODIFIERS.match(code)
    return (both.group(1), both.group(2).replace("-", ":")) if both else (code, "")


def read_code(text: str, faults: list[str]) -> tuple[str, str]:
    """Return a procedure code and the modifiers written with it."""
    code, modifiers = _parted(text)
    if not code:
        faults.append("the row has no code; fill it in or remove the row")
    elif _SCIENTIFIC.match(code):
        faults.append(f"code {text!r} was turned into a number by a spreadsheet; format the column as text")
    elif code.isdigit() and len(code) < 5:
        faults.append(f"code {code!r} is too short: leading zeros were lost; format the column as text")
    elif _SEVERAL.match(code):
        faults.append(f"{text!r} names several codes, so it is not a procedure code; give each code its row")
    elif not _CODE.match(code):
        faults.append(f"code {text!r} is not a procedure code of five letters and digits")
    return code, modifiers


def read_modifiers(text: str, faults: list[str]) -> str:
    """Return modifiers sorted and joined with ':'."""
    modifiers = sorted({part for part in re.split(r"[:,;\s/'-]+", text.upper()) if part})
    faults.extend(
        f"modifier {one!r} is not two letters or digits" for one in modifiers if not _MODIFIER.match(one)
    )
    return ":".join(modifiers)


def read_setting(text: str, faults: list[str]) -> str:
    """Return facility, nonfacility or nothing."""
    word = re.sub(r"[^a-z]+", "_", text.casefold()).strip("_")
    if word not in _SETTINGS:
        faults.append(f"setting {text!r} is not facility, nonfacility or empty")
    return _SETTINGS.get(word, "")


def read_rate(text: str, faults: list[str]) -> int:
    """Return cents."""
    if not text:
        faults.append("the row has no rate; fill it in or remove the row")
        return 0
    if text.endswith("%"):
        faults.append(
            f"rate {text!r} is a percentage; a schedule holds amounts: "
            'use a [[rate]] with basis = "percent_of_charge" or "percent_of_medicare" for its codes'
        )
        return 0
    try:
        return parse_cents(text)
    except ValueError as error:
        faults.append(f"rate {error}")
        return 0


def read_date(text: str, column: str, faults: list[str]) -> dt.date | None:
    """Return a date, written in any of the usual ways or as the number that a spreadsheet keeps."""
    if not text or (column == "until" and text.casefold() in _OPEN):
        return None
    if _SERIAL.match(text):
        return _DAY_ZERO + dt.timedelta(days=int(text))
    for layout in _DATES:
        try:
            return dt.datetime.strptime(text, layout).date()  # noqa: DTZ007  (a date has no zone)
        except ValueError:
            continue
    faults.append(f"{column} {text!r} is not a date; write it like 2026-01-31")
    return None
