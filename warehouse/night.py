"""A night's work apart from the history: the claims that its files touch, decided anew in a small database beside it.

A claim is touched when a file of the night holds it, or when what is decided of it may depend on one that is (the
same claim number, the same patient on the same day, a copy of the same payment …). All models run on the touched
claims alone; what they say then replaces what the warehouse had of them, in one transaction. Where contracts,
reference or this program changed since, everything is touched. A night that dies leaves the warehouse as it was.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import duckdb

from era_parser import registry as era_registry
from warehouse import judge
from warehouse.database import SCHEMAS, build, model_sql
from warehouse.durable import remove_database

if TYPE_CHECKING:
    from pathlib import Path

    from contracts import Practice, Reference, Terms
    from warehouse.rule_set import RuleSet

PAYMENT_TABLES = ("core.payment",)
CLAIM_TABLES = (
    "core.claim_content",
    "core.adjustment",
    "core.claim",
    "core.line",
    "core.day_patient",
    "core.claim_key",
    "core.thread",
    "core.reversal",
    "core.line_reversal",
    "core.adjudication",
    "core.crowded_day",
    "core.comparable_line",
    "core.verdict",
    "core.line_finding",
    "core.denied_line",
    "work.scope_key",
)
LINE_TABLES = (
    "core.expected_line",
    "core.expected_step",
    "core.judged_amount",
    "core.cause",
    "core.denied_price",
    "core.denied_step",
    "core.denied_edit",
)
CODE_TABLES = (
    "adjustment_class",
    "remark_class",
    "therapy_modifier",
    "provider_adjustment_class",
    "timed_code",
    "contract",
    "denial_class",
    "denial_kind",
)
SMALL = 0.5
"""Share of the claims up to which a night is done apart; beyond it everything is decided anew."""


def night_path(warehouse: Path) -> Path:
    """Where the night's database stands while the night runs."""
    return warehouse.with_name("night.duckdb")


def open_night(warehouse: Path) -> duckdb.DuckDBPyConnection:
    """Open the night's database with the warehouse attached as `warehouse`."""
    con = duckdb.connect(str(night_path(warehouse)))
    con.execute(f"attach '{str(warehouse).replace(chr(39), chr(39) * 2)}' as warehouse")
    for schema in (*SCHEMAS, "work"):
        con.execute(f"create schema if not exists {schema}")
    return con


def begin(warehouse: Path, rules: str) -> int:
    """Find the claims that are touched and put what was sent of them into a fresh night; return how many.

    `rules` names what decisions rest on (`RuleSet.name`): where it is another than before, everything is touched.
    """
    discard(warehouse)
    with open_night(warehouse) as con:
        con.execute("create table work.rules as select ? as fingerprint", [rules])
        for table in CODE_TABLES:
            con.execute(f"create table terms.{table} as from warehouse.terms.{table}")
        con.execute("create table work.touched (file_hash varchar, claim integer)")
        if not _judged_under(con, "warehouse", rules) or not _find_touched(con):
            _everything(con)
        row = con.execute("select count(*) from work.touched").fetchone()
        return int(row[0]) if row else 0


def discard(warehouse: Path) -> None:
    """Remove the night's database; what it held is found again from the warehouse."""
    remove_database(night_path(warehouse))


def merge(warehouse: Path) -> None:
    """Put the night into the warehouse, whole or not at all, and remove it."""
    with open_night(warehouse) as con:
        (everything,) = con.execute("select everything from work.scope").fetchall()[0]
        con.begin()
        con.execute("create schema if not exists warehouse.work")
        for table in (*PAYMENT_TABLES, *CLAIM_TABLES, *LINE_TABLES):
            if everything:
                con.execute(f"create or replace table warehouse.{table} as from {table}")
            else:
                con.execute(f"delete from warehouse.{table} where {_own(table)}")
                con.execute(f"insert into warehouse.{table} by name from {table}")
        con.execute(
            "create or replace table warehouse.work.judged as select (select coalesce(max(arrival), 0)"
            " from warehouse.era.file_seen) as arrival, fingerprint from work.rules"
        )
        con.commit()
        con.execute("use warehouse")
        judge.tie_provider_adjustments(con)
    discard(warehouse)


def _own(table: str) -> str:
    """Which rows of a table of the warehouse are those of the night."""
    if table in PAYMENT_TABLES:
        return "(file_hash, payment) in (select (file_hash, payment) from core.payment)"
    if table in LINE_TABLES:
        return "line_id in (select line_id from work.touched_line)"
    return "(file_hash, claim) in (select (file_hash, claim) from work.touched)"


def settle_rules(con: duckdb.DuckDBPyConnection, rules: RuleSet, terms: Terms, reference: Reference) -> None:
    """Store terms and reference in a warehouse whose decisions were made under other rules.

    The mark of what was decided goes first: a night that dies in between leaves nothing that passes for decided
    under the terms that now stand there.
    """
    database = con.execute("select current_database()").fetchall()[0][0]
    if not _judged_under(con, database, rules.name):
        con.execute("drop table if exists work.judged")
        judge.store_terms(con, terms, reference, rules)


