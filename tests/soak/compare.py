"""Tables against tables, inside DuckDB: two databases attached, each table held against its like by hashes, then by rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import duckdb

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

MEMORY = "3GB"
SHOWN = 3


@dataclass(frozen=True)
class LeftOut:
    """What is not compared: whole tables, columns by table; `rows`: the condition on those that are, by table."""

    tables: frozenset[str] = frozenset()
    columns: Mapping[str, frozenset[str]] | None = None
    rows: Mapping[str, str] | None = None


def compare(
    left: Path, right: Path, schemas: tuple[str, ...], without: LeftOut
) -> dict[str, dict[str, object]]:
    """Return, by table: rows on both sides, how many stand in one alone (`left_only`, `right_only`), and a few of those.

    Raises LookupError where a table or a column is to be left out that is not there.
    """
    with duckdb.connect(config={"memory_limit": MEMORY}) as con:
        con.execute(f"attach {_quoted(left)} as a (read_only)")
        con.execute(f"attach {_quoted(right)} as b (read_only)")
        ours, theirs = (_columns(con, name, schemas) for name in ("a", "b"))
        gone = {*without.tables, *(without.columns or {}), *(without.rows or {})} - {*ours, *theirs}
        if gone:
            raise LookupError(f"there is no {', '.join(sorted(gone))}: nothing can be left out of it")
        return {
            table: _table(con, table, ours.get(table, []), theirs.get(table, []), without)
            for table in sorted(ours.keys() | theirs.keys())
            if table not in without.tables
        }


def differing(found: Mapping[str, Mapping[str, object]]) -> list[str]:
    """Say which tables differ."""
    return [
        f"{table}: {told['left_only']} rows in the first alone, {told['right_only']} in the second: {told['some']}"
        for table, told in found.items()
        if told["left_only"] or told["right_only"]
    ]


def _quoted(path: Path) -> str:
    return "'" + str(path).replace("'", "''") + "'"


def _columns(con: duckdb.DuckDBPyConnection, database: str, schemas: tuple[str, ...]) -> dict[str, list[str]]:
    rows = con.execute(
        "select c.schema_name || '.' || c.table_name, list(c.column_name order by c.column_index)"
        " from duckdb_columns() c semi join duckdb_tables() t using (database_name, schema_name, table_name)"
        " where c.database_name = ? and c.schema_name in (select unnest(?)) group by 1",
        [database, list(schemas)],
    ).fetchall()
    return dict(rows)


def _table(
    con: duckdb.DuckDBPyConnection, table: str, ours: list[str], theirs: list[str], without: LeftOut
) -> dict[str, object]:
    if ours != theirs:
        return {"rows": 0, "left_only": len(ours), "right_only": len(theirs), "some": "other columns"}
    own = (without.columns or {}).get(table, frozenset())
    if not own <= set(ours):
        raise LookupError(
            f"{table} has no {', '.join(sorted(own - set(ours)))}: nothing can be left out of it"
        )
    columns = ", ".join(f'"{name}"' for name in ours if name not in own)
    where = (without.rows or {}).get(table, "true")
    sides = [f"select {columns} from {name}.{table} where {where}" for name in ("a", "b")]
    counted = [
        con.execute(f"select count(*), coalesce(sum(hash(t)), 0) from ({side}) t").fetchall()[0]
        for side in sides
    ]
    told: dict[str, object] = {"rows": counted[0][0], "left_only": 0, "right_only": 0, "some": []}
    if counted[0] != counted[1]:
        for name, one, other in (("left_only", *sides), ("right_only", *sides[::-1])):
            con.execute(f"create or replace temp table alone as ({one}) except all ({other})")
            told[name] = con.execute("select count(*) from alone").fetchall()[0][0]
            some = con.execute(f"from alone order by all limit {SHOWN}").fetchall()
            told["some"] = [*told["some"], *(str(row) for row in some)]  # type: ignore[misc]
    return told


def digests(path: Path, schemas: tuple[str, ...]) -> dict[str, str]:
    """Rows and a hash over all of them, whatever their order, by table."""
    with duckdb.connect(str(path), read_only=True, config={"memory_limit": MEMORY}) as con:
        (name,) = con.execute("select current_database()").fetchall()[0]
        return {
            table: "{} rows {}".format(
                *con.execute(f"select count(*), coalesce(sum(hash(t)), 0) from {table} t").fetchall()[0]
            )
            for table in sorted(_columns(con, name, schemas))
        }
