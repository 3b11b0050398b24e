"""The rate of one unit: the first entry of the contract that prices the line.

What an entry does not know (a missing release, an unknown locality, two rows that fit equally) stops the
search: the next entry may only price what this one plainly does not cover.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from .contract_facts import entry_codes, fee_rows, rate_entries
from .medicare_rates import medicare_rates
from .money import PERCENT_SCALE, dollars
from .schedule_rates import best_rows

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
    "uncapped": pl.Int64(),
    "cap_detail": pl.String(),
    "reduced_detail": pl.String(),
    "reduced_low": pl.Int64(),
    "reduced_high": pl.Int64(),
    "exact_low": pl.Int64(),
    "exact_high": pl.Int64(),
    "half_exact_low": pl.Int64(),
    "half_exact_high": pl.Int64(),
    "rate_problem": pl.String(),
}
"""The columns of a rate.

`base` is the unit before `percent` (cents, low and high where a release or factor is not certain), `reduced`
the same unit with Medicare's half practice expense where the entry is priced from Medicare; `exact` and
`half_exact` both before rounding (cents x EXACT_SCALE); `uncapped` the lowest base before the outpatient cap
where that bites. Null base: `rate_problem` says why.
"""


_ASKED = (
    "row",
    "contract_ix",
    "code",
    "modifiers",
    "dropped_modifiers",
    "row_modifier",
    "setting",
    "mac",
    "locality",
    "place_problem",
    "medicare_problem",
    "price_modifiers",
    "both_sides",
    "surgery_assistant",
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
            # a claim without service lines has no code: whether a later entry is its own is not said
            nameless = pending["code"].fill_null("") == ""
            done.append(_unpriced(pending.filter(nameless)))
            pending = pending.filter(~nameless)
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
        problem = (
            pl.when("ambiguous")
            .then(pl.format("ambiguous rows: {} fit {} equally and differ in rate", "fitting", "code"))
            .when(pl.col("unpriced_modifiers") != "")
            .then(
                pl.format(
                    "modifier {} changes the price of {} and the schedule has no row with it: add one",
                    "unpriced_modifiers",
                    "code",
                )
            )
        )
        return _result(
            covered.join(best, on="row", how="left", validate="1:1"),
            rate_row=pl.col("fee_row"),
            rate_detail=pl.format("{} a unit", dollars(pl.col("fee_cents"))),
            rate_source=pl.col("fee_row"),
            base_low=pl.when(problem.is_null()).then("fee_cents"),
            rate_problem=pl.when(pl.col("fee_cents").is_null())
            .then(pl.format("{} is not on the schedule", "code"))
            .otherwise(problem),
            passes=pl.col("fee_cents").is_null(),
        )

    def _medicare(self, covered: pl.DataFrame) -> pl.DataFrame:
        each = medicare_rates(covered, self.reference, self.practice)
        missing = pl.col("full_low").is_null()
        problem = pl.when(missing & ~pl.col("unpayable")).then(
            pl.when(pl.col("problem") == "no locality").then("place_problem").otherwise("problem")
        )
        of_medicare = pl.col("basis") == "percent_of_medicare"
        unruled = pl.coalesce("medicare_problem", pl.when(of_medicare).then(_unsaid()))
        known = pl.when(unruled.is_null())
        return _result(
            covered.join(each, on="row", how="left", validate="1:1"),
            percent=pl.coalesce(pl.when(of_medicare).then("percent"), pl.lit(PERCENT_SCALE, pl.Int64)),
            rate_row=pl.col("rate_row"),
            rate_detail=pl.col("formula"),
            rate_source=pl.col("price_source"),
            base_low=known.then("full_low"),
            base_high=known.then("full_high"),
            uncapped=pl.col("uncapped_cents"),
            cap_detail=pl.col("cap_formula"),
            reduced_detail=pl.col("reduced_formula"),
            reduced_low=pl.col("half_low"),
            reduced_high=pl.col("half_high"),
            exact_low=pl.col("exact_low"),
            exact_high=pl.col("exact_high"),
            half_exact_low=pl.col("half_exact_low"),
            half_exact_high=pl.col("half_exact_high"),
            rate_problem=pl.coalesce(pl.when("unpayable").then("problem"), problem, unruled),
            passes=pl.col("unpayable") & of_medicare,
        )


def _unsaid() -> pl.Expr:
    """Say which modifier of surgery a percentage of Medicare leaves open: no contract term covers their rules."""
    ruled = pl.col("both_sides") | pl.col("surgery_assistant").is_not_null()
    text = "modifier {} changes Medicare's price, and the contract does not say whether its rule holds"
    return pl.when(ruled).then(pl.format(text, pl.col("price_modifiers").list.join(", ")))


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
    defaults = {name: pl.lit(None, dtype) for name, dtype in RATE_COLUMNS.items()} | {
        "rate_basis": pl.col("basis"),
        "clause": pl.col("clause"),
        "percent": pl.coalesce("percent", pl.lit(PERCENT_SCALE, pl.Int64)),
        "base_high": columns["base_low"],
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
