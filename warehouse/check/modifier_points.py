"""Points about modifiers: discipline, assistant, threshold."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import polars as pl

from contracts import therapy_codes, therapy_thresholds

from .visit import CANNOT_TELL, FAIL, Answer, Known, Visit

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .visit import Line

DISCIPLINES = frozenset({"GP", "GO", "GN"})
_ASSISTANTS = {"CQ": "GP", "CO": "GO"}


@cache
def _therapy_codes() -> frozenset[str]:
    """Codes that are therapy whoever gives them: those of Medicare's multiple-procedure indicator 5."""
    return frozenset(therapy_codes()["code"])


def discipline(visit: Visit, known: Known) -> Iterator[Answer]:
    """One of GP, GO, GN on every therapy line for Medicare: Pub. 100-04 ch. 5 s. 20.1."""
    for line in visit.lines:
        has = visit.modifiers(line) & DISCIPLINES
        code = line["procedure_code"]
        if len(has) > 1:
            yield Answer(FAIL, f"{code} has {', '.join(sorted(has))}", line["row_number"])
        elif not has and code in _therapy_codes() and visit.is_medicare is not False:
            told = known.has_modifiers and visit.is_medicare
            yield Answer(FAIL if told else CANNOT_TELL, f"{code} has none of GP, GO, GN", line["row_number"])


def assistant(visit: Visit, _known: Known) -> Iterator[Answer]:
    """CQ with GP, CO with GO; an assistant may make one due: s.1834(v)."""
    for line in visit.lines:
        has = visit.modifiers(line)
        for modifier, beside in _ASSISTANTS.items():
            if modifier in has and beside not in has:
                yield Answer(
                    FAIL, f"{line['procedure_code']} has {modifier} without {beside}", line["row_number"]
                )
        if line["assistant"] and not has & set(_ASSISTANTS) and visit.is_medicare is not False:
            text = f"{line['procedure_code']}: an assistant helped and there is no CQ or CO; more than a tenth of a unit?"
            yield Answer(CANNOT_TELL, text, line["row_number"])


def threshold(visit: Visit, known: Known) -> Iterator[Answer]:
    """KX above the year's amount: Noridian, per-beneficiary KX modifier thresholds."""
    if visit.is_medicare is False:
        return
    for line in visit.lines:
        if line["procedure_code"] in _therapy_codes() and "KX" not in visit.modifiers(line):
            yield from _above(visit, known, line)


def _above(visit: Visit, known: Known, line: Line) -> Iterator[Answer]:
    """What this practice's remittances show is the least that was used: others' services count too."""
    group = "OT" if "GO" in visit.modifiers(line) else "PT and SLP"
    day = visit.service_date
    limits = therapy_thresholds().filter(
        (pl.col("discipline") == group) & (pl.col("effective") <= day) & (pl.col("until") >= day)
    )
    used = (known.allowed or {}).get((visit.patient_account, day.year, group))
    if used is None or limits.is_empty():
        yield Answer(CANNOT_TELL, "no KX, and the year's allowed amounts are not known", line["row_number"])
    elif used > limits["amount"][0]:
        said = f"{line['procedure_code']} has no KX: {used} of {limits['amount'][0]} are used"
        yield Answer(FAIL, said, line["row_number"])
    else:
        said = f"no KX, and this practice's own share of the year's {limits['amount'][0]} is {used}"
        yield Answer(CANNOT_TELL, said, line["row_number"])


POINTS = {"discipline": discipline, "assistant": assistant, "threshold": threshold}
"""Each yields what speaks against a pass; nothing yielded is a pass."""
