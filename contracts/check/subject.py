"""What the checks look at: contracts, schedules, practice and reference tables as far as they could be read."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from contracts.practice import Practice
from contracts.problems import Problem
from contracts.reference import Reference
from contracts.terms import Contract, FeeSchedule, Terms
from contracts.toml_lines import line_of

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    import polars as pl

    from contracts.toml_lines import Path as KeyPath

SETTINGS = "shortpay.toml"


@dataclass(frozen=True)
class Subject:
    """A home folder's terms as read; `as_of` is the day on which it is asked what has ended."""

    folder: Path
    as_of: dt.date
    terms: Terms = field(default_factory=Terms)
    practice: Practice = field(default_factory=Practice)
    reference: Reference = field(default_factory=Reference)
    setting_lines: Mapping[KeyPath, int] = field(default_factory=dict)

    def schedules(self) -> Iterator[tuple[Contract, int, FeeSchedule, pl.DataFrame]]:
        """Yield each schedule entry of each contract: contract, position, entry, rows."""
        rows = self.terms.fee_rows.partition_by(["contract_file", "rate_position"], as_dict=True)
        for contract in self.terms.contracts:
            for position, rate in enumerate(contract.terms.rate):
                if isinstance(rate, FeeSchedule):
                    found = rows.get((contract.file, position), self.terms.fee_rows.clear())
                    yield contract, position, rate, found

    def asks_medicare(self) -> bool:
        """Whether any contract file is priced from the Medicare tables."""
        bases = {rate.basis for one in self.terms.contracts for rate in one.terms.rate}
        return bool(bases & {"medicare", "percent_of_medicare"})


def at(contract: Contract, *path: str | int) -> int | None:
    """Return the line of a key in a contract file."""
    return line_of(dict(contract.lines), path)


def setting(subject: Subject, message: str, *path: str | int) -> Problem:
    """Make a problem of the settings, at the line of a key."""
    return Problem(SETTINGS, line_of(dict(subject.setting_lines), path), message)
