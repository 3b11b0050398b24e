"""The registry: every table and column that `parse` returns, read from registry.toml."""

import functools
import tomllib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import polars as pl

DTYPES: dict[str, pl.DataType] = {
    "text": pl.String(),
    "date": pl.Date(),
    "short_date": pl.Date(),
    "money": pl.Decimal(18, 2),
    "quantity": pl.Decimal(18, 3),
    "rate": pl.Decimal(18, 6),
    "integer": pl.Int32(),
    "count": pl.Int64(),
}


@dataclass(frozen=True, slots=True)
class ColumnSpec:
    """A column: `element` is the X12 element it holds (`CLP03`, `SVC01-2`), None where it is derived."""

    name: str
    type: str
    description: str
    element: str | None = None


@dataclass(frozen=True)
class TableSpec:
    """A table.

    `key` names the columns that tell its rows apart, `segment` the X12 segment it is read from.
    """

    name: str
    description: str
    key: tuple[str, ...]
    columns: list[ColumnSpec]
    segment: str | None = None
    place: tuple[str, ...] = ()

    @cached_property
    def schema(self) -> dict[str, pl.DataType]:
        """Polars types by column name, in the order of the frame."""
        return {column.name: DTYPES[column.type] for column in self.columns}

    def empty(self) -> pl.DataFrame:
        """Give a frame of no rows with the table's schema."""
        return pl.DataFrame(schema=self.schema)

    def elements(self, segment: str) -> dict[str, ColumnSpec]:
        """Columns that hold an element of `segment`, by element name."""
        return {c.element: c for c in self.columns if c.element and c.element.startswith(segment)}


@functools.cache
def tables() -> dict[str, TableSpec]:
    """All tables of the registry by name, in its order."""
    raw = tomllib.loads((Path(__file__).parent / "registry.toml").read_text(encoding="utf-8"))
    return {name: _table(name, entry, raw["column"]) for name, entry in raw["table"].items()}


def _table(name: str, entry: dict[str, Any], shared: dict[str, Any]) -> TableSpec:
    place = [_column(column, shared[column]) for column in entry["place"]]
    own = [_column(column, spec) for column, spec in entry["columns"].items()]
    return TableSpec(
        name=name,
        description=entry["description"],
        key=tuple(entry["key"]),
        columns=place + own,
        segment=entry.get("segment"),
        place=tuple(entry["place"]),
    )


def _column(name: str, spec: dict[str, str]) -> ColumnSpec:
    return ColumnSpec(name, spec["type"], spec["description"], spec.get("element"))
