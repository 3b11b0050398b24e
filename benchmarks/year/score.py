"""Truth against verdict: what is judged together is compared on its sum, each difference is a row with its claim."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

import polars as pl

from benchmarks.year.decisions import ABSTAINED

if TYPE_CHECKING:
    from collections.abc import Iterable

    from benchmarks.year.remittances import Remittance

MONEY = pl.Decimal(18, 2)
TARGETS = {"precision": Decimal("99.9"), "recall of dollars": Decimal("99.5"), "causes": Decimal(98)}
_KEY = ["source_file", "claim", "line"]


def truth_frame(files: Iterable[Remittance]) -> pl.DataFrame:
    """One row a line that stands in a readable file.

    `unit` joins what is judged on its sum; `owed_short` is the unit's shortfall.
    """
    rows = []
    for file in files:
        for told in file.told:
            truth, line, decision = told.truth, told.service, told.decision
            rows.append({
                "source_file": told.file, "claim": told.claim, "line": told.line,
                "unit": "|".join(map(str, truth.unit)) or f"{told.file}|{told.claim}|{told.line}",
                "payer_of_truth": decision.visit.patient.plan.payer, "contract_of_truth": decision.visit.patient.plan.contract,
                "account": line.control.rsplit("-", 1)[0], "day": decision.visit.day, "code": line.code,
                "told_modifiers": ":".join(line.modifiers), "told_units": line.units,
                "told_allowed": line.allowed, "truth": truth.verdict, "owed": truth.expected,
                "owed_short": truth.shortfall, "true_cause": truth.cause, "hidden": truth.hidden, "note": truth.note,
            })  # fmt: skip
    schema = {
        "claim": pl.Int32(),
        "line": pl.Int32(),
        "owed": MONEY,
        "owed_short": MONEY,
        "hidden": MONEY,
        "told_allowed": MONEY,
    }
    return pl.DataFrame(rows, schema_overrides=schema, infer_schema_length=None)


@dataclass(frozen=True)
class Score:
    """Everything that is said of a run. `units`: one row what is judged together; `misses`: those that differ."""

    lines: pl.DataFrame
    units: pl.DataFrame
    unmatched: int

    @property
    def accused(self) -> pl.DataFrame:
        return self.units.filter(pl.col("found_short") > 0)

    @property
    def owed(self) -> pl.DataFrame:
        return self.units.filter(pl.col("truth") == "UNDERPAID")

    @property
    def right(self) -> pl.DataFrame:
        """Accused, and short in truth."""
        return self.accused.filter(pl.col("truth") == "UNDERPAID")

    def numbers(self) -> dict[str, tuple[Decimal, str]]:
        """Each measure in percent, with what it was made of."""
        right, accused, owed = self.right, self.accused, self.owed
        exact = right.filter(pl.col("found_short") == pl.col("owed_short"))
        first = right.filter(pl.col("cause") == pl.col("true_cause"))
        named = right.filter(pl.col("named_causes").list.contains(pl.col("true_cause")))
        found = right.select(pl.min_horizontal("found_short", "owed_short").sum()).item() or Decimal(0)
        return {
            "precision": _share(right.height, accused.height),
            "precision of dollars": _share(found, _sum(accused, "found_short")),
            "recall": _share(right.height, owed.height),
            "recall of dollars": _share(found, _sum(owed, "owed_short")),
            "shortfall exact": _share(exact.height, right.height),
            "causes": _share(first.height, right.height),
            "causes, rivals counted": _share(named.height, right.height),
        }

    def failed(self) -> list[str]:
        """Targets that are missed, and lines that are not in both."""
        numbers = self.numbers()
        missed = [name for name, least in TARGETS.items() if numbers[name][0] < least]
        return missed + (["lines in one of the two alone"] if self.unmatched else [])

    @property
    def misses(self) -> pl.DataFrame:
        """What differs: verdict, amount or cause."""
        wrong = (
            (pl.col("verdict") != pl.col("truth"))
            | (pl.col("found_short") != pl.col("owed_short"))
            | ((pl.col("truth") == "UNDERPAID") & (pl.col("cause") != pl.col("true_cause")))
        )
        return self.units.filter(wrong).sort("truth", "verdict", "true_cause", "cause", "unit")

    def confusion(self) -> pl.DataFrame:
        """What is judged together and its lines, by truth and verdict.

        `hidden`: dollars that are short in truth where the remittance lets nobody know.
        """
        counted = self.units.group_by("truth", "verdict").agg(
            pl.len().alias("units"),
            pl.col("lines").sum(),
            pl.col("owed_short", "found_short", "hidden").sum(),
        )
        return counted.sort("truth", "verdict")

    def abstained(self) -> pl.DataFrame:
        """Abstained lines by verdict, and whether that was to be expected."""
        return (
            self.lines.filter(pl.col("verdict").is_in(sorted(ABSTAINED)))
            .group_by("verdict")
            .agg(
                pl.len().alias("lines"),
                pl.col("charge_amount").sum().alias("charged"),
                (pl.col("truth") == pl.col("verdict")).sum().alias("expected"),
                pl.when(pl.col("truth") == pl.col("verdict"))
                .then("charge_amount")
                .sum()
                .alias("expected_charged"),
            )
            .sort("verdict")
        )

    def by_cause(self) -> pl.DataFrame:
        """Short units by their true cause: how many were found, to the cent, with the right cause."""
        short = pl.col("found_short") > 0
        first = short & (pl.col("cause") == pl.col("true_cause"))
        return (
            self.owed.group_by("true_cause")
            .agg(
                pl.len().alias("short"),
                pl.col("owed_short").sum().alias("dollars"),
                short.sum().alias("found"),
                (pl.col("found_short") == pl.col("owed_short")).sum().alias("exact"),
                first.sum().alias("cause_first"),
                (short & pl.col("named_causes").list.contains(pl.col("true_cause")))
                .sum()
                .alias("cause_named"),
            )
            .sort("true_cause")
        )


def _share(part: Decimal | int, whole: Decimal | int) -> tuple[Decimal, str]:
    """In percent; of nothing, all."""
    made = f"{part:,} of {whole:,}"
    return (Decimal(part) * 100 / Decimal(whole) if whole else Decimal(100)), made


def _sum(frame: pl.DataFrame, column: str) -> Decimal:
    return Decimal(str(frame[column].sum() or 0))


def score(files: Iterable[Remittance], verdicts: pl.DataFrame, causes: pl.DataFrame | None = None) -> Score:
    """Compare. `causes`: line_id and cause of every cause that reproduces a line, the first and its rivals."""
    return score_against(truth_frame(files), verdicts, causes)


def score_against(truth: pl.DataFrame, verdicts: pl.DataFrame, causes: pl.DataFrame | None = None) -> Score:
    """Compare with a truth that was made into a frame before."""
    first = verdicts.select("line_id", pl.col("cause")).drop_nulls()
    every = first if causes is None else pl.concat([first, causes.select("line_id", "cause")])
    named = every.unique().group_by("line_id").agg(pl.col("cause").sort().alias("named_causes"))
    named = verdicts.join(named, on="line_id", how="left", validate="1:1")
    lines = truth.join(
        named.cast({"claim": pl.Int32, "line": pl.Int32}), on=_KEY, how="inner", validate="1:1"
    )
    unmatched = truth.height + verdicts.height - 2 * lines.height
    return Score(lines, _units(lines), unmatched)


def _units(lines: pl.DataFrame) -> pl.DataFrame:
    """One row what is judged together. The verdict is the most telling of its lines."""
    order = ["UNDERPAID", "OVERPAID", "CHARGE_BELOW_RATE", "PAID_AS_EXPECTED"]
    told = pl.col("verdict")
    first = (
        pl.when(told.is_in(order))
        .then(told.replace_strict({name: n for n, name in enumerate(order)}, default=9))
        .otherwise(-1)
    )
    ordered = lines.with_columns(first.alias("_rank")).sort("unit", "_rank", "source_file", "claim", "line")
    leads = pl.col("verdict") == "UNDERPAID"
    return ordered.group_by("unit", maintain_order=True).agg(
        pl.first(
            "payer_of_truth", "contract_of_truth", "account", "day", "source_file", "payer_claim_number"
        ),
        pl.col("code").str.join(" "),
        pl.col("told_modifiers").str.join(" "),
        pl.col("told_units").cast(pl.String).str.join(" "),
        pl.len().alias("lines"),
        pl.first("truth", "true_cause", "owed", "owed_short", "hidden", "note"),
        pl.col("told_allowed").sum(),
        pl.first("verdict"),
        pl.col("expected_amount").sum(),
        pl.col("shortfall_amount").fill_null(0).sum().alias("found_short"),
        pl.col("cause").filter(leads).first().fill_null(""),
        pl.col("named_causes").filter(leads).first(),
        pl.col("reason").filter(pl.col("reason").is_not_null()).first(),
    )
