"""Service lines as they come, made ready for pricing: typed, units whole, modifiers sorted and understood."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

import polars as pl

from .medicare import ROW_MODIFIERS
from .therapy import therapy_modifiers

LINE_SCHEMA: dict[str, pl.DataType] = {
    "line_id": pl.Int64(),
    "patient_day": pl.String(),
    "claim_id": pl.Int64(),
    "line_order": pl.Int64(),
    "service_date": pl.Date(),
    "procedure_code": pl.String(),
    "modifiers": pl.String(),
    "billed_modifiers": pl.String(),
    "units": pl.Decimal(18, 3),
    "charge_cents": pl.Int64(),
    "payer_ids": pl.List(pl.String),
    "payer_name": pl.String(),
    "class_of_contract": pl.String(),
    "filing_indicator": pl.String(),
    "group_number": pl.String(),
    "payee_npi": pl.String(),
    "payee_tin": pl.String(),
    "rendering_npi": pl.String(),
    "location_number": pl.String(),
    "payee_zip": pl.String(),
    "facility_code": pl.String(),
}
"""What reprice() wants, one row a line.

`modifiers` joined with ':' in any order, as the payer decided (SVC01), `billed_modifiers` as they were billed (SVC06;
null where the payer does not say); whole units (integers will do).
"""
DOUBT_SCHEMA: dict[str, pl.DataType] = {
    "payer_key": pl.String(),
    "doubt": pl.String(),
    "nothing_allowed": pl.Boolean(),
}
"""What lines may have besides. `doubt`: why it is not known whether the line is part of the day, with others or without
(null: it is); such a line is not priced. `payer_key`: who decided it; null: not held against lines without a contract.
`nothing_allowed`: the payer allowed nothing for the line, nor refused it: it is priced, and may have taken no rank.
"""


def prepare(lines: pl.DataFrame) -> pl.DataFrame:
    """Type the lines and add `code`, `modifiers` as a sorted list, `row_modifier`, and `units_problem`.

    A payer's echo that leaves a modifier out does not undo what was billed: those of SVC06 that lower a price (a
    therapy assistant's, half of a service) count among `modifiers`; the rest of them is `dropped_modifiers`.
    `assistant_dropped`: an assistant's is among those left out.

    `medicare_problem` names modifiers that change Medicare's price by a rule that is not implemented;
    `price_modifiers` are those that change any price; `both_sides` (50), `sides` (LT, RT) and
    `surgery_assistant` (percent of 80, 81, 82, AS) are what Medicare's rules for surgery ask. Raises
    ValueError where columns are missing or line_id is not unique.
    """
    missing = [name for name in LINE_SCHEMA if name not in lines.columns]
    if missing:
        raise ValueError(f"lines lack {', '.join(missing)}")
    if lines["line_id"].is_duplicated().any():
        raise ValueError("line_id is not unique")
    typed = with_doubts(lines).select(
        pl.col(name).cast(dtype) for name, dtype in (LINE_SCHEMA | DOUBT_SCHEMA).items()
    )
    parsed = typed.rename({"modifiers": "sent_modifiers"}).with_columns(
        _with_kept().alias("sent_modifiers"),
        _assistant_dropped(),
        pl.col("procedure_code").fill_null("").str.strip_chars().str.to_uppercase().alias("code"),
    )
    modifiers = _modifiers(parsed.select("sent_modifiers").unique())
    joined = parsed.join(modifiers, on="sent_modifiers", how="left", validate="m:1").drop("sent_modifiers")
    dropped = _listed("billed_modifiers").list.set_difference("modifiers").list.sort()
    return joined.with_columns(*_units(), dropped.alias("dropped_modifiers")).drop("billed_modifiers")


def _assistants() -> list[str]:
    return therapy_modifiers().filter(pl.col("kind") == "assistant")["modifier"].to_list()


def _assistant_dropped() -> pl.Expr:
    """Whether an assistant's service was billed, and decided without saying so."""
    billed, decided = (
        _listed(column).list.set_intersection(_assistants()).list.len() > 0
        for column in ("billed_modifiers", "sent_modifiers")
    )
    return (billed & ~decided).alias("assistant_dropped")


