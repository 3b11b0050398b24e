"""The de-identified extract: published tables with names and ids replaced by keyed hashes and free text left out.

It is built anew from the classes of `personal.csv`, row by row into a fresh file, so that no page of it ever held
what was replaced. A column without a class stays out. What the extract is and is not: docs/deidentified.md.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import TYPE_CHECKING

import duckdb

from warehouse.database import model_sql
from warehouse.personal import SCHEMAS, class_of, omitted
from warehouse.publish import comment, put_file
from warehouse.sealing import plain

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LEAST_KEY = 32
_BLOCK = 64
_KEPT = "$value"
_CODES = r"^[A-Z0-9]{1,5}([-:,;| ]{1,2}[A-Z0-9]{1,5}){0,11}$"
_EXPRESSIONS = {
    "keep": _KEPT,
    "id": "keyed($value)",
    "name": "keyed(upper(trim($value::varchar)))",
    "code": f"case when regexp_full_match($value::varchar, '{_CODES}') then $value end",
    "zip": "regexp_extract($value::varchar, '^[0-9]{3}')",
}


_SHIFTS = {
    "claim_shift": ("file_hash", "claim"),
    "line_shift": ("line_id",),
    "dispute_shift": ("dispute_id",),
    "patient_shift": ("patient_key",),
}
"""Where a row finds its patient's shift, and the columns it needs for that."""


class KeyTooShortError(Exception):
    """The key for the hashes is missing or too short to keep them from being guessed."""


def deidentify(published: Path, target: Path, key: bytes, *, shift: bool) -> dict[str, int]:
    """Write the extract of a published database to `target`, replacing what is there; return rows by table.

    `key`: at least 32 bytes; the same key gives the same hashes. `shift`: move all dates of a patient back by the
    same 1 to 365 days, which the key decides, and drop dates that belong to no patient. Raises KeyTooShortError.
    """
    if len(key.strip()) < LEAST_KEY:
        raise KeyTooShortError(
            f"the key has fewer than {LEAST_KEY} bytes; make one with: openssl rand -hex 32"
        )
    partial = target.with_name(f".{target.name}.partial")
    partial.unlink(missing_ok=True)
    with plain(published) as clear, duckdb.connect(str(partial)) as con:
        con.execute(f"attach '{_quoted(clear)}' as published (read_only)")
        _prepare(con, key.strip())
        rows = {table: _copy(con, table, shift=shift) for table in _tables(con)}
        con.execute("detach published")
        comment(con)
    put_file(target, partial)
    return rows


def keyed(key: bytes, value: str) -> str:
    """Return the keyed hash that stands for a value: HMAC-SHA256, 32 hex digits of it."""
    return hmac.new(_subkey(key, "id"), value.encode(), hashlib.sha256).hexdigest()[:32]


def _subkey(key: bytes, purpose: str) -> bytes:
    return hmac.new(key.strip(), f"shortpay deidentify {purpose}".encode(), hashlib.sha256).digest()


def _prepare(con: duckdb.DuckDBPyConnection, key: bytes) -> None:
    """Make the hash (HMAC is two rounds of SHA-256 over the key's pads) and each claim's shift; the pads stay in memory."""
    for purpose in ("id", "shift"):
        padded = _subkey(key, purpose).ljust(_BLOCK, b"\0")
        con.execute(f"set variable {purpose}_inner = $pad", {"pad": bytes(byte ^ 0x36 for byte in padded)})
        con.execute(f"set variable {purpose}_outer = $pad", {"pad": bytes(byte ^ 0x5C for byte in padded)})
    con.execute(model_sql("extract.keyed"))
    con.execute(model_sql("extract.shift"))


def _tables(con: duckdb.DuckDBPyConnection) -> list[str]:
    """Return the tables that the extract has, in order of name."""
    found = con.execute(
        "select schema_name || '.' || table_name from duckdb_tables() where database_name = 'published'"
        " and list_contains($schemas, schema_name) order by 1",
        {"schemas": list(SCHEMAS)},
    ).fetchall()
    return [table for (table,) in found if not omitted(table)]


def _copy(con: duckdb.DuckDBPyConnection, table: str, *, shift: bool) -> int:
    schema, name = table.split(".")
    columns = [
        column
        for (column,) in con.execute(
            "select column_name from duckdb_columns() where database_name = 'published' and schema_name = $schema"
            " and table_name = $name order by column_index",
            {"schema": schema, "name": name},
        ).fetchall()
    ]
    con.execute(f"create schema if not exists {schema}")
    chosen = ", ".join(_chosen(table, columns, shift=shift))
    con.execute(
        f'create table {table} as select {chosen} from published.{schema}."{name}" t {_joined(columns)}'
    )
    return int(con.execute(f"select count(*) from {table}").fetchall()[0][0])


def _chosen(table: str, columns: list[str], *, shift: bool) -> Iterator[str]:
    """Return the expression of each column that the extract has."""
    for column in columns:
        kind = class_of(table, column)
        value = f't."{column}"'
        if kind in _EXPRESSIONS:
            yield f'{_EXPRESSIONS[kind].replace(_KEPT, value)} as "{column}"'
        elif kind == "date":
            yield f'{value} - s.shift_days as "{column}"' if shift else value
        elif kind in {"run_date", "countdown"} and not shift:
            yield value


def _joined(columns: list[str]) -> str:
    """Return how a row finds the shift of its patient; a row that belongs to no patient finds none."""
    for source, keys in _SHIFTS.items():
        if {*keys} <= {*columns}:
            return f"left join temp.{source} s on " + " and ".join(f"s.{key} = t.{key}" for key in keys)
    return "left join (select null::integer as shift_days) s on false"


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")
