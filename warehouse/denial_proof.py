"""The proof of a denial: the remittance's own segments, the codes' class, the edits of the day, the price, the deadline."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from warehouse.claim_history import history
from warehouse.explain import UnknownDisputeError, line_segments, one_row

if TYPE_CHECKING:
    from pathlib import Path

    import duckdb

    from warehouse.claim_history import History


@dataclass(frozen=True)
class DenialProof:
    """What a row of out.denial rests on.

    `denial` is the row by column; `segments` the line as received; `findings` (code, whose edits, what they say,
    proof) one for each code of the day it was held against; `steps` (operation, detail, source, dollars after).
    """

    denial: dict[str, Any]
    segments: list[str]
    findings: list[tuple[Any, ...]]
    steps: list[tuple[Any, ...]]
    history: History


def prove_denial(con: duckdb.DuckDBPyConnection, archive: Path, denial_id: str) -> DenialProof:
    """Gather the proof. Raises UnknownDisputeError, and ArchiveError where the file is gone."""
    denial = one_row(con, "select * from out.denial where denial_id = ?", [denial_id.upper()])
    if denial is None:
        raise UnknownDisputeError(
            f"{denial_id}: no denial has this id; see the column denial_id of out.denial"
        )
    findings = con.execute(
        "select other_code, edits_of, finding, proof from core.denied_edit where line_id = ?"
        " order by other_code nulls last, held_against",
        [denial["line_id"]],
    ).fetchall()
    steps = con.execute(
        "select operation, detail, source, (after_cents * 0.01::decimal(3,2))::decimal(18,2) from core.denied_step"
        " where line_id = ? order by step",
        [denial["line_id"]],
    ).fetchall()
    key = [denial["file_hash"], denial["claim"], denial["line"]]
    ((thread,),) = con.execute(
        "select thread from core.thread where file_hash = ? and claim = ?", key[:2]
    ).fetchall()
    return DenialProof(denial, line_segments(con, archive, key), findings, steps, history(con, thread))
