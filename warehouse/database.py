"""The working warehouse: opening it, its schemas, running a model's SQL."""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING, Any

import duckdb

from era_parser import registry as era_registry
from warehouse.damage import guarded
from warehouse.durable import database_files, put_in_place, remove_database, sync

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import polars as pl

    from era_parser.registry import TableSpec

SCHEMAS = ("era", "terms", "core", "life", "out", "view")
_TYPES = {
    "text": "VARCHAR",
    "date": "DATE",
    "short_date": "DATE",
    "money": "DECIMAL(18,2)",
    "quantity": "DECIMAL(18,3)",
    "rate": "DECIMAL(18,6)",
    "integer": "INTEGER",
    "count": "BIGINT",
}


def open_warehouse(path: Path) -> duckdb.DuckDBPyConnection:
    """Open (or make) the working warehouse with its `era` tables. The pipeline alone opens it for writing.

    Raises DamagedError where the file is not as it was written.
    """
    with guarded(path):
        con = duckdb.connect(str(path))
    for schema in SCHEMAS:
        con.execute(f"create schema if not exists {schema}")
    for spec in era_registry.tables().values():
        columns = ", ".join(f'"{name}" {kind}' for name, kind in column_types(spec).items())
        con.execute(f'create table if not exists era."{spec.name}" ({columns})')
    con.execute(
        "create table if not exists era.file_seen (arrival integer, seen_date date, name varchar, file_hash varchar,"
        " outcome varchar, message varchar)"
    )
    for table in ("conformance", "conformance_fault"):
        con.execute(model_sql(f"era.{table}"))
    return con


def column_types(spec: TableSpec) -> dict[str, str]:
    """Return the columns of an `era` table with DuckDB's types."""
    return {column.name: _TYPES[column.type] for column in spec.columns}


def make_warehouse(path: Path) -> None:
    """Make a warehouse where there is none, whole or not at all."""
    fresh = path.with_name(f".{path.name}.new")
    remove_database(fresh)
    open_warehouse(fresh).close()
    sync(fresh)
    for log in database_files(path)[1:]:  # of a file that is no more
        log.unlink(missing_ok=True)
    put_in_place(fresh, path)


def model_sql(model: str) -> str:
    """Return the text of a model, `core.verdict` -> sql/core/verdict.sql."""
    schema, name = model.split(".")
    return (files("warehouse") / "sql" / schema / f"{name}.sql").read_text(encoding="utf-8")


def build(con: duckdb.DuckDBPyConnection, model: str, parameters: Mapping[str, Any] | None = None) -> None:
    """Make the table of a model anew from its SQL."""
    con.execute(f"create or replace table {model} as {model_sql(model)}", parameters or None)


def prepare(con: duckdb.DuckDBPyConnection, model: str, parameters: Mapping[str, Any] | None = None) -> None:
    """Make a temporary table of a model of `work`, under its bare name: for the models that are built next."""
    con.execute(
        f"create or replace temp table {model.removeprefix('work.')} as {model_sql(model)}",
        parameters or None,
    )


def look(con: duckdb.DuckDBPyConnection, model: str) -> None:
    """Make the view of a model anew from its SQL; the columns of what it reads may have changed."""
    con.execute(f"create or replace view {model} as {model_sql(model)}")


def store(con: duckdb.DuckDBPyConnection, table: str, frame: pl.DataFrame) -> None:
    """Replace a table by a frame."""
    con.register("incoming", frame)
    con.execute(f"create or replace table {table} as select * from incoming")
    con.unregister("incoming")
