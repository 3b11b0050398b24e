"""What each published column says of people: `personal.csv` classes all columns of the schemas era, core and out.

A class says what a de-identified extract does with a column:

    id         number or key of a patient, clinician, practice, payment or file: keyed hash
    name       name or address of a person or place, also of a file: keyed hash
    text       free text, ours or theirs, which may quote anything: dropped
    code       code of a published list: kept where it has the shape of one, else dropped
    zip        ZIP: the first three digits are kept
    date       date of a patient's care, bill or dispute: kept, or shifted with the patient
    run_date   day of one of our nights: kept, but dropped where dates are shifted (it would give the shift away)
    countdown  days between a patient's date and a night: as run_date
    keep       amounts, counts, places in a file, our own verdicts, what contracts say
    omit       (for column '*') the whole table stays out

A row without a table holds for every table; one with a table goes before it.
"""

from __future__ import annotations

import csv
import functools
from importlib.resources import files

SCHEMAS = ("era", "core", "out")
CLASSES = frozenset(["id", "name", "text", "code", "zip", "date", "run_date", "countdown", "keep", "omit"])


@functools.cache
def _stated() -> dict[tuple[str, str], str]:
    lines = (files("warehouse") / "personal.csv").read_text(encoding="utf-8").splitlines()
    return {(row["table"], row["column"]): row["class"] for row in csv.DictReader(lines)}


def class_of(table: str, column: str) -> str | None:
    """Return the class of a column (`table` with its schema); None where nobody has classed it."""
    stated = _stated()
    return stated.get((table, column)) or stated.get(("", column))


def omitted(table: str) -> bool:
    """Whether no row of a table goes into an extract."""
    return _stated().get((table, "*")) == "omit"


def stated() -> dict[tuple[str, str], str]:
    """All that personal.csv states: (table or nothing, column) -> class."""
    return dict(_stated())
