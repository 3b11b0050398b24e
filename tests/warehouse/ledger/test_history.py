"""The history that `explain` prints: every decision with its state and why."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from tests.warehouse.ledger.histories import Case, cases
from warehouse.claim_history import histories as claim_histories

if TYPE_CHECKING:
    import duckdb


def named(title: str) -> Case:
    (case,) = [case for case in cases() if case.row["title"] == title]
    return case


def test_the_history_names_each_decision_and_why(histories: duckdb.DuckDBPyConnection) -> None:
    case = named("original, reversal and correction each weeks apart")
    (found,) = claim_histories(histories, f"N1Q{case.number:06d}")
    told = [(d.source_file, str(d.remittance_date), d.state, d.paid_amount) for d in found.decisions]
    assert told == [
        (case.source_name("A"), "2026-03-20", "REVERSED", Decimal("38.00")),
        (case.source_name("B"), "2026-05-01", "REVERSAL", Decimal("-38.00")),
        (case.source_name("C"), "2026-06-19", "SURVIVING", Decimal("40.00")),
    ]
    assert found.decisions[0].state_reason == "taken back by a reversal; decided again on 2026-06-19"
    assert [line[5] for d in found.decisions for line in d.lines] == [
        "REVERSED",
        "REVERSED",
        "PAID_AS_EXPECTED",
    ]


def test_an_account_gives_all_its_claims(histories: duckdb.DuckDBPyConnection) -> None:
    case = named("two claims of one account, other dates")
    found = claim_histories(histories, f"K1Q{case.number:06d}")
    assert [len(history.decisions) for history in found] == [1, 1]
    assert claim_histories(histories, "nobody's") == []


def test_takebacks_stand_in_the_history(histories: duckdb.DuckDBPyConnection) -> None:
    case = named("reversal with the recovery put off, and taken later")
    (found,) = claim_histories(histories, f"N1Q{case.number:06d}")
    assert [(code, amount) for _, code, _, amount, _ in found.takebacks] == [
        ("WO", Decimal("-38.00")),
        ("WO", Decimal("38.00")),
    ]
    ((net,),) = histories.execute(
        "select takeback_amount from core.takeback where thread = (select any_value(j.thread) from core.adjudication j"
        " join core.claim c on c.file_hash = j.file_hash and c.claim = j.claim where c.payer_claim_number = ?)",
        [f"N1Q{case.number:06d}"],
    ).fetchall()
    assert net == 0
