"""Checks of rate entries and fee schedules: rows that can never price a line, and lines they will leave out."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import polars as pl

from contracts.problems import Problem
from contracts.schedule_grid import TEXTS, WORKBOOKS
from contracts.terms import FeeSchedule

from .subject import at

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .subject import Subject

_CODE = re.compile(r"^[0-9A-Z]{5}$")
_WHOLE_RELEASE = 5_000
"""A PPRRVU release has more than ten thousand rows; with fewer a missing code proves nothing."""
_PRICES_ALL = frozenset({"percent_of_charge", "per_visit", "medicare"})


def dates_outside(subject: Subject) -> Iterator[Problem]:
    """Rows in force only while their contract is not."""
    for contract, _, entry, rows in subject.schedules():
        first, last = contract.terms.effective, contract.terms.until
        early = pl.col("until") < first
        late = pl.col("effective") > last if last else pl.lit(value=False)
        for row, code in rows.filter(early | late).select("row", "code").iter_rows():
            yield Problem(
                entry.file,
                row,
                f"{code} is never in force: {contract.file} runs from {first} to {last or 'no end'}; mend the dates",
            )


def codes_outside_entry(subject: Subject) -> Iterator[Problem]:
    """Rows for codes that the [[rate]] does not list."""
    for contract, position, entry, rows in subject.schedules():
        if entry.codes:
            outside = rows.filter(~pl.col("code").is_in(entry.codes))
            for row, code in outside.select("row", "code").iter_rows():
                yield Problem(
                    entry.file,
                    row,
                    f"{code} can never match: {contract.file} [[rate]] {position + 1} lists codes without it",
                )


def listed_without_row(subject: Subject) -> Iterator[Problem]:
    """Codes that a [[rate]] lists and its schedule lacks."""
    for contract, position, entry, rows in subject.schedules():
        missing = sorted(set(entry.codes) - set(rows["code"])) if not rows.is_empty() else []
        if missing:
            yield Problem(
                contract.file,
                at(contract, "rate", position, "codes"),
                f"{', '.join(missing)}: listed here, but {entry.file} has no row; such lines go to the next [[rate]]",
            )


def settings_never(subject: Subject) -> Iterator[Problem]:
    """Rows for a setting that none of the practice's sites has."""
    settings = {site.setting for site in subject.practice.sites}
    if not settings:
        return
    for _, _, entry, rows in subject.schedules():
        other = rows.filter((pl.col("setting") != "") & ~pl.col("setting").is_in(sorted(settings)))
        for row, code, where in other.select("row", "code", "setting").iter_rows():
            yield Problem(entry.file, row, f"{code} is for {where}, and no [[site]] of the practice is one")


def unknown_codes(subject: Subject) -> Iterator[Problem]:
    """Codes of five digits that no loaded Medicare release has: a typing error, or a code of another kind."""
    rvu = subject.reference.rvu
    whole = rvu.group_by("release").agg(pl.col("hcpcs").n_unique()).filter(pl.col("hcpcs") > _WHOLE_RELEASE)
    known = rvu.filter(pl.col("release").is_in(whole["release"].implode()))["hcpcs"].unique()
    if known.is_empty():
        return
    for _, _, entry, rows in subject.schedules():
        numeric = rows.filter(
            pl.col("code").str.contains(r"^\d{5}$") & ~pl.col("code").is_in(known.implode())
        )
        for row, code in numeric.select("row", "code").iter_rows():
            yield Problem(
                entry.file, row, f"{code} is in no Medicare release that is loaded; is it typed right?"
            )


def malformed_codes(subject: Subject) -> Iterator[Problem]:
    """Codes of entries and carve-outs that are no codes at all."""
    for contract in subject.terms.contracts:
        listed = [(("rate", index, "codes"), rate.codes) for index, rate in enumerate(contract.terms.rate)]
        paths: list[tuple[tuple[str | int, ...], tuple[str, ...]]] = [
            *listed,
            (("terms", "carve_out_codes"), contract.terms.terms.carve_out_codes),
        ]
        for path, codes in paths:
            for code in codes:
                if not _CODE.match(code):
                    message = f"code {code!r} can never match: it is not five letters and digits"
                    yield Problem(contract.file, at(contract, *path), message)


def never_reached(subject: Subject) -> Iterator[Problem]:
    """Entries after one that prices every line."""
    for contract in subject.terms.contracts:
        for index, rate in enumerate(contract.terms.rate[:-1]):
            if rate.basis in _PRICES_ALL and not rate.codes:
                yield Problem(
                    contract.file,
                    at(contract, "rate", index + 1),
                    f"never reached: [[rate]] {index + 1} ({rate.basis}) prices every line; move it to the end, "
                    "or list its codes",
                )
                break


def unused_files(subject: Subject) -> Iterator[Problem]:
    """Schedules that no contract names, and contract files in places that are not read."""
    if not subject.folder.is_dir():
        return
    named = {
        rate.file.replace("\\", "/")
        for one in subject.terms.contracts
        for rate in one.terms.rate
        if isinstance(rate, FeeSchedule)
    }
    for path in sorted(subject.folder.rglob("*")):
        name = path.relative_to(subject.folder).as_posix()
        if path.suffix.casefold() in WORKBOOKS | TEXTS and name not in named:
            yield Problem(name, None, "no contract names this file; name it in a [[rate]], or take it away")
        elif path.suffix.casefold() == ".toml" and ("/" in name or path.suffix != ".toml"):
            yield Problem(name, None, "not read: contract files lie directly in contracts/ and end in .toml")


CHECKS = (
    dates_outside,
    codes_outside_entry,
    listed_without_row,
    settings_never,
    unknown_codes,
    malformed_codes,
    never_reached,
    unused_files,
)
