"""Points about the record: units by the minutes, plan of care, diagnosis, documentation, duplicates, time for filing."""

from __future__ import annotations

from collections import Counter
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

import polars as pl

from contracts import last_day
from warehouse.encounters.notes import element_names, elements_found, settings

from .visit import CANNOT_TELL, FAIL, Answer, Billed, Known, Visit

if TYPE_CHECKING:
    from collections.abc import Iterator

_REPEATS = frozenset({"76", "77", "91"})
_CORRECTIONS = frozenset({"7", "8"})
"""CLM05-3 of a claim that replaces or voids one."""


@cache
def unspecified_diagnoses() -> frozenset[str]:
    """Diagnoses titled unspecified: data/unspecified_diagnosis.csv."""
    path = files("warehouse.encounters") / "data" / "unspecified_diagnosis.csv"
    return frozenset(pl.read_csv(path.read_bytes(), infer_schema=False)["pattern"])


def units(visit: Visit, known: Known) -> Iterator[Answer]:
    """Units by the minutes: Pub. 100-04 ch. 5 s. 20.2 C, or the contract's rule."""
    if known.units is None:
        return
    own = (pl.col("patient_account") == visit.patient_account) & (
        pl.col("service_date") == visit.service_date
    )
    for row in known.units.filter(own).iter_rows(named=True):
        if row["standing"] == "CANNOT_TELL":
            yield Answer(CANNOT_TELL, f"{row['procedure_code']}: {row['reason']}", row["row_number"])
        elif row["standing"] != "AGREES":
            yield Answer(FAIL, f"{row['procedure_code']}: {row['reason']}", row["row_number"])


def plan(visit: Visit, _known: Known) -> Iterator[Answer]:
    """Plan of care in force: 42 CFR 410.61, 424.24(c)."""
    first = min((line["plan_from_date"] for line in visit.lines if line["plan_from_date"]), default=None)
    last = max((line["plan_to_date"] for line in visit.lines if line["plan_to_date"]), default=None)
    day = visit.service_date
    if (first and day < first) or (last and day > last):
        yield Answer(FAIL, f"{day} is outside the plan of care", visit.first_row)
    elif first is None or last is None:
        yield Answer(CANNOT_TELL, "first or last day of the plan of care is not given", visit.first_row)
    elif visit.is_medicare and (last - first).days > settings()["plan_days"]:
        yield Answer(FAIL, f"the plan of care reaches {(last - first).days} days", visit.first_row)


def diagnosis(visit: Visit, known: Known) -> Iterator[Answer]:
    """A diagnosis as specific as is known: ICD-10-CM guidelines I.A.9.b, I.B.18."""
    found = {code for line in visit.lines for code in (line["diagnosis_codes"] or "").split(", ")} - {""}
    if not found:
        yield Answer(CANNOT_TELL, "no diagnosis is given", visit.first_row)
    for code in sorted(found & unspecified_diagnoses()):
        days = known.unspecified_days.get((visit.patient_account, code), 1)
        repeated = days >= settings()["unspecified_visits"]
        said = f"{code} is titled unspecified" + (f" and stands on {days} visits" if repeated else "")
        yield Answer(FAIL if repeated else CANNOT_TELL, said, visit.first_row)


def documentation(visit: Visit, _known: Known) -> Iterator[Answer]:
    """Elements of the treatment note: Pub. 100-02 ch. 15 s. 220.3 E. A word that is not found is no proof."""
    notes = [line["note"] for line in visit.lines if line["note"]]
    if not notes:
        yield Answer(CANNOT_TELL, "no note is given", visit.first_row)
        return
    found = elements_found("\n".join(notes))
    lacking = [element for element in element_names() if element not in found]
    if lacking:
        yield Answer(CANNOT_TELL, f"no word found for: {', '.join(lacking)}", visit.first_row)


def duplicate(visit: Visit, known: Known) -> Iterator[Answer]:
    """A line is billed once: CARC 18."""
    alike = Counter(
        (line["procedure_code"], line["modifiers"], line["units"], line["start_minute"], line["minutes"])
        for line in visit.lines
        if not visit.modifiers(line) & _REPEATS
    )
    for (code, *_), count in sorted(alike.items(), key=str):
        if count > 1:
            yield Answer(FAIL, f"{code} stands {count} times alike", visit.first_row)
    if known.billed is None:
        yield Answer(CANNOT_TELL, "no remittances to compare with", visit.first_row)
        return
    corrected = {line["procedure_code"] for line in visit.lines if line.get("frequency") in _CORRECTIONS}
    for code in visit.codes():
        if code not in corrected and Billed(visit.patient_account, visit.service_date, code) in known.billed:
            yield Answer(
                FAIL, f"{code} of that day was decided already; a correction goes as one", visit.first_row
            )


def filing(visit: Visit, known: Known) -> Iterator[Answer]:
    """Within the time for filing: 42 CFR 424.44(a), or the contract's [filing]."""
    contract = known.contract(visit)
    limit = contract.terms.filing if contract else None
    if visit.service_date > known.as_of:
        yield Answer(FAIL, f"{visit.service_date} has not come yet", visit.first_row)
    elif limit is None or limit.from_ != "service":
        yield Answer(CANNOT_TELL, "the payer's time for filing is not known", visit.first_row)
    elif (last := last_day(visit.service_date, limit.days, limit.unit)) < known.as_of:
        yield Answer(FAIL, f"the time for filing ended on {last}", visit.first_row)


POINTS = {
    "units": units,
    "plan": plan,
    "diagnosis": diagnosis,
    "documentation": documentation,
    "duplicate": duplicate,
    "filing": filing,
}
