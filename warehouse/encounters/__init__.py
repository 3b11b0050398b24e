"""Encounters: what the practice's own record says of a visit, held against what was billed and paid for it.

The rows of `encounters/*.csv` (minutes, regions, plan of care, notes) are read here and kept in a database of their
own beside the warehouse, for the text of a note must not reach anything that is published. From them come the units
that a day's minutes make, and what an auditor would ask about. None of it is an underpayment.
"""

from __future__ import annotations

from .findings import EncounterFinding, FindingCode
from .reading import Encounters, NotEncountersError, read_encounters

__all__ = ["EncounterFinding", "Encounters", "FindingCode", "NotEncountersError", "read_encounters"]
