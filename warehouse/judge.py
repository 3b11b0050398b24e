"""From loaded remittances to verdicts and disputes: the models in their order, and the repricer between them."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import polars as pl

from contracts import (
    GROUP_SCHEMA,
    LINE_SCHEMA,
    adjustment_classes,
    clocks,
    envelopes,
    explain_short,
    provider_adjustment_classes,
    remark_classes,
    reprice,
    terms_frames,
    therapy_codes,
    therapy_modifiers,
    therapy_thresholds,
    timed_codes,
)
from warehouse.database import build, look, model_sql, store
from warehouse.deadlines import reckon_letters, reckon_steady
from warehouse.denials import price_denials, rank_denials, store_denial_terms
from warehouse.journal import Journal
from warehouse.life import live
from warehouse.rule_set import RuleSet

if TYPE_CHECKING:
    import duckdb

    from contracts import Practice, Reference, Terms

PAYMENTS = ("core.claim_content", "core.payment")
CLAIMS = ("core.adjustment", "core.claim", "core.line", "core.day_patient")
LEDGER = ("core.claim_key", "core.thread", "core.reversal", "core.line_reversal", "core.adjudication")
PERSONS = ("macro.known_by", "macro.undated_line")
PRICED = ("core.line_to_price", "core.doubtful_line")
PROVIDER = ("core.provider_adjustment", "core.takeback")
PUBLISHED = (
    "out.dispute",
    "out.worklist",
    "out.expired",
    "out.closed",
    "out.scorecard",
    "out.refused_edit",
    "out.coverage",
    "out.abstained",
    "out.payer",
    "out.project_line",
    "out.project",
    "out.cash",
    "out.deadline",
    "out.threshold",
    "out.modifier",
    "out.distinct_share",
    "out.file",
    "out.conformance",
    "out.edition",
)
VIEWS = (
    "view.judgement",
    "view.underpayment_rate",
    "view.rate_trend",
    "view.cause_mix",
    "view.site_payment",
    "view.charge_below_rate",
    "view.abstention",
    "view.payer_mix",
    "view.ageing",
    "view.deadline_week",
    "view.recovery",
    "view.change",
    "view.night",
    "view.cash_month",
)
"""What analysts ask of the tables, in an order in which each looks only at what comes before it."""


def store_terms(
    con: duckdb.DuckDBPyConnection, terms: Terms, reference: Reference, rules: RuleSet | None = None
) -> None:
    """Write contracts, reference tables and code classes to the `terms` schema, and which files they came from.

    `rules` left out: that is not recorded, as for terms that are only tried.
    """
    classes = {
        "rule_file": (rules or RuleSet()).frame(),
        "adjustment_class": adjustment_classes(),
        "remark_class": remark_classes(),
        "provider_adjustment_class": provider_adjustment_classes(),
        "timed_code": timed_codes(),
        "clock": clocks(),
        "envelope": envelopes(),
        "therapy_threshold": therapy_thresholds(),
        "therapy_modifier": therapy_modifiers(),
        "therapy_code": therapy_codes(),
    }
    frames = terms_frames(terms) | reference.frames() | classes
    for name, frame in frames.items():
        store(con, f"terms.{name}", frame)
    store_denial_terms(con)


def adjudicate(con: duckdb.DuckDBPyConnection) -> None:
    """Payments, claims, lines, the ledger, and what was taken back outside it."""
    for model in (*PAYMENTS, *CLAIMS):
        build(con, model)
    decide(con)
    tie_provider_adjustments(con)


def decide(con: duckdb.DuckDBPyConnection) -> None:
    """Run the ledger: which decision on a claim survives."""
    for model in LEDGER:
        build(con, model)


def tie_provider_adjustments(con: duckdb.DuckDBPyConnection) -> None:
    """Type the PLB and tie it to claims, old and new ones alike."""
    for model in PROVIDER:
        build(con, model)


def compare(con: duckdb.DuckDBPyConnection) -> None:
    """Derive the allowed amount and the lane of each line."""
    for macro in ("macro.asked_units", *PERSONS):
        con.execute(model_sql(macro))
    for model in ("core.crowded_day", "core.comparable_line"):
        build(con, model)


def price(con: duckdb.DuckDBPyConnection, terms: Terms, reference: Reference, practice: Practice) -> int:
    """Price every line that a payer decided as primary, and find why what is short was; return how many."""
    for macro in PERSONS:
        con.execute(model_sql(macro))
    lines = pl.concat(con.sql(model_sql(model)).pl() for model in PRICED)
    lines = lines.cast({name: kind for name, kind in LINE_SCHEMA.items() if name in lines.columns})
    repriced = reprice(lines, terms, reference, practice)
    store(con, "core.expected_line", repriced.lines)
    store(con, "core.expected_step", repriced.steps)
    build(con, "core.judged_amount")
    groups = con.table("core.judged_amount").pl().select(*GROUP_SCHEMA).cast(GROUP_SCHEMA)
    store(con, "core.cause", explain_short(lines, groups, terms, reference, practice))
    price_denials(con, repriced.lines, terms, reference, practice)
    return int(repriced.lines.height)


def judge(con: duckdb.DuckDBPyConnection) -> None:
    """One verdict a line, and what else the payer did to it."""
    build(con, "core.verdict")
    con.execute(model_sql("core.verdict_withheld"))
    build(con, "core.line_finding")


def rank(
    con: duckdb.DuckDBPyConnection,
    as_of: dt.date,
    journal: Journal | None = None,
    next_night: dt.date | None = None,
) -> None:
    """Causes that lines bear out together, lives, deadlines, disputes and what people read, as of a day.

    `journal`: where the lives of disputes are kept; without one they are as long as this night. `next_night`: the
    day of the next run (left out: the day after), before which the alarm must have been raised.
    """
    build(con, "core.company")
    con.execute(model_sql("core.verdict_in_company"))
    build(con, "core.steady_line")
    build(con, "core.therapy_line")
    reckon_steady(con)
    rank_denials(con, as_of)
    live(con, journal or Journal(None), as_of, next_night or as_of + dt.timedelta(days=1))
    reckon_letters(con, as_of)
    for model in PUBLISHED:
        build(con, model, {"as_of": as_of} if "$as_of" in model_sql(model) else None)
    for model in VIEWS:
        look(con, model)
