"""Service lines as they come, made ready for pricing: typed, units whole, modifiers sorted and understood."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

import polars as pl

from .medicare import ROW_MODIFIERS

LINE_SCHEMA: dict[str, pl.DataType] = {
    "line_id": pl.Int64(),
    "patient_day": pl.String(),
    "claim_id": pl.Int64(),
    "line_order": pl.Int64(),
    "service_date": pl.Date(),
    "procedure_code": pl.String(),
    "modifiers": pl.String(),
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

`modifiers` joined with ':' in any order; whole units (integers will do).
"""


def prepare(lines: pl.DataFrame) -> pl.DataFrame:
    """Type the lines and add `code`, `modifiers` as a sorted list, `row_modifier`, and `units_problem`.

    `medicare_problem` names modifiers that change Medicare's price by a rule that is not implemented. Raises
    ValueError where columns are missing or line_id is not unique.
    """
    missing = [name for name in LINE_SCHEMA if name not in lines.columns]
    if missing:
        raise ValueError(f"lines lack {', '.join(missing)}")
    if lines["line_id"].is_duplicated().any():
        raise ValueError("line_id is not unique")
    typed = lines.select(pl.col(name).cast(dtype) for name, dtype in LINE_SCHEMA.items())
    parsed = typed.rename({"modifiers": "sent_modifiers"}).with_columns(
        pl.col("sent_modifiers").fill_null(""),
        pl.col("procedure_code").fill_null("").str.strip_chars().str.to_uppercase().alias("code"),
    )
    modifiers = _modifiers(parsed.select("sent_modifiers").unique())
    joined = parsed.join(modifiers, on="sent_modifiers", how="left", validate="m:1").drop("sent_modifiers")
    return joined.with_columns(*_units())


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
def _ruleless() -> tuple[str, ...]:
    path = files("contracts") / "data" / "medicare_modifier.csv"
    table = pl.read_csv(path.read_bytes(), infer_schema=False)
    return tuple(table.filter(pl.col("effect") == "no_rule")["modifier"].to_list())


def _modifiers(sent: pl.DataFrame) -> pl.DataFrame:
    """Read each distinct text of modifiers once."""
    each = pl.col("sent_modifiers").str.to_uppercase().str.replace_all(" ", "").str.split(":")
    listed = sent.with_columns(each.list.unique().list.sort().alias("modifiers"))
    own = pl.col("modifiers").list.set_intersection(list(ROW_MODIFIERS)).list.sort().list.join(":")
    ruleless = pl.col("modifiers").list.set_intersection(list(_ruleless())).list.sort()
    problem = pl.when(ruleless.list.len() > 0).then(
        pl.format(
            "modifier {} changes the Medicare price by a rule that is not implemented",
            ruleless.list.join(", "),
        )
    )
    return listed.with_columns(own.alias("row_modifier"), problem.alias("medicare_problem"))
