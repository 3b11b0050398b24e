"""Cells of an encounter file, as people and spreadsheets write them. Each returns None where the cell cannot be read."""

from __future__ import annotations

import datetime as dt
import re
from functools import cache
from importlib.resources import files

import polars as pl

_DATE_FORMS = ("%Y-%m-%d", "%m/%d/%Y", "%m-%d-%Y", "%Y%m%d", "%Y/%m/%d")
_TIME_FORMS = ("%H:%M", "%H:%M:%S", "%I:%M %p", "%I:%M%p", "%H%M")
_ANY_DATE = re.compile(r"\d{4}-\d{1,2}-\d{1,2}|\d{1,2}/\d{1,2}/\d{4}|\d{8}")
_DIAGNOSIS = re.compile(r"^[A-Z]\d[0-9A-Z][0-9A-Z]{0,4}$")
_SIDES = re.compile(r"\b(left|right|bilateral|both|lt|rt|l|r|b)\b\.?")
_LONGEST_DAY = 720


def day(text: str) -> dt.date | None:
    """Read a date with a year of four digits between 1990 and 2100."""
    for form in _DATE_FORMS:
        try:
            found = dt.datetime.strptime(text.split(" ", maxsplit=1)[0], form).date()  # noqa: DTZ007  (a day, no instant)
        except ValueError:
            continue
        return found if 1990 <= found.year <= 2100 else None
    return None


def moment(text: str) -> dt.datetime | None:
    """Read a date, or a date with a time."""
    whole = text.replace("T", " ")
    date = day(whole)
    clock = minute_of_day(whole.split(" ", 1)[1]) if " " in whole else 0
    if date is None or clock is None:
        return None
    return dt.datetime.combine(date, dt.time(clock // 60, clock % 60))


def minute_of_day(text: str) -> int | None:
    """Read a time of day as minutes since midnight; seconds are left out."""
    for form in _TIME_FORMS:
        try:
            found = dt.datetime.strptime(text.strip().upper(), form)  # noqa: DTZ007  (a time of day, no instant)
        except ValueError:
            continue
        return found.hour * 60 + found.minute
    return None


def whole_number(text: str) -> int | None:
    """Read a whole number, also as spreadsheets leave it (`15.0`)."""
    match = re.fullmatch(r"(\d{1,6})(?:\.0+)?", text)
    return int(match.group(1)) if match else None


def minutes(text: str) -> int | None:
    """Read minutes of treatment, with or without the unit."""
    found = whole_number(re.sub(r"\s{0,9}min(ute)?s?\.?$", "", text.casefold()))
    return found if found is not None and found <= _LONGEST_DAY else None


def cents(text: str) -> int | None:
    """Read an amount in dollars as cents."""
    match = re.fullmatch(r"\$?(\d{1,9})(?:\.(\d{1,2}))?", text.replace(",", ""))
    return int(match.group(1)) * 100 + int((match.group(2) or "0").ljust(2, "0")) if match else None


def procedure_code(text: str) -> str | None:
    """Read a procedure code: five characters, the first four or last four of them digits."""
    code = re.sub(r"\.0+$", "", text).upper()
    return code if re.fullmatch(r"[A-Z0-9]\d{3}[A-Z0-9]", code) else None


def modifiers(text: str) -> tuple[list[str], bool]:
    """Return the modifiers, and whether all could be read."""
    parts = [part for part in re.split(r"[:,;\s]+", text.upper()) if part]
    good = [part for part in parts if re.fullmatch(r"[A-Z0-9]{2}", part)]
    return sorted(set(good)), len(good) == len(parts)


def diagnoses(text: str) -> tuple[list[str], bool]:
    """Return the diagnoses with their dots, in their order, and whether all could be read."""
    parts = [part.replace(".", "") for part in re.split(r"[:,;|\s]+", text.upper()) if part]
    good = [part for part in parts if _DIAGNOSIS.match(part)]
    return [part[:3] + (f".{part[3:]}" if part[3:] else "") for part in dict.fromkeys(good)], len(
        good
    ) == len(parts)


def plan_dates(text: str) -> tuple[dt.date, dt.date] | None:
    """Read first and last day of a plan of care from one cell."""
    found = [day(part) for part in _ANY_DATE.findall(text)]
    match found:
        case [dt.date() as first, dt.date() as last]:
            return first, last
    return None


def person(text: str) -> str | None:
    """Read who helped; words for nobody are nobody."""
    return None if text.casefold() in {"", "no", "n", "none", "false", "0", "-", "n/a"} else text


@cache
def region_names() -> dict[str, list[str]]:
    """Return the regions that each name stands for: data/region.csv."""
    table = pl.read_csv(
        (files("warehouse.encounters") / "data" / "region.csv").read_bytes(), infer_schema=False
    )
    return {name: regions.split("+") for name, regions in table.iter_rows()}


def regions(text: str) -> list[str] | None:
    """Return the regions of a cell in order of name; None where a part of it is no name of the list."""
    found = set[str]()
    for part in re.split(r"[;,/&+]|\band\b", text.casefold()):
        name = re.sub(r"\s+", " ", _SIDES.sub(" ", part)).strip()
        if name not in region_names():
            return None
        found.update(region_names()[name])
    return sorted(found)


def npi_is_right(text: str) -> bool:
    """Whether ten digits pass the check of ISO 7812 with the prefix 80840: 45 CFR 162.406, CMS's NPI check digit page."""
    if not re.fullmatch(r"\d{10}", text):
        return False
    total = 24  # what the prefix adds
    for place, digit in enumerate(reversed(text)):
        value = int(digit) * (2 if place % 2 else 1)
        total += value // 10 + value % 10
    return total % 10 == 0


def acts(text: str) -> bool:
    """Whether a note holds markup, or would be a formula in a spreadsheet."""
    return text.lstrip()[:1] in {"=", "+", "-", "@"} or re.search(r"<[/!a-zA-Z][^>]*>", text) is not None
