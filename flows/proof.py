"""Printing the proof of a dispute."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.markup import escape
from rich.table import Table

if TYPE_CHECKING:
    from rich.console import Console

    from warehouse.explain import Proof


def show_proof(console: Console, proof: Proof) -> None:
    """Print what a biller needs to check a dispute with a calculator."""
    dispute, allowed = proof.dispute, proof.allowed
    console.print(
        f"[bold]Dispute {dispute['dispute_id']}[/bold]  {escape(str(dispute['payer']))}, {dispute['status']}"
    )
    console.print(
        f"Account {escape(str(dispute['patient_account']))}, claim {escape(str(dispute['payer_claim_number']))},"
        f" {dispute['procedure_code']} on {dispute['service_date']}"
    )
    console.print(
        f"\n[bold]What the remittance says[/bold]  {escape(str(dispute['source_file']))}, segment {dispute['source_segment']}"
    )
    for segment in proof.segments:
        console.print(f"  {segment}", markup=False, highlight=False)
    console.print(f"\n[bold]Allowed: ${dispute['allowed_amount']}[/bold]  (agree: {allowed['agreement']})")
    console.print(
        f"  paid {allowed['paid_amount']} + patient share {allowed['patient_share_amount']}"
        f" + payment reductions {allowed['payment_reduction_amount']} = {allowed['allowed_by_payment_amount']}"
    )
    console.print(
        f"  charge {allowed['charge_amount']} - price adjustments {allowed['price_adjustment_amount']}"
        f" - refused {allowed['refused_amount']} = {allowed['allowed_by_adjustment_amount']}"
    )
    if allowed["stated_allowed_amount"] is not None:
        console.print(f"  stated by the payer (B6): {allowed['stated_allowed_amount']}")
    console.print(
        f"\n[bold]Expected: ${dispute['expected_amount']}[/bold]  contract {escape(str(dispute['contract']))}"
        f" ({escape(str(dispute['contract_file']))})"
    )
    table = Table(box=None, pad_edge=False)
    for name in ("step", "arithmetic", "source", "after"):
        table.add_column(name, justify="right" if name == "after" else "left")
    for operation, detail, source, after in proof.steps:
        table.add_row(
            operation, escape(detail or ""), escape(source or ""), "" if after is None else f"${after}"
        )
    console.print(table)
    console.print(
        f"\n[bold]Short by ${dispute['shortfall_amount']}[/bold]  {escape(dispute['cause_evidence'] or '')}"
    )
    console.print(
        f"Dispute by {dispute['dispute_by']} ({dispute['days_left']} days left): {dispute['dispute_level']},"
        f" to {escape(dispute['submit_to'] or '(see contract)')}; {escape(dispute['window_source'] or '')}"
    )
    console.print("\n[bold]The claim's history[/bold]")
    for date, state, reason, charge, paid in proof.history:
        console.print(f"  {date}  {state}: {reason} (charge {charge}, paid {paid})", highlight=False)