def _listed(column: str) -> pl.Expr:
    sent = pl.col(column).fill_null("").str.to_uppercase().str.replace_all(" ", "").str.split(":")
    return sent.list.set_difference([""])


def _with_kept() -> pl.Expr:
    """Return the modifiers as sent, and those that were billed and lower the price."""
    lowering = price_modifiers().filter(pl.col("lowers") == "yes")["modifier"].to_list()
    sent = pl.col("sent_modifiers").fill_null("")
    kept = _listed("billed_modifiers").list.set_intersection([*lowering, *_assistants()]).list.sort()
    return (
        pl.when(kept.list.len() > 0)
        .then(pl.format("{}:{}", sent, kept.list.join(":")).str.strip_chars_start(":"))
        .otherwise(sent)
    )


def with_doubts(lines: pl.DataFrame) -> pl.DataFrame:
    """Add the columns of DOUBT_SCHEMA that are not there."""
    return lines.with_columns(
        pl.lit(None, kind).alias(name) for name, kind in DOUBT_SCHEMA.items() if name not in lines.columns
    )


def _units() -> tuple[pl.Expr, pl.Expr]:
    units = pl.col("units")
    whole = pl.when((units % 1 == 0) & (units > 0)).then(units.cast(pl.Int64))
    problem = (
        pl.when(units.is_null())
        .then(pl.lit("the line has no units"))
        .when(whole.is_null())
        .then(pl.lit("units are not a whole number above zero"))
    )
    return whole.alias("units"), problem.alias("units_problem")


@cache
def price_modifiers() -> pl.DataFrame:
    """Return the modifiers that change a price: modifier, effect, percent, lowers (yes, no), source.

    Percent in hundredths of a percent, or null.
    """
    path = files("contracts") / "data" / "medicare_modifier.csv"
    table = pl.read_csv(path.read_bytes(), infer_schema=False)
    percent = (pl.col("percent").cast(pl.Decimal(9, 2)) * 100).cast(pl.Int64)
    return table.with_columns(percent.alias("percent"))


def _with_effect(*effects: str) -> list[str]:
    return price_modifiers().filter(pl.col("effect").is_in(effects))["modifier"].to_list()


def _modifiers(sent: pl.DataFrame) -> pl.DataFrame:
    """Read each distinct text of modifiers once."""
    each = pl.col("sent_modifiers").str.to_uppercase().str.replace_all(" ", "").str.split(":")
    listed = sent.with_columns(each.list.unique().list.sort().alias("modifiers"))
    present = pl.col("modifiers").list.set_intersection
    own = present(list(ROW_MODIFIERS)).list.sort().list.join(":")
    ruleless = present(_with_effect("no_rule", "by_report")).list.sort()
    problem = pl.when(ruleless.list.len() > 0).then(
        pl.format(
            "modifier {} changes the Medicare price by a rule that is not implemented",
            ruleless.list.join(", "),
        )
    )
    assistants = price_modifiers().filter(pl.col("effect") == "assistant_at_surgery")
    at_surgery = pl.min_horizontal(
        pl.when(pl.col("modifiers").list.contains(modifier)).then(pl.lit(percent, pl.Int64))
        for modifier, percent in assistants.select("modifier", "percent").iter_rows()
    )
    return listed.with_columns(
        own.alias("row_modifier"),
        problem.alias("medicare_problem"),
        present(_with_effect("component", "no_rule", "by_report", "bilateral", "assistant_at_surgery"))
        .list.sort()
        .alias("price_modifiers"),
        pl.col("modifiers").list.contains("50").alias("both_sides"),
        present(["LT", "RT"]).list.sort().list.join(":").alias("sides"),
        at_surgery.alias("surgery_assistant"),
    )
