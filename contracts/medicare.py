"""The Medicare physician fee schedule amount of one unit, exactly as CMS computes it.

    amount = (work x GPCI + practice expense x GPCI + malpractice x GPCI) x conversion factor

in scaled integers (RVU x 100, GPCI x 1,000, factor x 1,000,000), rounded once, half-up, to cents. With the
therapy reduction the practice expense is halved before that one rounding. Sources: CMS RVU25D.pdf p. 2;
agreement with amounts CMS computed itself is counted in tests/contracts/test_cms_amounts.py.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from .medicare_rows import with_rows
from .money import decimals, dollars, half_up

if TYPE_CHECKING:
    from .reference import Reference

PRICE_KEY = ("code", "row_modifier", "setting", "mac", "locality", "price_date", "qp")
PAYABLE_STATUS = ("A", "R", "T")
"""Only the relative values of these are used for payment: RVU25D.pdf p. 6."""
UNKNOWN_STATUS = ("C", "J")
"""Medicare pays these, but not by relative values: contractor-priced, anaesthesia."""
ROW_MODIFIERS = ("26", "TC", "53")
"""Modifiers that have rows of their own in PPRRVU: RVU25D.pdf p. 6."""
EXACT_SCALE = 2 * 10**9
"""`full_exact` and `reduced_exact` are cents times this, before any rounding.

