"""The history of a claim: every decision on it, which one stands, and why; and what was taken back outside them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import datetime as dt
    from decimal import Decimal

    import duckdb


@dataclass(frozen=True)
class Decision:
    """One decision (CLP); amounts in dollars.

    `lines`: procedure, service date, charge, paid, allowed, verdict, reason, segment.
    """

    source_file: str
    source_segment: int
    remittance_date: dt.date
    trace_number: str | None
    claim_status_code: str | None
    patient_account: str | None
    payer_claim_number: str | None
    charge_amount: Decimal | None
    paid_amount: Decimal | None
    state: str
    state_reason: str
    lines: list[tuple[Any, ...]]


@dataclass(frozen=True)
class History:
    """A claim through its decisions, by payment date.

    `takebacks`: payment date, PLB reason, reference, amount, what of the reference names the claim.
    """

    decisions: list[Decision]
    takebacks: list[tuple[Any, ...]]


def histories(con: duckdb.DuckDBPyConnection, name: str) -> list[History]:
    """Return the claims whose payer claim number or patient account is `name`, oldest first; none where nobody has it."""
    threads = con.execute(
        "select t.thread, min(c.remittance_date) from core.thread t"
        " join core.claim c on c.file_hash = t.file_hash and c.claim = t.claim"
        " where c.payer_claim_number = $name or c.patient_account = $name group by t.thread order by 2, 1",
        {"name": name},
    ).fetchall()
    return [history(con, thread) for thread, _ in threads]


def history(con: duckdb.DuckDBPyConnection, thread: str) -> History:
    """Return the decisions of one thread in their order."""
    found = con.execute(
        "select j.file_hash, j.claim, (select min(name) from era.file_seen f where f.file_hash = j.file_hash) as source_file,"
        " c.segment as source_segment, c.remittance_date, c.trace_number, c.claim_status_code, c.patient_account,"
        " c.payer_claim_number, c.charge_amount, c.paid_amount, j.state, j.state_reason"
        " from core.adjudication j join core.claim c on c.file_hash = j.file_hash and c.claim = j.claim"
        " where j.thread = ? order by j.sequence",
        [thread],
    )
    names = [column[0] for column in found.description or []][2:]
    rows = [
        (file_hash, claim, dict(zip(names, told, strict=True)))
        for file_hash, claim, *told in found.fetchall()
    ]
    takebacks = con.execute(
        "select remittance_date, reason_code, reference_id, adjustment_amount, tie from core.provider_adjustment"
        " where thread = ? and not resent order by remittance_date, file_hash, segment, position",
        [thread],
    ).fetchall()
    decisions = [Decision(**told, lines=_lines(con, file_hash, claim)) for file_hash, claim, told in rows]
    return History(decisions, takebacks)


def _lines(con: duckdb.DuckDBPyConnection, file_hash: str, claim: int) -> list[tuple[Any, ...]]:
    return con.execute(
        "select procedure_code, service_date, charge_amount, paid_amount, allowed_amount, verdict, reason, source_segment"
        " from core.verdict where file_hash = ? and claim = ? order by line",
        [file_hash, claim],
    ).fetchall()
