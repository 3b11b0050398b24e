"""The data dictionary as Markdown, from the registry that the COMMENTs come from."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from warehouse.publish import readable
from warehouse.registry import descriptions

if TYPE_CHECKING:
    import duckdb


def dictionary(con: duckdb.DuckDBPyConnection) -> str:
    """Describe every table and view of a published database, in order."""
    lines = ["# Data dictionary", ""]
    for schema, table in con.execute(
        "select schema_name, table_name from duckdb_tables() union all"
        " select schema_name, view_name from duckdb_views() where not internal order by all"
    ).fetchall():
        description, columns = descriptions()[f"{schema}.{table}"]
        lines += [f"## {schema}.{table}", "", description, "", "| column | type | meaning |", "|---|---|---|"]
        found = con.execute(
            "select column_name, data_type from duckdb_columns() where schema_name = ? and table_name = ? order by column_index",
            [schema, table],
        ).fetchall()
        lines += [f"| {name} | {kind} | {columns[name]} |" for name, kind in found] + [""]
    return "\n".join(lines)


def main() -> None:
    """Print the dictionary of the published database that the command line names."""
    with readable(Path(sys.argv[1])) as con:
        sys.stdout.write(dictionary(con))


if __name__ == "__main__":
    main()
