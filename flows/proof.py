"""Printing the proof of a dispute."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.markup import escape
from rich.table import Table

if TYPE_CHECKING:
    from rich.console import Console

    from warehouse.claim_history import History
    from warehouse.explain import Proof


def show_proof(console: Console, proof: Proof) -> None:
    """Print what a biller needs to check a dispute with a calculator."""
    dispute, allowed = proof.dispute, proof.allowed
    console.print(
        f"[bold]Dispute {dispute['dispute_id']}[/bold]  {escape(str(dispute['payer']))}, {dispute['status']}"
    )
    console.print(
        f"Account {escape(str(dispute['patient_account']))}, claim {escape(str(dispute['payer_claim_number']))},"
        f" {escape(str(dispute['procedure_code']))} on {dispute['service_date']}"
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
    if proof.price.get("unproven"):
        console.print(
            f"  the least of {proof.price['low']} to {proof.price['high']}: {proof.price['unproven']}",
            markup=False,
        )
    console.print(
        f"\n[bold]Short by ${dispute['shortfall_amount']}[/bold]  cause: {escape(dispute['cause'])}"
        f"  (project {dispute['project']})"
    )
    if dispute["judged_with"]:
        console.print(f"  {escape(dispute['judged_with'])}", highlight=False)
    console.print(f"  {escape(dispute['cause_evidence'] or '')}", highlight=False)
    if dispute["rivals"]:
        console.print(
            f"  other mistakes that come to the same cents: {escape(dispute['rivals'])}", highlight=False
        )
    left = dispute["status"] if dispute["days_left"] is None else f"{dispute['days_left']} days left"
    console.print(
        f"Dispute by {dispute['dispute_by']} ({left}): {dispute['dispute_level']},"
        f" to {escape(dispute['submit_to'] or '(see contract)')}; {escape(dispute['window_source'] or '')}"
    )
    for code, detail in proof.findings:
        console.print(f"Also: {code}: {escape(detail)}", highlight=False)
    show_history(console, proof.history, lines=False)


def show_history(console: Console, history: History, *, lines: bool = True) -> None:
    """Print each decision on a claim: where it came from, its amounts, whether it stands and why."""
    console.print("\n[bold]The claim's history[/bold]")
    for decision in history.decisions:
        console.print(
            f"  {decision.remittance_date}  {decision.state}: {escape(decision.state_reason)}",
            highlight=False,
        )
        console.print(
            f"    status {decision.claim_status_code}, charge {decision.charge_amount}, paid {decision.paid_amount};"
            f" account {escape(str(decision.patient_account))}, claim {escape(str(decision.payer_claim_number))};"
            f" trace {escape(str(decision.trace_number))}, {escape(decision.source_file)} segment {decision.source_segment}",
            highlight=False,
            soft_wrap=True,
        )
        for code, service, charge, paid, allowed, verdict, reason in decision.lines if lines else []:
            console.print(
                f"      {escape(str(code))} on {service}: charge {charge}, paid {paid}, allowed {allowed}: {verdict}"
                + (f" ({escape(reason)})" if reason else ""),
                highlight=False,
                soft_wrap=True,
            )
    for date, code, reference, amount, tie in history.takebacks:
        console.print(
            f"  {date}  PLB {code} {escape(str(reference))}: {amount} (tied by {tie})", highlight=False
        )