def _judged_under(con: duckdb.DuckDBPyConnection, database: str, rules: str) -> bool:
    known = con.execute(
        "select count(*) from duckdb_tables() where database_name = ? and schema_name = 'work'"
        " and table_name in ('judged', 'scope_key')", [database],
    ).fetchall()[0][0]  # fmt: skip
    if known < 2:
        return False
    query = f'select bool_and(fingerprint = ?) from "{database}".work.judged'
    return bool(con.execute(query, [rules]).fetchall()[0][0])


def _everything(con: duckdb.DuckDBPyConnection) -> None:
    """All claims are touched: the night looks at the warehouse's own `era`."""
    for schema in ("era", "core", "work"):
        for (name,) in con.execute(
            "select table_name from duckdb_tables() where database_name = current_database() and schema_name = ?"
            " and table_name not in ('rules', 'touched')", [schema],
        ).fetchall():  # fmt: skip
            con.execute(f'drop table {schema}."{name}"')
    for name in [*era_registry.tables(), "file_seen"]:
        con.execute(f'create view era."{name}" as from warehouse.era."{name}"')
    con.execute("create or replace table work.touched as select file_hash, claim from warehouse.era.claim")
    con.execute("create or replace table work.scope as select true as everything")
    for model in (*judge.PAYMENTS, *judge.CLAIMS, "work.scope_key"):
        build(con, model)


def _find_touched(con: duckdb.DuckDBPyConnection) -> bool:
    """Find touched claims and copy their part of `era`; False where they are too many to be done apart."""
    con.execute(
        "create table work.touched_payment as with arrived as (select distinct s.file_hash from warehouse.era.file_seen s"
        " where s.arrival > (select arrival from warehouse.work.judged)),"
        " own as (select p.* from warehouse.era.payment p semi join arrived using (file_hash))"
        " select file_hash, payment from own union"
        " select p.file_hash, p.payment from warehouse.era.payment p semi join own using (trace_number)"
    )
    _copy_payments(con)
    for model in (*judge.PAYMENTS, *judge.CLAIMS, "work.scope_key"):
        build(con, model)
    con.execute(model_sql("work.first_touched"))
    _spread(con)
    total = con.execute("select count(*) from warehouse.era.claim").fetchall()[0][0]
    touched = con.execute("select count(*) from work.touched").fetchall()[0][0]
    if touched > SMALL * total:
        return False
    _copy_claims(con)
    for model in ("core.claim_content", *judge.CLAIMS, "work.scope_key"):
        build(con, model)
    con.execute("create or replace table work.scope as select false as everything")
    con.execute(
        "create or replace table work.touched_line as select line_id from warehouse.core.line l"
        " semi join work.touched using (file_hash, claim)"
    )
    return True


def _spread(con: duckdb.DuckDBPyConnection) -> None:
    """Add claims that share a key with touched ones until none is left."""
    con.execute("create or replace table work.fresh as from work.touched")
    while con.execute("select count(*) from work.fresh").fetchall()[0][0]:
        con.execute(model_sql("work.fresh"))
        con.execute("insert into work.touched from work.fresh")


def _copy_payments(con: duckdb.DuckDBPyConnection) -> None:
    """Copy what was sent of the touched payments, with all their claims."""
    for name, spec in era_registry.tables().items():
        columns = spec.schema
        if "payment" in columns:
            own = "semi join work.touched_payment using (file_hash, payment)"
        else:
            own = "semi join (select distinct file_hash from work.touched_payment) using (file_hash)"
        con.execute(f'create or replace table era."{name}" as select * from warehouse.era."{name}" {own}')
    _copy_files(con)


def _copy_claims(con: duckdb.DuckDBPyConnection) -> None:
    """Copy what was sent of the touched claims, with the heads of their payments."""
    con.execute(
        "create or replace table work.head as select distinct c.file_hash, c.payment from warehouse.era.claim c"
        " semi join work.touched using (file_hash, claim)"
    )
    con.execute(
        "insert into core.payment by name select p.* from warehouse.core.payment p semi join work.head using (file_hash, payment)"
        " anti join core.payment using (file_hash, payment)"
    )
    for name, spec in era_registry.tables().items():
        columns = spec.schema
        if "claim" in columns:
            rows = (
                f'select e.* from warehouse.era."{name}" e semi join work.touched using (file_hash, claim) union all'
                f' select e.* from warehouse.era."{name}" e semi join work.head using (file_hash, payment) where e.claim is null'
            )
        elif "payment" in columns:
            rows = f'select * from warehouse.era."{name}" semi join work.head using (file_hash, payment)'
        else:
            rows = f'select * from warehouse.era."{name}" semi join (select distinct file_hash from work.head) using (file_hash)'
        con.execute(f'create or replace table era."{name}" as {rows}')
    _copy_files(con)


def _copy_files(con: duckdb.DuckDBPyConnection) -> None:
    con.execute(
        "create or replace table era.file_seen as from warehouse.era.file_seen semi join era.file using (file_hash)"
    )


def run(warehouse: Path, rules: str, terms: Terms, reference: Reference, practice: Practice) -> int:
    """Do a night's work after loading, whole; return how many claims it touched."""
    touched = begin(warehouse, rules)
    with open_night(warehouse) as con:
        judge.decide(con)
        judge.compare(con)
        judge.price(con, terms, reference, practice)
        judge.judge(con)
    merge(warehouse)
    return touched
