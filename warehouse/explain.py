"""The proof of a line: the remittance's own segments, the contract, the rate row, each step, the deadline."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from warehouse.archive import bring_back
from warehouse.claim_history import history
from warehouse.database import model_sql

if TYPE_CHECKING:
    from pathlib import Path

    import duckdb

    from warehouse.claim_history import History


class UnknownDisputeError(Exception):
    """No dispute has this id, no claim this number or account, no line this place."""


@dataclass(frozen=True)
class Proof:
    """What is known of a service line, and of the dispute that it carries, if any.

    `line` is its row of sql/page/line.sql by column; `segments` its segments as received; `allowed` the ways to the
    allowed amount; `steps` (operation, detail, source, dollars after); `history` the decisions on the claim;
    `findings` (code, detail) what else the payer did to the line; `price` the least and most that is owed, in
    dollars, and the rules behind it that no source states; both are empty where the line has no price.
    """

    line: dict[str, Any]
    segments: list[str]
    allowed: dict[str, Any]
    steps: list[tuple[Any, ...]]
    history: History
    findings: list[tuple[Any, ...]]
    price: dict[str, Any]


def prove(con: duckdb.DuckDBPyConnection, archive: Path, name: str) -> list[Proof]:
    """Gather the proof of a dispute, open or closed, or of a line named by its file and segment, like "remit.835:57".

    One, or several where different files came under one name. Raises UnknownDisputeError, and ArchiveError where a
    file is gone.
    """
    source_file, _, segment = name.rpartition(":")
    named = bool(source_file) and segment.isdecimal() and len(segment) < 10
    asked = {
        "dispute_id": name.upper(),
        "source_file": source_file if named else None,
        "source_segment": int(segment) if named else None,
    }
    relation = con.sql(model_sql("page.line"), params=asked)
    lines = [dict(zip(relation.columns, row, strict=True)) for row in relation.fetchall()]
    if not lines:
        raise UnknownDisputeError(
            f"{name}: no dispute, account, payer claim number or line (FILE:SEGMENT); see the columns dispute_id,"
            " source_file and source_segment of worklist.csv"
        )
    return [_proof(con, archive, line) for line in lines]


def _proof(con: duckdb.DuckDBPyConnection, archive: Path, line: dict[str, Any]) -> Proof:
    key = [line["file_hash"], line["claim"], line["line"]]
    allowed = one_row(
        con, "select * from core.comparable_line where file_hash = ? and claim = ? and line = ?", key
    )
    steps = con.execute(
        "select operation, detail, source, (after_cents * 0.01::decimal(3,2))::decimal(18,2) from core.expected_step"
        " where line_id = ? order by step",
        [line["line_id"]],
    ).fetchall()
    findings = con.execute(
        "select finding_code, detail from core.line_finding where file_hash = ? and claim = ? and line = ? order by 1",
        key,
    ).fetchall()
    price = one_row(
        con,
        "select (expected_low_cents * 0.01::decimal(3,2))::decimal(18,2) as low,"
        " (expected_high_cents * 0.01::decimal(3,2))::decimal(18,2) as high, unproven"
        " from core.expected_line where line_id = ?",
        [line["line_id"]],
    )
    told = history(con, line["thread"])
    return Proof(line, line_segments(con, archive, key), allowed or {}, steps, told, findings, price or {})


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
