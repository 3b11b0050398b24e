"""Contracts and their fee schedules from a folder.

All of them, or a TermsError with everything that is wrong.
"""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

import polars as pl
from pydantic import ValidationError

from .bounded import UnfitFileError, read_bounded_text
from .own_edits import edit_rows
from .problems import Problem, TermsError
from .schedule import FeeRow, Schedule, read_schedule
from .terms import EDIT_ROW_SCHEMA, FEE_ROW_SCHEMA, Contract, ContractTerms, FeeSchedule, Terms
from .toml_lines import key_lines, line_of
from .toml_text import NotTomlError, parse_toml
from .validation import problems_of

if TYPE_CHECKING:
    from collections.abc import Iterator


def read_terms(folder: Path) -> Terms:
    """Every ``*.toml`` of `folder` with the fee schedules it names, in order of file name.

    Raises TermsError listing every problem of every file at once; then nothing of the folder is used.
    """
    terms, problems = survey_terms(folder)
    if problems:
        raise TermsError(problems)
    return terms


def survey_terms(folder: Path) -> tuple[Terms, list[Problem]]:
    """Read what can be read of `folder`, with every problem of the rest: for checking, never for pricing."""
    if not folder.is_dir():
        missing = "the contracts folder does not exist; make it, even if empty"
        return Terms(), [Problem(str(folder.name), None, missing)]
    problems: list[Problem] = []
    contracts: list[Contract] = []
    for path in sorted(folder.glob("[!.]*.toml")):
        contract = _read_contract(path, problems)
        if contract:
            contracts.append(contract)
    problems.extend(_overlaps(contracts))
    rows = [row for contract in contracts for row in _fee_rows(folder, contract, problems)]
    edits = [row for contract in contracts for row in edit_rows(folder, contract, problems)]
    return Terms(
        tuple(contracts),
        pl.DataFrame(rows, schema=FEE_ROW_SCHEMA, orient="row"),
        pl.DataFrame(edits, schema=EDIT_ROW_SCHEMA, orient="row"),
    ), problems


def parse_contract(text: str, file: str, *, builtin: bool = False) -> Contract:
    """One contract from the text of its file. Raises TermsError with every problem and its line."""
    try:
        document = parse_toml(text)
    except NotTomlError as error:
        raise TermsError(
            [Problem(file, _decode_line(str(error), text), f"not valid TOML: {error}")]
        ) from error
    lines = key_lines(text)
    try:
        return Contract(file, ContractTerms.model_validate(document), lines, builtin)
    except ValidationError as error:
        raise TermsError(problems_of(error, file, lines, ContractTerms)) from error


def _read_contract(path: Path, problems: list[Problem]) -> Contract | None:
    try:
        return parse_contract(read_bounded_text(path), path.name)
    except TermsError as error:
        problems.extend(error.problems)
    except UnfitFileError as error:
        problems.append(Problem(path.name, None, str(error)))
    except (OSError, UnicodeDecodeError) as error:
        problems.append(Problem(path.name, None, f"cannot be read: {error}; save it as UTF-8 text"))
    return None


def _decode_line(message: str, text: str) -> int:
    """Read the place off the end of the message: "(at line 3, column 7)" or "(at end of document)"."""
    _, found, rest = message.partition("(at line ")
    return int(rest.split(",")[0]) if found else max(1, len(text.splitlines()))


def _overlaps(contracts: list[Contract]) -> Iterator[Problem]:
    """Two files of one contract name in force on the same day: no date may have two sets of terms."""
    for index, later in enumerate(contracts):
        for earlier in contracts[:index]:
            if earlier.terms.contract == later.terms.contract and _same_day(earlier, later):
                yield Problem(
                    later.file,
                    line_of(dict(later.lines), ("effective",)),
                    f"contract {later.terms.contract!r} ({_span(later)}) overlaps {earlier.file} "
                    f"({_span(earlier)}); "
                    "give the earlier one an `until` before the later one's `effective`",
                )


def _same_day(one: Contract, other: Contract) -> bool:
    return one.in_force(other.terms.effective) or other.in_force(one.terms.effective)


def _span(contract: Contract) -> str:
    return f"{contract.terms.effective} to {contract.terms.until or 'no end'}"


def _fee_rows(folder: Path, contract: Contract, problems: list[Problem]) -> Iterator[tuple[object, ...]]:
    for position, rate in enumerate(contract.terms.rate):
        if isinstance(rate, FeeSchedule):
            schedule = _schedule_of(folder, contract, position, rate)
            problems.extend(schedule.problems)
            yield from (_frame_row(contract.file, position, rate.file, row) for row in schedule.rows)


def _schedule_of(folder: Path, contract: Contract, position: int, rate: FeeSchedule) -> Schedule:
    line = line_of(dict(contract.lines), ("rate", position, "file"))
    name = PurePosixPath(rate.file.replace("\\", "/"))
    if name.is_absolute() or ".." in name.parts or ":" in rate.file:
        message = (
            f"file {rate.file!r} is outside the contracts folder; put it there and name it by its name alone"
        )
        return Schedule(problems=[Problem(contract.file, line, message)])
    path = folder / name
    if path.exists() and not path.resolve().is_relative_to(folder.resolve()):
        message = (
            f"file {rate.file!r} is a link to a place outside the contracts folder; put the file itself there"
        )
        return Schedule(problems=[Problem(contract.file, line, message)])
    if not path.is_file():
        there = sorted(item.name for item in folder.iterdir() if item.suffix.casefold() in {".csv", ".xlsx"})
        message = f"fee schedule {rate.file!r} does not exist; in the folder: {', '.join(there) or 'none'}"
        return Schedule(problems=[Problem(contract.file, line, message)])
    return read_schedule(path, rate.file, rate.sheet)


def _frame_row(contract_file: str, position: int, schedule_file: str, row: FeeRow) -> tuple[object, ...]:
    return (
        contract_file,
        position,
        schedule_file,
        row.row,
        row.code,
        row.modifiers,
        row.setting,
        row.rate_cents,
        row.effective,
        row.until,
    )
