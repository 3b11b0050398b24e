"""Why a line is short: the mistakes that reproduce the allowed amount to the cent.

Every patient-day on which something is short is priced once more for each attempt of each hypothesis, by the same
stages as any other price. What reproduces the amount (of the line, or of the sum it is judged on) exactly is a cause;
nothing else is. See docs/causes.md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from .assumed import alter, assumed_terms
from .attempts import TRIES
from .contract_facts import contract_facts
from .evidence import with_evidence
from .hypotheses import HYPOTHESIS_SCHEMA, hypotheses
from .medicare_terms import MEDICARE_TERMS
from .prepare import DOUBT_SCHEMA, LINE_SCHEMA, prepare, with_doubts
from .reprice import price_lines
from .short_days import GROUP_SCHEMA, ShortDays
from .worlds import world

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .practice import Practice
    from .reference import Reference
    from .terms import Terms

__all__ = ["CAUSE_SCHEMA", "GROUP_SCHEMA", "explain_short"]

CAUSE_SCHEMA: dict[str, pl.DataType] = {
    "line_id": pl.Int64(),
    "judged_group": pl.String(),
    "cause_rank": pl.Int32(),
    "cause": pl.String(),
    "label": pl.String(),
    "cause_evidence": pl.String(),
    "cause_row": pl.String(),
    "agreeing_count": pl.Int32(),
    "judged_count": pl.Int32(),
    "stands_alone": pl.Boolean(),
    "borne_out": pl.Boolean(),
}
"""One row a line and cause that reproduces the amount it is judged on, the likeliest first (cause_rank 1).

`label` is what was tried, `cause_row` the rate row it was tried with; of `judged_count` amounts of the day the
hypothesis leaves `agreeing_count` as the payer allowed them. What does not `stands_alone` needs other lines to bear it
out; `borne_out`: it stands alone, or the day has them.
"""
_BATCH = 100_000
"""Lines that are priced at a time."""
_CASES = 5_000
"""Cases whose attempts, some two hundred each, are held in memory at a time."""


def explain_short(
    lines: pl.DataFrame, groups: pl.DataFrame, terms: Terms, reference: Reference, practice: Practice
) -> pl.DataFrame:
    """Return the causes (CAUSE_SCHEMA) of what is short: `lines` of LINE_SCHEMA, `groups` of GROUP_SCHEMA.

    `lines` hold all of a patient-day; what lies outside the days on which something is short is not looked at.
    """
    contracts = [*terms.contracts, MEDICARE_TERMS]
    members = groups.with_columns(pl.len().over("judged_group").cast(pl.Int32).alias("members"))
    days = ShortDays.of(with_doubts(lines), members, terms, contracts, reference, practice)
    found = [frame for part in days.parts(_CASES) for frame in _tried(part)]
    kept = [frame for frame in found if not frame.is_empty()]
    if not kept:
        return pl.DataFrame(schema=CAUSE_SCHEMA)
    return _ranked(pl.concat(kept, how="diagonal"))


def _tried(days: ShortDays) -> Iterator[pl.DataFrame]:
    """Yield what the attempts reproduce, some at a time."""
    attempts, changes = _all_attempts(days)
    for name, batch in _batches(attempts, days):
        yield _reproduced(batch, changes, days, name)


def _all_attempts(days: ShortDays) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return every attempt of every hypothesis, numbered, and what attempts change on single lines."""
    rows, changes = [], []
    for one in hypotheses().iter_rows(named=True):
        cases = days.cases.filter(pl.col(one["when"]))
        tried, lines = TRIES[one["tries"]](days, cases, one["whose"])
        number = pl.lit(one["hypothesis"], pl.Int32).alias("hypothesis")
        rows.append(tried.with_columns(number))
        changes.append(lines.with_columns(number))
    places = days.cases.select("case", pl.int_ranges(0, "place_count").cast(pl.List(pl.Int32)).alias("place"))
    attempts = (
        pl.concat(rows)
        .join(places, on="case", how="inner")
        .explode("place")
        .join(hypotheses(), on="hypothesis", how="left", validate="m:1")
        .with_columns(*_percentages())
        .sort("world", "case", "hypothesis", "variant", "place")
        .with_row_index("attempt")
        .with_columns(pl.col("attempt").cast(pl.Int64))
    )
    return attempts, pl.concat(changes)


