"""The proof of a dispute: the remittance's own segments, the contract, the rate row, each step, the deadline."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from warehouse.archive import bring_back
from warehouse.claim_history import history

if TYPE_CHECKING:
    from pathlib import Path

    import duckdb

    from warehouse.claim_history import History


class UnknownDisputeError(Exception):
    """No dispute has this id, and no claim this number or account."""


@dataclass(frozen=True)
class Proof:
    """What a dispute rests on.

    `dispute` is its row of out.dispute by column; `segments` the line's segments as received; `allowed` the
    ways to the allowed amount; `steps` (operation, detail, source, dollars after); `history` the decisions
    on the claim; `findings` (code, detail) what else the payer did to the line; `price` the least and most that
    is owed, in dollars, and the rules behind it that no source states.
    """

    dispute: dict[str, Any]
    segments: list[str]
    allowed: dict[str, Any]
    steps: list[tuple[Any, ...]]
    history: History
    findings: list[tuple[Any, ...]]
    price: dict[str, Any]


def prove(con: duckdb.DuckDBPyConnection, archive: Path, dispute_id: str) -> Proof:
    """Gather the proof. Raises UnknownDisputeError, and ArchiveError where the file is gone."""
    dispute = one_row(con, "select * from out.dispute where dispute_id = ?", [dispute_id.upper()])
    if dispute is None:
        raise UnknownDisputeError(
            f"{dispute_id}: no dispute, account or payer claim number; see the column dispute_id of worklist.csv"
        )
    key = [dispute["file_hash"], dispute["claim"], dispute["line"]]
    allowed = one_row(
        con, "select * from core.comparable_line where file_hash = ? and claim = ? and line = ?", key
    )
    steps = con.execute(
        "select operation, detail, source, (after_cents * 0.01::decimal(3,2))::decimal(18,2) from core.expected_step"
        " where line_id = ? order by step",
        [dispute["line_id"]],
    ).fetchall()
    (thread,) = con.execute(
        "select thread from core.thread where file_hash = ? and claim = ?", key[:2]
    ).fetchall()[0]
    findings = con.execute(
        "select finding_code, detail from core.line_finding where file_hash = ? and claim = ? and line = ? order by 1",
        key,
    ).fetchall()
    price = one_row(
        con,
        "select (expected_low_cents * 0.01::decimal(3,2))::decimal(18,2) as low,"
        " (expected_high_cents * 0.01::decimal(3,2))::decimal(18,2) as high, unproven"
        " from core.expected_line where line_id = ?",
        [dispute["line_id"]],
    )
    told = history(con, thread)
    return Proof(dispute, line_segments(con, archive, key), allowed or {}, steps, told, findings, price or {})


def one_row(con: duckdb.DuckDBPyConnection, query: str, parameters: list[Any]) -> dict[str, Any] | None:
    """Return the first row by column, None where there is none."""
    cursor = con.execute(query, parameters)
    names = [column[0] for column in cursor.description or []]
    rows = cursor.fetchall()
    return dict(zip(names, rows[0], strict=True)) if rows else None


def line_segments(con: duckdb.DuckDBPyConnection, archive: Path, key: list[Any]) -> list[str]:
    """Return the line's segments from the archived bytes: from its SVC to the next SVC, CLP, LX, PLB or SE.

    A claim without lines (line 0) begins at its CLP.
    """
    start, terminator, separator = con.execute(
        "select l.byte_offset, f.segment_terminator, f.element_separator from core.line l"
        " join era.file f on f.file_hash = l.file_hash where l.file_hash = ? and l.claim = ? and l.line = ?",
        key,
    ).fetchall()[0]
    text = bring_back(archive, key[0])[start:].decode("latin-1")
    found: list[str] = []
    for raw in text.split(terminator or "~"):
        segment = raw.strip()
        tag = segment.split(separator or "*", 1)[0]
        if found and tag in {"SVC", "CLP", "LX", "PLB", "SE"}:
            break
        found.append(segment)
    return found