RVU 10^2 x GPCI 10^3 x factor 10^6, less 10^2 for cents; twice, so that half a practice expense is whole.
"""

PRICE_COLUMNS = (
    "release",
    "status",
    "indicator",
    "bilateral",
    "assistant_surgery",
    "endoscopic_base",
    "pe",
    "full_cents",
    "reduced_cents",
    "full_exact",
    "reduced_exact",
    "uncapped_cents",
    "rate_row",
    "formula",
    "cap_formula",
    "reduced_formula",
    "price_source",
    "problem",
    "unpayable",
)


def price_units(keys: pl.DataFrame, reference: Reference) -> pl.DataFrame:
    """Price distinct keys (PRICE_KEY; `qp` is 'yes' or 'no'): PRICE_COLUMNS, one row a key.

    `indicator` is the multiple-procedure one; `pe` hundredths of an RVU, of the setting; `uncapped_cents` the
    amount before the outpatient cap where that is lower (else null); `problem` what is missing where there is
    no amount; `unpayable` where Medicare has no price for the code.
    """
    rows = with_rows(keys, reference).with_columns(_problem(), unpayable=_unpayable())
    known = pl.when(pl.col("problem").is_null())
    exact = rows.with_columns(ordinary=_sum("pe", "mp"), capped=_sum("opps_pe", "opps_mp"), halved=_halved())
    amounts = exact.with_columns(
        full_exact=known.then(_lower_of_cap()), reduced_exact=known.then("halved")
    ).with_columns(
        full_cents=half_up(pl.col("full_exact"), EXACT_SCALE),
        reduced_cents=half_up(pl.col("reduced_exact"), EXACT_SCALE),
        uncapped_cents=known.then(pl.when(_cap_bites()).then(half_up(pl.col("ordinary"), EXACT_SCALE))),
    )
    return amounts.with_columns(*_texts()).select(*PRICE_KEY, *PRICE_COLUMNS)


def _sum(pe: str, mp: str) -> pl.Expr:
    """Return the geographically adjusted total times the factor, exact, in cents x EXACT_SCALE."""
    total = (
        pl.col("work") * pl.col("gpci_work") + pl.col(pe) * pl.col("gpci_pe") + pl.col(mp) * pl.col("gpci_mp")
    )
    return 2 * total * pl.col("factor")


def _halved() -> pl.Expr:
    """Return the same with half the practice expense."""
    total = (
        pl.col("work") * pl.col("gpci_work") * 2
        + pl.col("pe") * pl.col("gpci_pe")
        + pl.col("mp") * pl.col("gpci_mp") * 2
    )
    return total * pl.col("factor")


def _cap_bites() -> pl.Expr:
    """Whether the hospital outpatient amount is the lower one: imaging, DRA s.5102(b), RVU25D.pdf p. 2."""
    return ((pl.col("opps_pe") > 0) & (pl.col("capped") < pl.col("ordinary"))).fill_null(value=False)


def _lower_of_cap() -> pl.Expr:
    return pl.when(_cap_bites()).then("capped").otherwise("ordinary")


def _unpayable() -> pl.Expr:
    return (~pl.col("status").is_in([*PAYABLE_STATUS, *UNKNOWN_STATUS])).fill_null(value=False)


def _code() -> pl.Expr:
    modifier = pl.when(pl.col("row_modifier") != "").then(pl.format("-{}", "row_modifier"))
    return pl.concat_str("code", modifier.otherwise(pl.lit("")))


def _status_problem(code: pl.Expr) -> pl.Expr:
    """Why a code of this status has no price by relative values: RVU25D.pdf, attachment A."""
    return (
        pl.when(pl.col("status") == "J")
        .then(
            pl.format(
                "{} is anaesthesia (status J in {}): paid by base units and minutes, which no table here holds",
                code,
                "release",
            )
        )
        .otherwise(
            pl.format("{} has status {} in {}: not priced by relative values", code, "status", "release")
        )
    )


def _release_wanted() -> pl.Expr:
    """Which release would price the day (contracts/cms/releases.toml)."""
    from .cms.rules import known_releases  # noqa: PLC0415  (its package proves what it loads by prices from here)

    named = [
        pl.when(pl.col("price_date").is_between(pl.lit(effective), pl.lit(until))).then(
            pl.lit(f"load {release}")
        )
        for release, effective, until in known_releases().iter_rows()
    ]
    return pl.coalesce(*named, pl.lit("this version knows no release for that day"))


def _problem() -> pl.Expr:
    day = pl.col("price_date").dt.to_string()
    code = _code()
    valueless = (pl.col("work") + pl.col("pe") + pl.col("mp")) == 0
    contractor = "{} has status {} in {} but no relative values: priced by the contractor"
    return (
        pl.when(pl.col("price_date").is_null())
        .then(pl.lit("no date of service"))
        .when(pl.col("release_in_force").is_null())
        .then(pl.format("no PPRRVU release is loaded for {}: {}", day, _release_wanted()))
        .when(pl.col("status").is_null())
        .then(pl.format("{} is not in {} as loaded", code, "release_in_force"))
        .when(~pl.col("status").is_in(PAYABLE_STATUS))
        .then(_status_problem(code))
        .when(valueless)
        .then(pl.format(contractor, code, "status", "release"))
        .when(pl.col("mac").is_null())
        .then(pl.lit("no locality"))
        .when(pl.col("gpci_work").is_null())
        .then(pl.format("no {} GPCI is loaded for locality {}-{}", "year", "mac", "locality"))
        .when(pl.col("factor").is_null())
        .then(pl.format("no conversion factor is loaded for {} (QP: {})", day, "qp"))
        .alias("problem")
    )


def _formula(pe: str, mp: str, amount: pl.Expr, halved: str = "") -> pl.Expr:
    return pl.format(
        "({} x {} + {} x {} + {} x {}) x {} = {}",
        decimals(pl.col("work"), 2),
        decimals(pl.col("gpci_work"), 3),
        pl.concat_str(decimals(pl.col(pe), 2), pl.lit(halved)),
        decimals(pl.col("gpci_pe"), 3),
        decimals(pl.col(mp), 2),
        decimals(pl.col("gpci_mp"), 3),
        decimals(pl.col("factor"), 6).str.replace(r"0{1,2}$", ""),
        dollars(amount),
    )


def _texts() -> tuple[pl.Expr, ...]:
    source = "PPRRVU {} {}; GPCI {} {}-{}; conversion factor {}"
    ordinary = pl.coalesce("uncapped_cents", "full_cents")
    capped = pl.when(pl.col("uncapped_cents").is_not_null())
    return (
        pl.format("PPRRVU {} {}, {}-{}", "release", _code(), "mac", "locality").alias("rate_row"),
        _formula("pe", "mp", ordinary).alias("formula"),
        capped.then(_formula("opps_pe", "opps_mp", pl.col("full_cents"))).alias("cap_formula"),
        pl.when(pl.col("indicator") == "5")
        .then(_formula("pe", "mp", pl.col("reduced_cents"), " / 2"))
        .alias("reduced_formula"),
        pl.format(source, "release", _code(), "year", "mac", "locality", "factor_source").alias(
            "price_source"
        ),
    )
