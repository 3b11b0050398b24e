"""The mistakes payers make, as data: data/hypothesis.toml, in order of plausibility."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files

import polars as pl

from .money import parse_percent

SET_COLUMNS: dict[str, pl.DataType] = {
    "set_share": pl.Int64(),
    "set_share_of": pl.String(),
    "set_line_share": pl.Int64(),
    "set_charge_share": pl.Int64(),
    "set_rank": pl.String(),
    "set_multiple_procedure": pl.String(),
    "set_multiple_procedure_percent": pl.Int64(),
    "set_setting": pl.String(),
    "set_terms": pl.String(),
    "set_lesser_of": pl.String(),
    "set_rounding": pl.String(),
}
"""What a hypothesis may set; percentages in hundredths of a percent."""
HYPOTHESIS_SCHEMA: dict[str, pl.DataType] = {
    "hypothesis": pl.Int32(),
    "cause": pl.String(),
    "says": pl.String(),
    "tries": pl.String(),
    "when": pl.String(),
    "whose": pl.String(),
    "world": pl.String(),
    "scope": pl.String(),
    "alone": pl.Boolean(),
    "source": pl.String(),
    **SET_COLUMNS,
}
"""One row a hypothesis, numbered in the order of the file."""
_DEFAULTS = {"when": "always", "whose": "", "world": "as_it_is", "alone": True}


@cache
def hypotheses() -> pl.DataFrame:
    """Return the hypotheses of data/hypothesis.toml (HYPOTHESIS_SCHEMA)."""
    text = (files("contracts") / "data" / "hypothesis.toml").read_text(encoding="utf-8")
    rows = []
    for number, one in enumerate(tomllib.loads(text)["hypothesis"], start=1):
        changes = {f"set_{name}": _value(f"set_{name}", value) for name, value in one.pop("set", {}).items()}
        row = {"hypothesis": number} | _DEFAULTS | one | changes
        unknown = set(row) - set(HYPOTHESIS_SCHEMA)
        if unknown:
            raise ValueError(f"hypothesis {number}: no such key: {', '.join(sorted(unknown))}")
        rows.append(row)
    return pl.DataFrame(rows, schema=HYPOTHESIS_SCHEMA, orient="row")


def _value(name: str, value: str | int) -> str | int:
    return parse_percent(value) if SET_COLUMNS.get(name) == pl.Int64() else value


@cache
def code_families() -> pl.DataFrame:
    """Return the codes that are levels of one service: family, code, level (lowest first)."""
    table = pl.read_csv((files("contracts") / "data" / "code_family.csv").read_bytes(), infer_schema=False)
    return table.select("family", "code", pl.col("level").cast(pl.Int32))
