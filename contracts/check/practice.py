"""Checks of the practice against the Medicare tables: ZIPs, clinicians, dates that are covered."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from typing import TYPE_CHECKING

import polars as pl

from contracts.medicare_rows import QP_FACTOR_SINCE
from contracts.medicare_rules import practitioner_percents
from contracts.money import PERCENT_SCALE
from contracts.practice import split_zip
from contracts.problems import Problem
from contracts.terms import PercentOfMedicare

from .subject import at, setting

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .subject import Subject


def site_zips(subject: Subject) -> Iterator[Problem]:
    """Sites whose ZIP has no locality, or several."""
    zips = subject.reference.zip_locality
    if zips.is_empty():
        return
    for index, site in enumerate(subject.practice.sites):
        code, four = split_zip(site.zip) or ("", "")
        rows = zips.filter(pl.col("zip") == code)
        where = ("site", index, "zip")
        if rows.is_empty():
            yield setting(
                subject,
                f"ZIP {code} is not in the ZIP-to-locality table: Medicare lines will be NO_RATE",
                *where,
            )
        elif (
            "1" in rows["split"]
            and rows.filter((pl.col("plus_four") == four) & (pl.lit(four) != "")).is_empty()
        ):
            yield setting(
                subject,
                f"ZIP {site.zip} is split between localities: give the site's ZIP+4 and load ZIP9, "
                "or its lines stay AMBIGUOUS_LOCALITY",
                *where,
            )


def no_sites(subject: Subject) -> Iterator[Problem]:
    """Without sites every line is priced at the payee's ZIP."""
    if not subject.practice.sites:
        yield Problem(
            "shortpay.toml", None, "no [[site]]: Medicare is priced at the payee's ZIP, and said so"
        )


def tables_end(subject: Subject) -> Iterator[Problem]:
    """Warn where the Medicare tables do not reach the day asked, or are not there at all."""
    reference = subject.reference
    if reference.rvu.is_empty():
        if subject.asks_medicare():
            yield Problem(
                "reference", None, "no PPRRVU release is loaded, and contracts are priced from Medicare"
            )
        return
    last: dt.date
    for name, frame in (("PPRRVU", reference.rvu), ("conversion factor", reference.conversion_factor)):
        last = max(frame["until"].to_list(), default=dt.date.min)
        if last < subject.as_of:
            yield Problem(
                "reference",
                None,
                f"{name} is verified to {last}: later dates of service abstain; load the newer release",
            )


def fixed_years(subject: Subject) -> Iterator[Problem]:
    """Contracts at a fee-schedule year that is not loaded."""
    years = set(subject.reference.gpci["year"])
    released = set(subject.reference.rvu["effective"].dt.year())
    for contract in subject.terms.contracts:
        for index, rate in enumerate(contract.terms.rate):
            if isinstance(rate, PercentOfMedicare) and isinstance(rate.year, int):
                missing = [
                    name for name, there in (("PPRRVU", released), ("GPCI", years)) if rate.year not in there
                ]
                if missing:
                    yield Problem(
                        contract.file,
                        at(contract, "rate", index, "year"),
                        f"year {rate.year}: {' and '.join(missing)} of that year is not loaded; such lines are NO_RATE",
                    )


def qp_years(subject: Subject) -> Iterator[Problem]:
    """QP years without a factor, and QP factors without a clinician."""
    factors = subject.reference.conversion_factor.filter(pl.col("qp") == "yes")
    with_factor = set(factors["effective"].dt.year())
    listed = {year for one in subject.practice.clinicians for year in one.qp_years}
    for index, clinician in enumerate(subject.practice.clinicians):
        for year in clinician.qp_years:
            if year >= QP_FACTOR_SINCE.year and year not in with_factor:
                yield setting(
                    subject,
                    f"QP year {year}: no conversion factor for QPs of that year is loaded; the clinician's lines abstain",
                    "clinician",
                    index,
                    "qp_years",
                )
    for year in sorted(with_factor - listed):
        yield Problem(
            "shortpay.toml",
            None,
            f"a QP conversion factor for {year} is loaded and no [[clinician]] lists {year} in qp_years: "
            "every Medicare line is priced without it",
        )


def clinicians_twice(subject: Subject) -> Iterator[Problem]:
    """One NPI under two [[clinician]] entries."""
    seen = Counter(one.npi for one in subject.practice.clinicians)
    for index, clinician in enumerate(subject.practice.clinicians):
        if seen[clinician.npi] > 1:
            yield setting(
                subject, "this NPI has several [[clinician]] entries; keep one", "clinician", index, "npi"
            )


def professions(subject: Subject) -> Iterator[Problem]:
    """Beside a clinician who is paid less, one without a profession makes a range of the price."""
    percents = practitioner_percents()
    clinicians = subject.practice.clinicians
    if not any(one.profession and percents[one.profession] < PERCENT_SCALE for one in clinicians):
        return
    for index, clinician in enumerate(clinicians):
        if clinician.profession is None:
            yield setting(
                subject,
                "no profession, while others of the practice are paid less than the schedule: "
                "this clinician's Medicare lines are expected in a range; add profession",
                "clinician",
                index,
                "npi",
            )


def check_digits(subject: Subject) -> Iterator[Problem]:
    """NPIs whose check digit is wrong match no line (45 CFR 162.406: ISO 7812 with prefix 80840)."""
    for index, clinician in enumerate(subject.practice.clinicians):
        if not good_npi(clinician.npi):
            message = "the NPI's check digit is wrong: it is mistyped and matches no line"
            yield setting(subject, message, "clinician", index, "npi")
    for index, site in enumerate(subject.practice.sites):
        for name in ("payee_npi", "rendering_npi"):
            if not all(good_npi(value) for value in getattr(site, name)):
                message = f"an NPI of {name} is not ten digits with a right check digit; it matches no line"
                yield setting(subject, message, "site", index, name)


def good_npi(npi: str) -> bool:
    """Whether ten digits carry their check digit."""
    if len(npi) != 10 or not npi.isdigit():
        return False
    doubled = [int(digit) * (2 if place % 2 else 1) for place, digit in enumerate(reversed("80840" + npi))]
    return sum(value - 9 if value > 9 else value for value in doubled) % 10 == 0


CHECKS = (
    site_zips,
    no_sites,
    tables_end,
    qp_years,
    clinicians_twice,
    professions,
    check_digits,
)
CONTRACT_CHECKS = (fixed_years,)
"""Checks of contract files against the Medicare tables."""
