"""Disputes made again from their files in a warehouse of its own, in memory: the same steps as a night takes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from warehouse import judge
from warehouse.database import build, model_sql, open_warehouse, store
from warehouse.journal import Journal
from warehouse.life import enter, live

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping, Sequence

    import duckdb

    from warehouse.journal import Entry
    from warehouse.related import Related
    from warehouse.rule_set import Rules


Place = tuple[str, int, int]
"""A service line: file_hash, claim, line."""


@dataclass(frozen=True)
class Case:
    """What disputes are made again from.

    `tables`: what was sent (see related.read_again); `related`: which part of it counts; `events`, `published`: the
    journal's entries up to then; `company`: mistakes that other lines of the payer bear out (core.company), which are
    not made again here.
    """

    tables: Mapping[str, pl.DataFrame]
    related: Related
    events: Sequence[Entry]
    published: Sequence[Entry]
    company: pl.DataFrame


def recompute(
    case: Case, rules: Rules, as_of: dt.date, places: Sequence[Place]
) -> list[dict[str, Any] | None]:
    """Return how the dispute of each line stands (see sql/replay/outcome.sql); None where nothing was sent of a line."""
    with open_warehouse(Path(":memory:")) as con:
        _send(con, case)
        judge.store_terms(con, rules.terms, rules.reference, rules.files)
        for model in judge.PAYMENTS:
            build(con, model)
        _narrow(con, case.related.claims)
        for model in ("core.claim_content", *judge.CLAIMS):
            build(con, model)
        judge.decide(con)
        judge.tie_provider_adjustments(con)
        judge.compare(con)
        judge.price(con, rules.terms, rules.reference, rules.practice)
        judge.judge(con)
        store(con, "core.company", case.company)
        con.execute(model_sql("core.verdict_in_company"))
        for book, entries in (("event", case.events), ("published", case.published)):
            enter(con, book, entries)
        live(con, Journal(None), as_of, as_of)
        return [_outcome(con, place) for place in places]


def _send(con: duckdb.DuckDBPyConnection, case: Case) -> None:
    known = case.related.payments["file_hash"].unique().to_list()
    for name, frame in case.tables.items():
        con.register("incoming", frame.filter(pl.col("file_hash").is_in(known)))
        con.execute(f'insert into era."{name}" by name select * from incoming')
        con.unregister("incoming")
    con.register("incoming", case.related.seen)
    con.execute("insert into era.file_seen by name select * from incoming")
    con.unregister("incoming")


def _narrow(con: duckdb.DuckDBPyConnection, claims: pl.DataFrame) -> None:
    """Leave out the other claims of the payments, once it is known which payments are copies."""
    con.register("incoming", claims)
    for (name,) in con.execute(
        "select table_name from duckdb_columns() where schema_name = 'era' and column_name = 'claim' and table_name in"
        " (select table_name from duckdb_columns() where schema_name = 'era' and column_name = 'payment')"
    ).fetchall():
        con.execute(
            f'delete from era."{name}" where claim is not null'
            " and (file_hash, claim) not in (select (file_hash, claim) from incoming)"
        )
    con.unregister("incoming")


def _outcome(con: duckdb.DuckDBPyConnection, place: Place) -> dict[str, Any] | None:
    parameters = dict(zip(("file_hash", "claim", "line"), place, strict=True))
    relation = con.sql(model_sql("replay.outcome"), params=parameters)
    rows = relation.fetchall()
    return dict(zip(relation.columns, rows[0], strict=True)) if rows else None
