"""From loaded remittances to verdicts and disputes: the models in their order, and the repricer between them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from contracts import (
    GROUP_SCHEMA,
    LINE_SCHEMA,
    MEDICARE_TERMS,
    adjustment_classes,
    dispute_by,
    explain_short,
    provider_adjustment_classes,
    remark_classes,
    reprice,
    terms_frames,
)
from warehouse.database import build, model_sql, store

if TYPE_CHECKING:
    import datetime as dt

    import duckdb

    from contracts import DisputeWindow, Practice, Reference, Terms

ADJUDICATE = (
    "core.claim_content",
    "core.payment",
    "core.adjustment",
    "core.claim",
    "core.line",
    "core.claim_key",
    "core.thread",
    "core.reversal",
    "core.line_reversal",
    "core.adjudication",
    "core.provider_adjustment",
    "core.takeback",
)
PUBLISHED = (
    "out.dispute",
    "out.worklist",
    "out.expired",
    "out.coverage",
    "out.abstained",
    "out.payer",
    "out.project_line",
    "out.project",
    "out.cash",
    "out.file",
    "out.conformance",
)


def store_terms(con: duckdb.DuckDBPyConnection, terms: Terms, reference: Reference) -> None:
    """Write contracts, reference tables and code classes to the `terms` schema."""
    classes = {
        "adjustment_class": adjustment_classes(),
        "remark_class": remark_classes(),
        "provider_adjustment_class": provider_adjustment_classes(),
    }
    frames = terms_frames(terms) | reference.frames() | classes
    for name, frame in frames.items():
        store(con, f"terms.{name}", frame)


def adjudicate(con: duckdb.DuckDBPyConnection) -> None:
    """Payments, claims, lines, the ledger, and what was taken back outside it."""
    for model in ADJUDICATE:
        build(con, model)


def compare(con: duckdb.DuckDBPyConnection) -> None:
    """Derive the allowed amount and the lane of each line."""
    build(con, "core.comparable_line")


def price(con: duckdb.DuckDBPyConnection, terms: Terms, reference: Reference, practice: Practice) -> int:
    """Price every line that a payer decided as primary, and find why what is short was; return how many."""
    lines = con.sql(model_sql("core.line_to_price")).pl()
    lines = lines.cast({name: kind for name, kind in LINE_SCHEMA.items() if name in lines.columns})
    repriced = reprice(lines, terms, reference, practice)
    store(con, "core.expected_line", repriced.lines)
    store(con, "core.expected_step", repriced.steps)
    groups = con.sql(model_sql("core.judged_amount")).pl()
    groups = groups.cast({name: kind for name, kind in GROUP_SCHEMA.items() if name in groups.columns})
    store(con, "core.cause", explain_short(lines, groups, terms, reference, practice))
    return int(lines.height)


def judge(con: duckdb.DuckDBPyConnection) -> None:
    """One verdict a line, and what else the payer did to it."""
    build(con, "core.verdict")
    build(con, "core.line_finding")


def rank(con: duckdb.DuckDBPyConnection, terms: Terms, as_of: dt.date) -> None:
    """Deadlines, causes that lines bear out together, disputes and what people read, as of a day."""
    build(con, "core.company")
    con.execute(model_sql("core.verdict_in_company"))
    store(con, "core.deadline", _deadlines(con, terms))
    for model in PUBLISHED:
        build(con, model, {"as_of": as_of} if "$as_of" in model_sql(model) else None)


def _deadlines(con: duckdb.DuckDBPyConnection, terms: Terms) -> pl.DataFrame:
    """Line_id, level, dispute_by, window_source, submit_to of each short line: the first level of its contract."""
    contracts = (*terms.contracts, MEDICARE_TERMS)
    windows = {
        (contract.terms.contract, contract.terms.effective): next(iter(contract.terms.dispute), None)
        for contract in contracts
    }
    rows = con.execute(
        "select v.line_id, v.contract, v.contract_effective, v.service_date, j.first_remittance_date from core.verdict v"
        " join core.adjudication j on j.file_hash = v.file_hash and j.claim = v.claim"
        " where v.verdict = 'UNDERPAID' order by v.line_id"
    ).fetchall()
    known: dict[tuple[DisputeWindow, dt.date], dt.date] = {}
    found = []
    for line_id, contract, effective, service, remittance in rows:
        window = windows.get((contract, effective))
        anchor = service if window is not None and window.from_ == "service" else remittance
        if window is None or anchor is None:
            continue
        if (window, anchor) not in known:
            known[window, anchor] = dispute_by(anchor, window)
        found.append((line_id, window.level, known[window, anchor], window.source, window.submit_to))
    schema = {
        "line_id": pl.Int64,
        "level": pl.String,
        "dispute_by": pl.Date,
        "window_source": pl.String,
        "submit_to": pl.String,
    }
    return pl.DataFrame(found, schema=schema, orient="row")
