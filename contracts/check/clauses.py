"""Checks of the [terms] and [[dispute]] tables: clauses that do nothing, or mean something else than was meant."""

from __future__ import annotations

from typing import TYPE_CHECKING

from contracts.problems import Problem
from contracts.terms import FeeSchedule, PercentOfCharge, PercentOfMedicare, PerVisit

from .subject import at

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .subject import Subject

_WHOLE = 10_000
_LEAST_PERCENT = 2_000
"""Below 20 % a percentage of Medicare or of the charge is more likely a factor such as 1.10."""


def small_percents(subject: Subject) -> Iterator[Problem]:
    """Warn of a percentage that looks like a factor."""
    for contract in subject.terms.contracts:
        for index, rate in enumerate(contract.terms.rate):
            if isinstance(rate, PercentOfMedicare | PercentOfCharge) and rate.percent < _LEAST_PERCENT:
                said = rate.percent / 100
                yield Problem(
                    contract.file,
                    at(contract, "rate", index, "percent"),
                    f"percent is {said:g}, less than a fifth; 110 percent is written 110, not 1.10",
                )


def percents_of_terms(subject: Subject) -> Iterator[Problem]:
    """Warn of an assistant or multiple-procedure percentage above 100, or one that no rule uses."""
    for contract in subject.terms.contracts:
        clauses = contract.terms.terms
        for name in ("assistant_percent", "multiple_procedure_percent"):
            percent = getattr(clauses, name)
            if percent is not None and not 100 < percent <= _WHOLE:
                yield Problem(
                    contract.file,
                    at(contract, "terms", name),
                    f"{name} is {percent / 100:g}: what remains is meant, like 85, not a factor or an increase",
                )
        if clauses.multiple_procedure_percent is not None and clauses.multiple_procedure != "percent":
            yield Problem(
                contract.file,
                at(contract, "terms", "multiple_procedure_percent"),
                'multiple_procedure_percent is not used: say multiple_procedure = "percent", or remove it',
            )


def capitation(subject: Subject) -> Iterator[Problem]:
    """Warn of rates that capitation leaves without use, and of carve-outs that no rate covers."""
    for contract in subject.terms.contracts:
        clauses, rates = contract.terms.terms, contract.terms.rate
        if not clauses.capitated:
            continue
        if rates and not clauses.carve_out_codes:
            yield Problem(
                contract.file,
                at(contract, "terms", "capitated"),
                "the rates are never used: capitated without carve_out_codes; list the codes paid for service",
            )
        covered: set[str] = set().union(*(rate.codes for rate in rates))
        open_ended = any(not rate.codes and not isinstance(rate, FeeSchedule) for rate in rates)
        on_schedules: set[str] = set()
        for one, _, _, rows in subject.schedules():
            if one is contract:
                on_schedules |= set(rows["code"])
        missing = sorted(set(clauses.carve_out_codes) - covered - on_schedules)
        if missing and not open_ended:
            yield Problem(
                contract.file,
                at(contract, "terms", "carve_out_codes"),
                f"{', '.join(missing)}: carved out, but no [[rate]] prices it; such lines will be NO_RATE",
            )


def visit_amounts(subject: Subject) -> Iterator[Problem]:
    """Warn of a visit amount that the visit maximum cuts every time."""
    for contract in subject.terms.contracts:
        most = contract.terms.terms.visit_maximum
        for index, rate in enumerate(contract.terms.rate):
            if isinstance(rate, PerVisit) and most is not None and most < rate.amount:
                yield Problem(
                    contract.file,
                    at(contract, "rate", index, "amount"),
                    "the amount of a visit is above visit_maximum, which caps it every time; one of them is wrong",
                )


def no_window(subject: Subject) -> Iterator[Problem]:
    """Warn of a contract without [[dispute]]: its disputes have no deadline and rank last."""
    for contract in subject.terms.contracts:
        if not contract.terms.dispute:
            yield Problem(
                contract.file,
                None,
                "no [[dispute]]: short lines will have no deadline; add the levels with their days and source",
            )


def no_source(subject: Subject) -> Iterator[Problem]:
    """Warn of a contract that does not say where its terms are written: a dispute cannot cite it."""
    for contract in subject.terms.contracts:
        if not contract.terms.source:
            yield Problem(
                contract.file,
                at(contract, "contract"),
                "no source: say which agreement, amendment and page, so that a dispute can cite it",
            )


CHECKS = (small_percents, percents_of_terms, capitation, visit_amounts, no_window, no_source)
