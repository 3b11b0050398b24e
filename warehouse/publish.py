"""Publishing: a fresh analysts' database, the workbook and the CSV, each put in place whole."""

from __future__ import annotations

import hashlib
import shutil
from typing import TYPE_CHECKING

import duckdb

from warehouse.damage import guarded
from warehouse.durable import make_folder, sync
from warehouse.edition import Edition, edition
from warehouse.plain_text import harmless
from warehouse.registry import descriptions
from warehouse.sealing import SUFFIX, plain, recipients_of, seal_file
from warehouse.workbook import workbook

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable
    from pathlib import Path


def publish(
    con: duckdb.DuckDBPyConnection, folder: Path, as_of: dt.date, last_look: Callable[[], None] | None = None
) -> None:
    """Write shortpay.duckdb, worklist.xlsx and worklist.csv into `folder`, replacing what is there.

    All three are written beside and put in place together (see `warehouse.edition`), after a `last_look` at what they
    replace. Readers of the old database keep it until they close it; nobody ever sees a half-written file.
    """
    make_folder(folder)
    worklist = worklist_csv(con)
    book = workbook(con, as_of)
    con.execute(
        "create or replace table out.publication as select ?::date as as_of_date, ? as worklist_csv_sha256,"
        " ? as worklist_xlsx_sha256",
        [as_of, hashlib.sha256(worklist).hexdigest(), hashlib.sha256(book).hexdigest()],
    )
    with edition(folder) as tonight:
        tonight.write("worklist.csv", worklist)
        tonight.write("worklist.xlsx", book)
        _copy_database(con, tonight)
        if last_look:
            last_look()


def worklist_csv(con: duckdb.DuckDBPyConnection) -> bytes:
    """Return out.worklist as worklist.csv has it: no text in it is a formula to a spreadsheet."""
    return harmless(con.sql("select * from out.worklist").pl()).write_csv().encode()


def publish_database(con: duckdb.DuckDBPyConnection, folder: Path) -> None:
    """Write shortpay.duckdb alone, replacing what is there: the other files stay as they are."""
    with edition(folder) as tonight:
        _copy_database(con, tonight)


def _copy_database(con: duckdb.DuckDBPyConnection, tonight: Edition) -> None:
    """Write shortpay.duckdb beside: a copy of the warehouse's file without its `work`.

    A copy of the bytes takes a fraction of the time of a copy of the rows. Closing it lets go of the system's
    lock on the warehouse, so the caller closes its connection next.
    """
    fresh = tonight.beside("shortpay.duckdb")
    comment(con)
    con.execute("checkpoint")
    ((warehouse,),) = con.execute(
        "select path from duckdb_databases() where database_name = current_database()"
    ).fetchall()
    shutil.copyfile(warehouse, fresh)
    with duckdb.connect(str(fresh)) as copy:
        copy.execute("drop schema if exists work cascade")
    sync(fresh)
    tonight.seal("shortpay.duckdb")


def put_file(path: Path, fresh: Path) -> None:
    """Put a finished file in the place of a published one, sealed where its folder is; the other form of it goes."""
    sealed = path.with_name(path.name + SUFFIX)
    recipients = recipients_of(path.parent)
    if recipients:
        seal_file(fresh, sealed, recipients)
        fresh.unlink()
        path.unlink(missing_ok=True)
    else:
        fresh.replace(path)
        sealed.unlink(missing_ok=True)


def comment(con: duckdb.DuckDBPyConnection) -> None:
    """Describe every table, view and column that has no description yet."""
    _drop_unknown(con)
    ours = "database_name = current_database() and schema_name <> 'work' and comment is null order by all"
    for kind, found in (("table", "duckdb_tables()"), ("view", "duckdb_views()")):
        for schema, name in con.execute(
            f"select schema_name, {kind}_name from {found} where not internal and {ours}"
        ).fetchall():
            description, _ = descriptions()[f"{schema}.{name}"]
            con.execute(f'comment on {kind} "{schema}"."{name}" is {_quoted(description)}')
    for schema, table, column in con.execute(
        f"select schema_name, table_name, column_name from duckdb_columns() where not internal and {ours}"
    ).fetchall():
        _, columns = descriptions()[f"{schema}.{table}"]
        con.execute(f'comment on column "{schema}"."{table}"."{column}" is {_quoted(columns[column])}')


def _drop_unknown(con: duckdb.DuckDBPyConnection) -> None:
    """Drop derived tables and views that an earlier version made and this one does not know."""
    derived = con.execute(
        "select 'table', schema_name, table_name from duckdb_tables() where database_name = current_database()"
        " and schema_name in ('core', 'out') union all select 'view', schema_name, view_name from duckdb_views()"
        " where database_name = current_database() and schema_name = 'view'"
    ).fetchall()
    for kind, schema, name in derived:
        if f"{schema}.{name}" not in descriptions():
            con.execute(f'drop {kind} "{schema}"."{name}"')


def _quoted(text: str) -> str:
    """Quote one of our own descriptions for COMMENT, which takes no parameters."""
    return "'" + text.replace("'", "''") + "'"


def readable(path: Path) -> duckdb.DuckDBPyConnection:
    """Open a published database for reading, sealed or not.

    Of a sealed one a copy in the clear is opened that has no name any more once this returns. Raises SealError, and
    DamagedError where the file is not as it was written.
    """
    with guarded(path, "The next night publishes it anew: shortpay run"), plain(path) as clear:
        seen = clear.stat().st_ino if clear.exists() else None
        try:
            return duckdb.connect(str(clear), read_only=True)
        except duckdb.Error:
            if not clear.exists() or clear.stat().st_ino == seen:
                raise
            return duckdb.connect(str(clear), read_only=True)  # it was replaced in that instant
