"""Publishing: a fresh analysts' database, the workbook and the CSV, each put in place whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

import duckdb

from warehouse.archive import write_whole
from warehouse.registry import descriptions
from warehouse.workbook import workbook

if TYPE_CHECKING:
    import datetime as dt
    from pathlib import Path


def publish(con: duckdb.DuckDBPyConnection, folder: Path, as_of: dt.date) -> None:
    """Write shortpay.duckdb, worklist.xlsx and worklist.csv into `folder`, replacing what is there.

    Readers of the old database keep it until they close it; nobody ever sees a half-written file.
    """
    folder.mkdir(parents=True, exist_ok=True)
    publish_database(con, folder)
    write_whole(folder / "worklist.xlsx", workbook(con, as_of))
    worklist = con.sql("select * from out.worklist").pl()
    write_whole(folder / "worklist.csv", worklist.write_csv().encode())


def publish_database(con: duckdb.DuckDBPyConnection, folder: Path) -> None:
    """Write shortpay.duckdb alone, replacing what is there."""
    path = folder / "shortpay.duckdb"
    fresh = path.with_name(f".{path.name}.partial")
    fresh.unlink(missing_ok=True)
    con.execute(f"attach '{str(fresh).replace(chr(39), chr(39) * 2)}' as published")
    try:
        tables = con.execute(
            "select schema_name, table_name from duckdb_tables() where database_name = current_database()"
            " and schema_name <> 'work' order by all"
        ).fetchall()
        for schema, table in tables:
            con.execute(f'create schema if not exists published."{schema}"')
            con.execute(f'create table published."{schema}"."{table}" as from "{schema}"."{table}"')
            _comment(con, schema, table)
    finally:
        con.execute("detach published")
    fresh.replace(path)


def _comment(con: duckdb.DuckDBPyConnection, schema: str, table: str) -> None:
    description, columns = descriptions()[f"{schema}.{table}"]
    con.execute(f'comment on table published."{schema}"."{table}" is {_quoted(description)}')
    names = con.execute(
        "select column_name from duckdb_columns() where database_name = 'published' and schema_name = ? and table_name = ?",
        [schema, table],
    ).fetchall()
    for (name,) in names:
        con.execute(f'comment on column published."{schema}"."{table}"."{name}" is {_quoted(columns[name])}')


def _quoted(text: str) -> str:
    """Quote one of our own descriptions for COMMENT, which takes no parameters."""
    return "'" + text.replace("'", "''") + "'"


def readable(path: Path) -> duckdb.DuckDBPyConnection:
    """Open a published database for reading."""
    return duckdb.connect(str(path), read_only=True)
