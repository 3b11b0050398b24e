"""The rate of one unit: the first entry of the contract that prices the line.

What an entry does not know (a missing release, an unknown locality, two rows that fit equally) stops the
search: the next entry may only price what this one plainly does not cover.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from .contract_facts import entry_codes, fee_rows, rate_entries
from .medicare import PRICE_KEY, price_units
from .money import dollars

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .practice import Practice
    from .reference import Reference
    from .terms import Contract, Terms

RATE_COLUMNS: dict[str, pl.DataType] = {
    "rate_basis": pl.String(),
    "rate_row": pl.String(),
    "rate_detail": pl.String(),
    "rate_source": pl.String(),
    "clause": pl.String(),
    "percent": pl.Int64(),
    "base_low": pl.Int64(),
    "base_high": pl.Int64(),
    "reduced_low": pl.Int64(),
    "reduced_high": pl.Int64(),
    "rate_problem": pl.String(),
}
"""The columns of a rate.

`base` is the unit before `percent` (cents, low and high where a release or factor is not certain), `reduced`
the same unit with Medicare's half practice expense where the entry is priced from Medicare. Null base:
`rate_problem` says why.
"""


_ASKED = (
    "row",
    "contract_ix",
    "code",
    "modifiers",
    "row_modifier",
    "setting",
    "mac",
    "locality",
    "place_problem",
    "medicare_problem",
    "service_date",
    "charge_cents",
    "rendering_npi",
)


@dataclass(frozen=True)
class Rates:
    """The entries of all contracts, ready to be joined."""

    entries: pl.DataFrame
    codes: pl.DataFrame
    fees: pl.DataFrame
    reference: Reference
    practice: Practice

    @classmethod
    def of(
        cls, terms: Terms, contracts: Sequence[Contract], reference: Reference, practice: Practice
    ) -> Rates:
        return cls(
            rate_entries(contracts), entry_codes(contracts), fee_rows(terms, contracts), reference, practice
        )

    def price(self, asked: pl.DataFrame) -> pl.DataFrame:
        """Price each row of `asked`, which has a unique `row` and the columns of _ASKED.

        RATE_COLUMNS, one row each.
        """
        done: list[pl.DataFrame] = []
        pending = asked.select(*_ASKED, notes=pl.lit("", pl.String))
        positions = self.entries["position"].max()
        for position in range((positions if isinstance(positions, int) else -1) + 1):
            if pending.is_empty():
                break
            settled, pending = self._try(pending, position)
            done.append(settled)
        return pl.concat([*done, _unpriced(pending)]) if done else _unpriced(pending)

    def _try(self, pending: pl.DataFrame, position: int) -> tuple[pl.DataFrame, pl.DataFrame]:
        """Price what the entry at `position` covers; the rest is still pending."""
        entries = self.entries.filter(pl.col("position") == position)
        codes = self.codes.filter(pl.col("position") == position).select(
            "contract_ix", "code", listed=pl.lit(value=True)
        )
        restricted = codes.select("contract_ix").unique()["contract_ix"].implode()
        joined = pending.join(entries, on="contract_ix", how="left", validate="m:1").join(
            codes, on=["contract_ix", "code"], how="left", validate="m:1"
        )
        covers = pl.col("basis").is_not_null() & (
            ~pl.col("contract_ix").is_in(restricted) | pl.col("listed").fill_null(value=False)
        )
        covered = joined.filter(covers)
        priced = pl.concat(
            [
                self._fee_schedule(covered.filter(pl.col("basis") == "fee_schedule"), position),
                self._medicare(covered.filter(pl.col("basis").is_in(["medicare", "percent_of_medicare"]))),
                _direct(covered.filter(pl.col("basis").is_in(["percent_of_charge", "per_visit"]))),
            ]
        )
        settled = priced.filter(~pl.col("passes"))
        passing = priced.filter("passes").select("row", pl.col("rate_problem").alias("note"))
        rest = pending.join(settled.select("row"), on="row", how="anti").join(
            passing, on="row", how="left", validate="1:1"
        )
        note = (
            pl.when(pl.col("note").is_not_null() & (pl.col("notes") != ""))
            .then(pl.format("{}; {}", "notes", "note"))
            .otherwise(pl.coalesce("note", "notes"))
        )
        return settled.select("row", *RATE_COLUMNS), rest.with_columns(note.alias("notes")).drop("note")

    def _fee_schedule(self, covered: pl.DataFrame, position: int) -> pl.DataFrame:
        best = best_rows(covered, self.fees.filter(pl.col("position") == position))
        problem = pl.when("ambiguous").then(
            pl.format("ambiguous rows: {} fit {} equally and differ in rate", "fitting", "code")
        )
        return _result(
            covered.join(best, on="row", how="left", validate="1:1"),
            rate_row=pl.col("fee_row"),
            rate_detail=pl.format("{} a unit", dollars(pl.col("fee_cents"))),
            rate_source=pl.col("fee_row"),
            base_low=pl.when(~pl.col("ambiguous")).then("fee_cents"),
            rate_problem=pl.when(pl.col("fee_cents").is_null())
            .then(pl.format("{} is not on the schedule", "code"))
            .otherwise(problem),
            passes=pl.col("fee_cents").is_null(),
        )

    def _medicare(self, covered: pl.DataFrame) -> pl.DataFrame:
        keyed = self._price_keys(covered)
        prices = price_units(keyed.select(PRICE_KEY).unique(), self.reference)
        priced = keyed.join(prices, on=PRICE_KEY, how="left", nulls_equal=True, validate="m:1")
        low = pl.col("full_cents") == pl.col("full_cents").min()
        known = pl.col("full_cents").is_null().any().not_()
        each = priced.group_by("row").agg(
            *(
                pl.when(known).then(pl.col(name).filter(low).first()).alias(name)
                for name in ("rate_row", "formula", "price_source")
            ),
            pl.when(known).then(pl.col("full_cents").min()).alias("full_low"),
            pl.when(known).then(pl.col("full_cents").max()).alias("full_high"),
            pl.when(known).then(pl.col("reduced_cents").min()).alias("half_low"),
            pl.when(known).then(pl.col("reduced_cents").max()).alias("half_high"),
            pl.col("problem").drop_nulls().sort().first(),
            pl.col("unpayable").any(),
        )
        missing = pl.col("full_low").is_null()
        problem = pl.when(missing & ~pl.col("unpayable")).then(
            pl.when(pl.col("problem") == "no locality").then("place_problem").otherwise("problem")
        )
        return _result(
            covered.join(each, on="row", how="left", validate="1:1"),
            percent=pl.coalesce(
                pl.when(pl.col("basis") == "percent_of_medicare").then("percent"), self._participation()
            ),
            rate_row=pl.col("rate_row"),
            rate_detail=pl.col("formula"),
            rate_source=pl.col("price_source"),
            base_low=pl.when(pl.col("medicare_problem").is_null()).then("full_low"),
            base_high=pl.when(pl.col("medicare_problem").is_null()).then("full_high"),
            reduced_low=pl.col("half_low"),
            reduced_high=pl.col("half_high"),
            rate_problem=pl.coalesce(pl.when("unpayable").then("problem"), problem, "medicare_problem"),
            passes=pl.col("unpayable") & (pl.col("basis") == "percent_of_medicare"),
        )

    def _price_keys(self, covered: pl.DataFrame) -> pl.DataFrame:
        """Each row once for each date and conversion factor it may be priced with."""
        qp_years = [(one.npi, year) for one in self.practice.clinicians for year in one.qp_years]
        years = pl.DataFrame(
            qp_years, schema={"rendering_npi": pl.String, "qp_year": pl.Int32}, orient="row"
        ).unique()
        dated = covered.select(
            "row",
            "code",
            "row_modifier",
            "setting",
            "mac",
            "locality",
            "rendering_npi",
            "factor_choice",
            "year",
            "service_date",
        )
        dated = dated.join(fixed_year_dates(dated, self.reference), on="year", how="left").with_columns(
            price_date=pl.when(pl.col("year").is_null()).then("service_date").otherwise("year_date")
        )
        flagged = dated.with_columns(pl.col("price_date").dt.year().alias("qp_year")).join(
            years.with_columns(is_qp=pl.lit(value=True)),
            on=["rendering_npi", "qp_year"],
            how="left",
            validate="m:1",
        )
        return flagged.with_columns(_factors().alias("qp")).explode("qp").select("row", *PRICE_KEY)

    def _participation(self) -> pl.Expr:
        """95 % of the schedule for a clinician who does not participate.

        RVU25D.pdf p. 2. Rounded after it is taken [OWN].
        """
        non = [one.npi for one in self.practice.clinicians if not one.participating]
        return (
            pl.when(pl.col("rendering_npi").is_in(non))
            .then(pl.lit(9_500, pl.Int64))
            .otherwise(pl.lit(10_000, pl.Int64))
        )


def _factors() -> pl.Expr:
    qp = pl.col("is_qp").fill_null(value=False)
    choice = pl.col("factor_choice")
    return (
        pl.when(choice == "qp")
        .then(pl.lit(["yes"]))
        .when((choice == "non_qp") | ~qp)
        .then(pl.lit(["no"]))
        .when(choice == "clinician")
        .then(pl.lit(["yes"]))
        .otherwise(pl.lit(["no", "yes"]))
    )


def fixed_year_dates(dated: pl.DataFrame, reference: Reference) -> pl.DataFrame:
    """For each fixed fee-schedule year asked for, the days on which something changed in it.

    A year with two factors has two prices.
    """
    years = dated.select("year").drop_nulls().unique()
    first = pl.date(pl.col("year"), 1, 1)
    starts = [
        frame.select(pl.col("effective").alias("year_date")).unique()
        for frame in (reference.rvu, reference.conversion_factor)
    ]
    changes = years.join(pl.concat(starts).unique(), how="cross").filter(
        pl.col("year_date").dt.year() == pl.col("year")
    )
    return (
        pl.concat([changes, years.with_columns(first.alias("year_date")).select("year", "year_date")])
        .unique()
        .sort("year", "year_date")
    )


def best_rows(covered: pl.DataFrame, fees: pl.DataFrame) -> pl.DataFrame:
    """Return the fee schedule row for each line: row, fee_cents, fee_row, ambiguous, fitting.

    In force on the date, modifiers among the line's, setting equal or empty; most modifiers win, then a given
    setting. What then remains with different rates is ambiguous.
    """
    asked = covered.select("row", "contract_ix", "code", "modifiers", "setting", "service_date")
    day = pl.col("service_date")
    fits = (
        (pl.col("effective").is_null() | (day >= pl.col("effective")))
        & (pl.col("until").is_null() | (day <= pl.col("until")))
        & ((pl.col("row_setting") == "") | (pl.col("row_setting") == pl.col("setting")))
        & (pl.col("row_modifiers").list.set_difference("modifiers").list.len() == 0)
    )
    weight = pl.col("row_modifiers").list.len() * 2 + (pl.col("row_setting") != "").cast(pl.UInt32)
    fitting = (
        asked.join(fees, on=["contract_ix", "code"], how="inner")
        .filter(fits)
        .with_columns(weight.alias("weight"))
    )
    several = pl.len().over("row") > 1
    one = fitting.filter(~several).select(
        "row",
        pl.col("rate_cents").alias("fee_cents"),
        pl.col("rate_row").alias("fee_row"),
        ambiguous=pl.lit(value=False),
        fitting=pl.col("rate_row"),
    )
    rest = fitting.filter(several)
    top = rest.filter(pl.col("weight") == pl.col("weight").max().over("row"))
    chosen = (
        top.sort("row", "fee_position")
        .group_by("row", maintain_order=True)
        .agg(
            pl.col("rate_cents").min().alias("fee_cents"),
            pl.col("rate_row").first().alias("fee_row"),
            (pl.col("rate_cents").n_unique() > 1).alias("ambiguous"),
            pl.col("rate_row").str.join(" and ").alias("fitting"),
        )
    )
    return pl.concat([one, chosen])


def _direct(covered: pl.DataFrame) -> pl.DataFrame:
    charge = pl.col("basis") == "percent_of_charge"
    return _result(
        covered,
        rate_row=pl.col("clause"),
        rate_detail=pl.when(charge)
        .then(pl.format("charge {}", dollars(pl.col("charge_cents"))))
        .otherwise(pl.format("{} a visit", dollars(pl.col("amount_cents")))),
        rate_source=pl.col("clause"),
        base_low=pl.when(charge).then("charge_cents").otherwise("amount_cents"),
        rate_problem=pl.when(charge & pl.col("charge_cents").is_null()).then(
            pl.lit("the line has no charge")
        ),
    )


def _result(frame: pl.DataFrame, **columns: pl.Expr) -> pl.DataFrame:
    """RATE_COLUMNS and `passes`, from the columns given; the rest have their plain meaning."""
    defaults: dict[str, pl.Expr] = {
        "rate_basis": pl.col("basis"),
        "clause": pl.col("clause"),
        "percent": pl.coalesce("percent", pl.lit(10_000, pl.Int64)),
        "base_high": columns["base_low"],
        "reduced_low": pl.lit(None, pl.Int64),
        "reduced_high": pl.lit(None, pl.Int64),
    }
    chosen = defaults | columns
    passes = chosen.pop("passes", pl.lit(value=False)).fill_null(value=False)
    return frame.select(
        "row",
        *(chosen[name].cast(dtype).alias(name) for name, dtype in RATE_COLUMNS.items()),
        passes.alias("passes"),
    )


def _unpriced(pending: pl.DataFrame) -> pl.DataFrame:
    reason = (
        pl.when(pl.col("notes") != "")
        .then(pl.format("no rate entry of the contract prices {}: {}", "code", "notes"))
        .otherwise(pl.format("no rate entry of the contract prices {}", "code"))
    )
    return pending.select(
        "row",
        *(
            (reason if name == "rate_problem" else pl.lit(None)).cast(dtype).alias(name)
            for name, dtype in RATE_COLUMNS.items()
        ),
    )
