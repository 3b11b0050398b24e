"""What a hypothesis tries on a case: every candidate it has, one row each.

An attempt prices the whole case once more. Candidates come from the terms, the reference and the remittance; none is
searched for beyond them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from .form import ATTEMPT_SCHEMA, CHANGE_SCHEMA, whole
from .other_contracts import earlier_contract, other_contract
from .other_lines import day_code, decided_units, family_code, fewer_units, other_charge, other_modifiers
from .other_places import contractor_locality, site_locality
from .percentages import percent_of_charge, percent_of_rate
from .periods import earlier_release, earlier_row

if TYPE_CHECKING:
    from collections.abc import Callable

    from contracts.short_days import ShortDays

    from .form import Attempts

__all__ = ["ATTEMPT_SCHEMA", "CHANGE_SCHEMA", "TRIES"]


def once(days: ShortDays, cases: pl.DataFrame, whose: str) -> Attempts:  # noqa: ARG001  (all have one form)
    return whole(cases.select("case", variant=pl.lit(0)))


TRIES: dict[str, Callable[[ShortDays, pl.DataFrame, str], Attempts]] = {
    "once": once,
    "earlier_release": earlier_release,
    "earlier_row": earlier_row,
    "earlier_contract": earlier_contract,
    "other_contract": other_contract,
    "site_locality": site_locality,
    "contractor_locality": contractor_locality,
    "decided_units": decided_units,
    "fewer_units": fewer_units,
    "other_modifiers": other_modifiers,
    "family_code": family_code,
    "day_code": day_code,
    "other_charge": other_charge,
    "percent_of_rate": percent_of_rate,
    "percent_of_line": percent_of_rate,
    "percent_of_charge": percent_of_charge,
}
"""What data/hypothesis.toml names under `tries`: the days and the cases it concerns, to attempts and line changes."""