def _percentages() -> tuple[pl.Expr, ...]:
    """A percentage that was tried stands where its kind of hypothesis sets one."""

    def of(tries: str, column: str) -> pl.Expr:
        tried = pl.when(pl.col("tries") == tries).then("as_percent")
        return pl.coalesce(tried, pl.col(column)).alias(column)

    everything = pl.when(pl.col("tries") == "percent_of_rate").then(pl.lit("all")).otherwise("set_share_of")
    return (
        of("percent_of_rate", "set_share"),
        of("percent_of_line", "set_line_share"),
        of("percent_of_charge", "set_charge_share"),
        everything.alias("set_share_of"),
    )


def _batches(attempts: pl.DataFrame, days: ShortDays) -> Iterator[tuple[str, pl.DataFrame]]:
    """Yield the attempts of a world, so many at a time that their lines fit in memory."""
    sizes = days.lines.group_by("case").len("_lines")
    sized = attempts.join(sizes, on="case", how="left", validate="m:1", maintain_order="left")
    for name, own in ((key[0], part) for key, part in sized.partition_by("world", as_dict=True).items()):
        numbered = own.with_columns(((pl.col("_lines").cum_sum() - 1) // _BATCH).alias("_batch"))
        for part in numbered.partition_by("_batch", maintain_order=True):
            yield str(name), part.drop("_lines", "_batch")


_KEPT = ("attempt", "case", "judged_group", "allowed_cents", "expected_cents", "short", "members")


def _rows(attempts: pl.DataFrame, changes: pl.DataFrame, days: ShortDays) -> pl.DataFrame:
    """Return the lines of each attempt, prepared, under the contract that is tried."""
    lines = days.lines.rename({"line_id": "own_line_id", "contract_ix": "own_contract_ix"})
    changed = changes.rename({"line_id": "own_line_id", "label": "line_label"})
    rows = (
        attempts.join(
            lines.drop("place_count", "mac", "locality", "contract_effective", "lesser_of"),
            on="case",
            how="inner",
        )
        .join(changed, on=["hypothesis", "variant", "own_line_id"], how="left", validate="m:1")
        .sort("attempt", "own_line_id")
        .with_row_index("line_id")
        .with_columns(
            pl.col("line_id").cast(pl.Int64),
            pl.format("{}|{}", "attempt", "patient_day").alias("patient_day"),
            pl.struct("attempt", "claim_id").rank("dense").cast(pl.Int64).alias("claim_id"),
            pl.coalesce("as_date", "service_date").alias("service_date"),
            pl.coalesce("as_code", "procedure_code").alias("procedure_code"),
            pl.coalesce("as_modifiers", "modifiers").alias("modifiers"),
            pl.when(pl.col("as_modifiers").is_null()).then("billed_modifiers").alias("billed_modifiers"),
            pl.coalesce("as_units", "units").alias("units"),
            pl.coalesce("as_charge", "charge_cents").alias("charge_cents"),
            pl.coalesce("as_contract", "own_contract_ix").alias("contract_ix"),
            pl.coalesce("line_label", "label").alias("label"),
        )
    )
    prepared = prepare(rows.select(*LINE_SCHEMA, *DOUBT_SCHEMA))
    beside = rows.select("line_id", "own_line_id", "own_contract_ix", "contract_ix", *_KEPT, *_TRIED)
    return assumed_terms(
        prepared.join(beside, on="line_id", how="left", validate="1:1"), contract_facts(days.contracts)
    )


_TRIED = (
    "hypothesis",
    "variant",
    "place",
    "label",
    "cause",
    "says",
    "scope",
    "alone",
    "as_mac",
    "as_locality",
    *(name for name in HYPOTHESIS_SCHEMA if name.startswith("set_")),
)


def _reproduced(attempts: pl.DataFrame, changes: pl.DataFrame, days: ShortDays, name: str) -> pl.DataFrame:
    """Return the short lines whose group an attempt reproduces, with their evidence."""
    place = world(name, days.terms, days.contracts, days.reference, days.practice)
    rows = _rows(attempts, changes, days)
    priced = price_lines(rows, place.rates, place.reference, days.practice, alter)
    summed = _summed(priced)
    hits = summed.filter(pl.col("hit") & (pl.col("allowed_cents") != pl.col("expected_cents")))
    lines = priced.join(
        hits.select("attempt", "judged_group", "agreeing_count", "judged_count", "capped_total"),
        on=["attempt", "judged_group"],
        how="inner",
        validate="m:1",
    )
    return with_evidence(lines).filter("short")


def _summed(priced: pl.DataFrame) -> pl.DataFrame:
    """One row an attempt and judged group: whether its sum is hit, and how much of the day agrees."""
    judged = priced.filter(pl.col("judged_group").is_not_null())
    summed = judged.group_by("attempt", "judged_group").agg(
        pl.col("expected_low").sum().alias("sum"),
        pl.col("expected_low").count().alias("priced"),
        *(pl.col(name).first() for name in ("allowed_cents", "expected_cents", "short", "members", "scope")),
    )
    whole = pl.col("priced") == pl.col("members")
    capped = summed.join(_capped(priced), on=["attempt", "judged_group"], how="left", validate="1:1")
    hit = whole & ((pl.col("sum") == pl.col("allowed_cents")) | pl.col("capped_total").is_not_null())
    left_alone = (pl.col("scope") == "line") & ~pl.col("short")
    return capped.with_columns(hit.alias("hit")).with_columns(
        (pl.col("hit") | left_alone).sum().over("attempt").cast(pl.Int32).alias("agreeing_count"),
        pl.len().over("attempt").cast(pl.Int32).alias("judged_count"),
    )


def _capped(priced: pl.DataFrame) -> pl.DataFrame:
    """Judged groups under a cap of the attempt whose lines were allowed, together, what the cap leaves (capped_total).

    How a payer lays a capped day out over its lines is its own affair: where a cap of the contract that is tried
    bites, the sum of what it holds is compared, as it is where the own contract has a cap. All of it must be judged.
    """
    held = priced.filter(pl.col("cap").is_in(_CAPS) & pl.col("group_expected").is_not_null())
    group = ["attempt", "group_lead_id"]
    known = held.with_columns(pl.col("judged_group").is_not_null().all().over(group).alias("_judged"))
    groups = known.group_by(*group, "judged_group").agg(
        pl.col("_judged").first(),
        pl.len().alias("_lines"),
        pl.col("expected_low").sum(),
        pl.col("members", "allowed_cents").first(),
    )
    entire = (pl.col("_judged") & (pl.col("_lines") == pl.col("members"))).all().over(group)
    met = pl.col("allowed_cents").sum().over(group) == pl.col("expected_low").sum().over(group)
    total = pl.col("allowed_cents").sum().over(group).alias("capped_total")
    return groups.filter(entire & met & (pl.len().over(group) > 1)).select("attempt", "judged_group", total)


_CAPS = ("per_visit", "visit_maximum", "claim_maximum")


_BEST = ("agreeing_count", "hypothesis", "variant", "place", "attempt")


def _ranked(found: pl.DataFrame) -> pl.DataFrame:
    """Keep the best attempt of each cause, and rank the causes: what agrees with more of the day, then plausibility."""
    groups = found.select("judged_group", "cause", "alone", *_BEST).unique()
    best = groups.sort("judged_group", *_BEST, descending=[False, True, False, False, False, False]).unique(
        ["judged_group", "cause"], keep="first", maintain_order=True
    )
    # a mere percentage adds nothing to a cause that stands before it
    told = best.filter(pl.col("alone") | (pl.col("alone").cast(pl.Int32).cum_sum().over("judged_group") == 0))
    ranked = told.with_columns((pl.int_range(pl.len()).over("judged_group") + 1).alias("cause_rank"))
    return (
        found.join(
            ranked.select("judged_group", "attempt", "cause_rank"),
            on=["judged_group", "attempt"],
            how="inner",
        )
        .with_columns(pl.col("own_line_id").alias("line_id"), pl.col("alone").alias("stands_alone"))
        .select(pl.col(name).cast(dtype) for name, dtype in CAUSE_SCHEMA.items())
        .sort("line_id", "cause_rank")
    )
