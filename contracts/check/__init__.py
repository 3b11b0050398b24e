"""Everything that is wrong, or looks wrong, with a home's contracts, schedules, settings and tables, at once."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from contracts.practice import Practice, read_practice
from contracts.problems import Problem, TermsError
from contracts.read import survey_terms
from contracts.reference import Reference, read_reference
from contracts.toml_lines import key_lines

from . import clauses, matching, practice, schedules
from .subject import SETTINGS, Subject

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable
    from pathlib import Path

_WARNINGS = {
    "contracts": (*matching.CHECKS, *schedules.CHECKS, *clauses.CHECKS, *practice.CONTRACT_CHECKS),
    "": practice.CHECKS,
}
"""The checks by the folder that their files lie in."""


@dataclass(frozen=True)
class Checked:
    """`errors` stop a night; `warnings` make lines abstain, or are likely mistakes. Files relative to the home."""

    errors: tuple[Problem, ...]
    warnings: tuple[Problem, ...]


def check_home(home: Path, as_of: dt.date) -> Checked:
    """Check shortpay.toml, contracts/ and reference/ of a home folder. Never raises on what they hold."""
    errors: list[Problem] = []
    terms, problems = survey_terms(home / "contracts")
    errors += _under("contracts", problems)
    subject = Subject(
        home / "contracts",
        as_of,
        terms,
        _practice(home / SETTINGS, errors),
        _reference(home / "reference", errors),
        _setting_lines(home / SETTINGS),
    )
    warnings = [
        problem
        for folder, checks in _WARNINGS.items()
        for check in checks
        for problem in _under(folder, check(subject))
    ]
    return Checked(_ordered(errors), _ordered(warnings))


def _under(folder: str, problems: Iterable[Problem]) -> list[Problem]:
    return [
        replace(problem, file=f"{folder}/{problem.file}")
        if folder and problem.file not in {SETTINGS, folder}
        else problem
        for problem in problems
    ]


def _ordered(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    return tuple(sorted(set(problems), key=lambda one: (one.file, one.line or 0, one.message)))


def _practice(path: Path, errors: list[Problem]) -> Practice:
    try:
        return read_practice(path)
    except TermsError as error:
        errors += error.problems
        return Practice()


def _reference(folder: Path, errors: list[Problem]) -> Reference:
    try:
        return read_reference(folder)
    except TermsError as error:
        errors += _under("reference", error.problems)
        return Reference()


def _setting_lines(path: Path) -> dict[tuple[str | int, ...], int]:
    try:
        text = path.read_text(encoding="utf-8-sig")
        tomllib.loads(text)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError):
        return {}
    return key_lines(text)
