"""Denials: what a refused line is worth in its day, what the edits say of it, and by when something can be done."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from contracts import (
    HELD_PAIR_SCHEMA,
    HELD_UNITS_SCHEMA,
    LINE_SCHEMA,
    OUTPUT_SCHEMA,
    STEP_SCHEMA,
    denial_classes,
    denial_kinds,
    edit_rulings,
    hold_denials,
    reprice,
)
from warehouse.database import build, model_sql, store
from warehouse.deadlines import reckon_denials

if TYPE_CHECKING:
    import datetime as dt

    import duckdb

    from contracts import Practice, Reference, Terms

_PRICED = (
    "line_id",
    "outcome",
    "reason",
    "contract",
    "contract_file",
    "contract_effective",
    "payer",
    "plan",
    "rate_basis",
    "rate_row",
    "expected_cents",
)
PRICE_SCHEMA: dict[str, pl.DataType] = {name: OUTPUT_SCHEMA[name] for name in _PRICED} | {
    "gain_cents": pl.Int64()
}
"""expected: the line's price in its day, had it been paid. gain: what the day would come to more; null: no price."""


def store_denial_terms(con: duckdb.DuckDBPyConnection) -> None:
    """Write the classes of denials to the `terms` schema."""
    store(con, "terms.denial_class", denial_classes())
    store(con, "terms.denial_kind", denial_kinds())
    store(con, "terms.edit_ruling", edit_rulings())


def price_denials(
    con: duckdb.DuckDBPyConnection, paid: pl.DataFrame, terms: Terms, reference: Reference, practice: Practice
) -> None:
    """Price the days on which something is refused as if it had been paid, and hold bundled lines against the edits.

    `paid` is what the lines that were paid are priced at (OUTPUT_SCHEMA of reprice). Needs core.comparable_line.
    """
    con.execute(model_sql("macro.named_line"))
    build(con, "core.denied_line")
    days = con.sql(model_sql("core.denied_day_to_price")).pl()
    lines = days.cast({name: kind for name, kind in LINE_SCHEMA.items() if name in days.columns})
    repriced = reprice(lines.select(*LINE_SCHEMA), terms, reference, practice)
    refused = lines.filter(pl.col("refused").is_not_null()).select(
        "line_id", "patient_day", "line_order", "refused", "allowed_cents", "refused_cents"
    )
    whole = repriced.lines.join(lines.select("line_id", "patient_day"), on="line_id", validate="1:1")
    store(con, "core.denied_price", gains(refused, whole, paid))
    store(
        con, "core.denied_step", repriced.steps.join(refused, on="line_id", how="semi").select(*STEP_SCHEMA)
    )
    pairs, units = (
        con.sql(model_sql(f"core.{name}")).pl().cast(dict(schema))
        for name, schema in (("denied_pair", HELD_PAIR_SCHEMA), ("denied_units", HELD_UNITS_SCHEMA))
    )
    store(con, "core.denied_edit", hold_denials(pairs, units, terms, reference))


def gains(refused: pl.DataFrame, whole: pl.DataFrame, paid: pl.DataFrame) -> pl.DataFrame:
    """Return what each refused line would add to its day (PRICE_SCHEMA).

    A day's total under a contract may grow by less than a line's own price: one paid by the visit is paid already, and
    a costlier unit moves the multiple-procedure cut to another. The day's growth is given out in the order of the lines.
    Of a line refused in part it is the difference between its price and what was allowed, at most what was refused.
    """
    day = ["patient_day", "contract"]
    before = whole.select("line_id", *day).join(
        paid.select("line_id", before_contract="contract", before="expected_cents"),
        on="line_id",
        how="left",
        validate="1:1",
    )
    own_before = pl.when(pl.col("before_contract") == pl.col("contract")).then("before").fill_null(0)
    merged = whole.join(
        before.select("line_id", before=own_before), on="line_id", validate="1:1"
    ).with_columns(growth=(pl.col("expected_cents").sum() - pl.col("before").sum()).over(day))
    lines = refused.join(merged.drop("patient_day"), on="line_id", how="left", validate="1:1").with_columns(
        pl.col("refused").replace_strict({"part": 0}, default=1, return_dtype=pl.Int64).alias("shares")
    )
    own = pl.max_horizontal(pl.col("expected_cents") - pl.col("before"), 0) * pl.col("shares")
    lines = lines.sort("patient_day", "line_order").with_columns(own=own.fill_null(0))
    earlier = pl.col("own").cum_sum().over(day) - pl.col("own")
    left = pl.max_horizontal(pl.min_horizontal(pl.col("growth") - earlier, "own"), 0)
    in_part = pl.max_horizontal(
        pl.min_horizontal(pl.col("refused_cents"), pl.col("expected_cents") - pl.col("allowed_cents")), 0
    )
    gain = pl.when(pl.col("refused") == "part").then(in_part).otherwise(left)
    return (
        lines.with_columns(gain_cents=pl.when(pl.col("expected_cents").is_not_null()).then(gain))
        .select(pl.col(name).cast(kind) for name, kind in PRICE_SCHEMA.items())
        .sort("line_id")
    )


def rank_denials(con: duckdb.DuckDBPyConnection, as_of: dt.date) -> None:
    """Make core.denial and the published list out.denial as of a day."""
    build(con, "core.denial")
    reckon_denials(con)
    build(con, "out.denial", {"as_of": as_of})
