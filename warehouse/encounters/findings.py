"""What is wrong with rows of an encounter file: code, file and row, and what to do. Never what the cell holds."""

from __future__ import annotations

import enum
from typing import NamedTuple


class FindingCode(enum.StrEnum):
    """What a finding is about."""

    NO_ACCOUNT = "NO_ACCOUNT"
    """The row names no patient account: it is not taken."""
    BAD_DATE = "BAD_DATE"
    """The date of service cannot be read: the row is not taken."""
    BAD_CODE = "BAD_CODE"
    """The procedure code cannot be read: no units are counted on its day."""
    BAD_MINUTES = "BAD_MINUTES"
    """The minutes are no whole number from 0 to 720."""
    BAD_TIME = "BAD_TIME"
    """Start or stop cannot be read, or one is given without the other."""
    STOP_BEFORE_START = "STOP_BEFORE_START"
    """The stop is before the start."""
    MINUTES_DIFFER = "MINUTES_DIFFER"
    """Minutes are given beside start and stop, and are more than the time between them."""
    UNKNOWN_REGION = "UNKNOWN_REGION"
    """The region is not in the list of names."""
    BAD_DIAGNOSIS = "BAD_DIAGNOSIS"
    """A diagnosis does not have the form of ICD-10-CM."""
    BAD_PLAN_DATES = "BAD_PLAN_DATES"
    """A plan-of-care date cannot be read, or the plan ends before it begins."""
    BAD_UNITS = "BAD_UNITS"
    """The units are no whole number."""
    BAD_CHARGE = "BAD_CHARGE"
    """The charge is no amount."""
    BAD_MODIFIER = "BAD_MODIFIER"
    """A modifier does not have two letters or digits."""
    BAD_NPI = "BAD_NPI"
    """The NPI does not have ten digits with the right check digit."""
    BAD_EXPORTED = "BAD_EXPORTED"
    """The day of the export cannot be read."""
    EXTRA_CELLS = "EXTRA_CELLS"
    """The row has more cells than the header: a comma without quotes, most likely."""
    MARKUP = "MARKUP"
    """The note holds markup or begins like a formula: it is kept and compared as plain text."""
    CONFLICTING_FILES = "CONFLICTING_FILES"
    """Two files of one stamp say different things of the day: neither is believed."""
    REPEATED_ROW = "REPEATED_ROW"
    """The row stands twice, without times that tell two treatments apart."""
    OVERLAPPING_MINUTES = "OVERLAPPING_MINUTES"
    """The patient's treatments overlap in time: the day's minutes cannot be added up."""
    CLINICIAN_OVERLAP = "CLINICIAN_OVERLAP"
    """One clinician's one-on-one minutes with two patients overlap."""
    NO_REMITTANCE = "NO_REMITTANCE"
    """No remittance shows the account on the day: not decided yet, or not billed."""


ADVICE = {
    FindingCode.NO_ACCOUNT: "the row has no patient account; give it as it stands on the claim (CLP01)",
    FindingCode.BAD_DATE: "the date cannot be read; write it like 2026-01-31 or 01/31/2026",
    FindingCode.BAD_CODE: "the code is not a procedure code of five characters; its day is not counted",
    FindingCode.BAD_MINUTES: "minutes are a whole number from 0 to 720; the row's minutes are taken as missing",
    FindingCode.BAD_TIME: "give both start and stop, like 09:15 or 9:15 AM; the row's minutes are taken as missing",
    FindingCode.STOP_BEFORE_START: "the stop is before the start; the row's minutes are taken as missing",
    FindingCode.MINUTES_DIFFER: "minutes are more than start and stop leave room for; the row's minutes are taken as missing",
    FindingCode.UNKNOWN_REGION: "the region is not one of the names in docs/encounters.md; it is taken as missing",
    FindingCode.BAD_DIAGNOSIS: "a diagnosis is not of the form M54.50; it is left out",
    FindingCode.BAD_PLAN_DATES: "give first and last day of the plan of care as two dates in order; they are taken as missing",
    FindingCode.BAD_UNITS: "units are a whole number; they are taken as missing",
    FindingCode.BAD_CHARGE: "the charge is an amount like 75.00; it is taken as missing",
    FindingCode.BAD_MODIFIER: "modifiers have two characters each, separated by ':' or spaces; the others are left out",
    FindingCode.BAD_NPI: "the NPI fails its check digit; compare it with the registry",
    FindingCode.BAD_EXPORTED: "the day of the export cannot be read; write it like 2026-01-31 or 2026-01-31 18:00",
    FindingCode.EXTRA_CELLS: "the row has more cells than the header; put text with commas in quotes",
    FindingCode.MARKUP: "the note holds markup or begins like a formula; it is kept as plain text",
    FindingCode.CONFLICTING_FILES: "another file of the same stamp says otherwise of the day; send one with a later `exported`",
    FindingCode.REPEATED_ROW: "the same row stands twice; give start and stop, or remove one",
    FindingCode.OVERLAPPING_MINUTES: "start and stop overlap with another row of the patient; one-on-one minutes do not",
    FindingCode.CLINICIAN_OVERLAP: "the clinician's one-on-one minutes overlap with another patient's",
    FindingCode.NO_REMITTANCE: "no remittance shows the account on that day; not decided yet, or not billed",
}  # fmt: skip
"""What each finding says, in our words; none repeats what stands in the file."""


class EncounterFinding(NamedTuple):
    """One finding; `row_number` counts as a spreadsheet does, the header being 1."""

    row_number: int
    code: FindingCode

    @property
    def message(self) -> str:
        return ADVICE[self.code]
