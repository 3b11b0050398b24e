"""Points about CMS's edits: distinct services, most units, pairs that are never paid together."""

from __future__ import annotations

from collections import defaultdict
from itertools import permutations
from typing import TYPE_CHECKING

from warehouse.encounters.regions import meeting

from .visit import CANNOT_TELL, FAIL, Answer, Known, Visit

if TYPE_CHECKING:
    from collections.abc import Iterator

X_MODIFIERS = frozenset({"XE", "XP", "XS", "XU"})
_MANIPULATION = frozenset({"98940", "98941", "98942"})
_MANUAL = "97140"
_DISTINCT = X_MODIFIERS | {"59"}


def distinct(visit: Visit, known: Known) -> Iterator[Answer]:
    """59 or X where a pair with indicator 1 asks for it, and services that are distinct: NCCI policy manual ch. 1 s. E."""
    for line in visit.lines:
        has = visit.modifiers(line)
        if "59" in has and has & X_MODIFIERS:
            yield Answer(
                FAIL,
                f"{line['procedure_code']} has 59 beside {', '.join(sorted(has & X_MODIFIERS))}",
                line["row_number"],
            )
    for code, other, answer, indicator in _pairs(visit, known):
        lines = [line for line in visit.lines if line["procedure_code"] == code]
        bare = [line for line in lines if not visit.modifiers(line) & _DISTINCT]
        if answer == "unknown":
            yield Answer(
                CANNOT_TELL, f"no edition of the day tells of {other} and {code}", lines[0]["row_number"]
            )
        elif answer == "in_force" and indicator == "1" and bare:
            yield Answer(FAIL, f"{code} beside {other} has neither 59 nor X", bare[0]["row_number"])
    yield from _regions(visit)


def _regions(visit: Visit) -> Iterator[Answer]:
    """A modifier on manual therapy beside manipulation holds only for separate regions: NCCI policy manual ch. 11."""
    manual = [
        line
        for line in visit.lines
        if line["procedure_code"] == _MANUAL and visit.modifiers(line) & _DISTINCT
    ]
    manipulated = [line for line in visit.lines if line["procedure_code"] in _MANIPULATION]
    if not manual or not manipulated:
        return
    standing = meeting([line["region"] for line in manual], [line["region"] for line in manipulated])
    if standing in {"SAME", "CONTIGUOUS"}:
        yield Answer(
            FAIL, f"{_MANUAL} has 59 or X, and its region is {standing.lower()}", manual[0]["row_number"]
        )
    elif standing == "CANNOT_TELL":
        yield Answer(
            CANNOT_TELL, f"the regions of {_MANUAL} and the manipulation do not tell", manual[0]["row_number"]
        )


def exclusive(visit: Visit, known: Known) -> Iterator[Answer]:
    """No pair with indicator 0: CMS practitioner PTP edits."""
    for code, other, answer, indicator in _pairs(visit, known):
        row = next(line["row_number"] for line in visit.lines if line["procedure_code"] == code)
        if answer == "unknown":
            yield Answer(CANNOT_TELL, f"no edition of the day tells of {other} and {code}", row)
        elif answer == "in_force" and indicator == "0":
            yield Answer(FAIL, f"{code} is never paid beside {other}", row)


def _pairs(visit: Visit, known: Known) -> Iterator[tuple[str, str, str, str]]:
    """Yield (code, other code, answer, indicator) of the day's pairs; an unknown pair once.

    The national edits are Medicare's: of another payer's it is not known which it uses.
    """
    for code, other in permutations(visit.codes(), 2):
        row = known.pairs.get((code, other, visit.service_date))
        if row is None or visit.is_medicare is not True or row["answer"] == "unknown":
            if code < other:
                yield code, other, "unknown", ""
        else:
            yield code, other, str(row["answer"]), str(row["modifier_indicator"])


def most_units(visit: Visit, known: Known) -> Iterator[Answer]:
    """Units within the MUE, of a line (indicator 1) or of the day: CMS practitioner MUE table."""
    units: dict[str, list[int | None]] = defaultdict(list)
    rows: dict[str, int] = {}
    for line in visit.lines:
        if line["procedure_code"]:
            units[line["procedure_code"]].append(line["units"])
            rows.setdefault(line["procedure_code"], line["row_number"])
    for code, told in units.items():
        row = known.most_units.get((code, visit.service_date))
        if row is None or row["answer"] != "stated" or visit.is_medicare is not True or None in told:
            lacks = (
                "units are missing"
                if None in told
                else "no MUE of the day is known, or the payer's edits are not"
            )
            yield Answer(CANNOT_TELL, f"{code}: {lacks}", rows[code])
            continue
        numbers = [number for number in told if number is not None]
        held = max(numbers) if row["adjudication_indicator"] == "1" else sum(numbers)
        if held > row["most_units"]:
            yield Answer(FAIL, f"{code}: {held} units, at most {row['most_units']}", rows[code])


POINTS = {"distinct": distinct, "most units": most_units, "exclusive": exclusive}
