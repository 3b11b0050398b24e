"""Checks of names, dates and criteria: which contract a line will find, and where it will find none or two."""

from __future__ import annotations

import datetime as dt
from itertools import combinations, pairwise
from typing import TYPE_CHECKING

from contracts.problems import Problem
from contracts.terms import CRITERIA

from .subject import at

if TYPE_CHECKING:
    from collections.abc import Iterator

    from contracts.terms import Contract

    from .subject import Subject

_DAY = dt.timedelta(days=1)


def _successions(subject: Subject) -> dict[str, list[Contract]]:
    """Return the files of each contract in order of their dates."""
    named: dict[str, list[Contract]] = {}
    for contract in sorted(subject.terms.contracts, key=lambda one: one.terms.effective):
        named.setdefault(contract.terms.contract, []).append(contract)
    return named


def gaps(subject: Subject) -> Iterator[Problem]:
    """Days between one file of a contract and the next have no terms at all."""
    for files in _successions(subject).values():
        for earlier, later in pairwise(files):
            until = earlier.terms.until
            if until is not None and until + _DAY < later.terms.effective:
                yield Problem(
                    later.file,
                    at(later, "effective"),
                    f"no terms from {until + _DAY} to {later.terms.effective - _DAY}: {earlier.file} ends before; "
                    "lines of those days will be NO_CONTRACT",
                )


def ended(subject: Subject) -> Iterator[Problem]:
    """Warn of a contract whose last file has ended: it may have been renewed."""
    for files in _successions(subject).values():
        last = files[-1]
        if last.terms.until is not None and last.terms.until < subject.as_of:
            yield Problem(
                last.file,
                at(last, "until"),
                f"contract {last.terms.contract!r} ended on {last.terms.until} and no file follows it; "
                "add the renewal, or leave it if the contract is over",
            )


def matches_everything(subject: Subject) -> Iterator[Problem]:
    """Warn of a contract without criteria: it covers every line of its dates."""
    for contract in subject.terms.contracts:
        if not contract.terms.match.given():
            yield Problem(
                contract.file,
                at(contract, "match"),
                "no criterion under [match]: the contract covers every payer's lines; add at least a payer_id",
            )


def rivals(subject: Subject) -> Iterator[Problem]:
    """Two contracts that one line can meet: such lines will be AMBIGUOUS_CONTRACT."""
    for one, other in combinations(subject.terms.contracts, 2):
        if one.terms.contract == other.terms.contract or not _share_a_day(one, other):
            continue
        mine, yours = one.terms.match.given(), other.terms.match.given()
        shared = [name for name in CRITERIA if name in mine and name in yours]
        if not shared or not all(_values(mine[name]) & _values(yours[name]) for name in shared):
            continue
        alone = [name for name in CRITERIA if (name in mine) != (name in yours)]
        settle = (
            f"give both a {alone[0]}"
            if alone
            else "give both a class_of_contract or group_number that the other does not have"
        )
        yield Problem(
            other.file,
            at(other, "match"),
            f"a line can meet both this and {one.file} ({one.terms.contract}): they share {', '.join(shared)}; {settle}",
        )


def _values(values: tuple[str, ...]) -> set[str]:
    return {" ".join(value.casefold().split()) for value in values}


def _share_a_day(one: Contract, other: Contract) -> bool:
    return one.in_force(other.terms.effective) or other.in_force(one.terms.effective)


def punctuated_numbers(subject: Subject) -> Iterator[Problem]:
    """Tax numbers are compared as the remittance has them: digits alone."""
    for contract in subject.terms.contracts:
        for name in ("payee_tin", "payee_npi", "rendering_npi"):
            for value in getattr(contract.terms.match, name):
                if not value.isdigit():
                    yield Problem(
                        contract.file,
                        at(contract, "match", name),
                        f"{name} {value!r} is not digits alone, as remittances have it; it will not match",
                    )


CHECKS = (gaps, ended, matches_everything, rivals, punctuated_numbers)
