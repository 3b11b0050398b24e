"""The queries of docs/queries.md: run on a published database, their results put under them as Markdown tables."""

from __future__ import annotations

import datetime as dt
import re
import sys
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

from warehouse.publish import readable

if TYPE_CHECKING:
    import duckdb

_QUERY = re.compile(r"```sql\n(?P<sql>.*?)```\n(?P<result>\n(?:\|[^\n]*\n)+)?", re.DOTALL)


def queries(page: str) -> list[str]:
    """Return the text of every SQL block of a page, in order."""
    return [found["sql"] for found in _QUERY.finditer(page)]


def with_results(page: str, con: duckdb.DuckDBPyConnection) -> str:
    """Return the page with the table under each SQL block made anew.

    Queries must state their order; a number of binary digits must be rounded in the query.
    """
    return _QUERY.sub(lambda found: f"```sql\n{found['sql']}```\n\n{_table(con, found['sql'])}", page)


def _table(con: duckdb.DuckDBPyConnection, query: str) -> str:
    cursor = con.execute(query)
    names = [column[0] for column in cursor.description or []]
    rows = cursor.fetchall()
    numeric = [
        any(isinstance(row[place], int | float | Decimal) for row in rows) for place in range(len(names))
    ]
    lines = [
        names,
        ["--:" if number else "---" for number in numeric],
        *([_cell(value) for value in row] for row in rows),
    ]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _cell(value: object) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case dt.date():
            return value.isoformat()
        case _:
            return str(value).replace("|", "\\|").replace("\n", " ")


def main() -> None:
    """Put the results over a published database into a page: both are named on the command line."""
    page, database = Path(sys.argv[1]), Path(sys.argv[2])
    with readable(database) as con:
        page.write_text(with_results(page.read_text(encoding="utf-8"), con), encoding="utf-8")


if __name__ == "__main__":
    main()
