"""Printing the proof of a denial."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.markup import escape

from flows.proof import show_history
from flows.proof_parts import say, show_steps

if TYPE_CHECKING:
    from rich.console import Console

    from warehouse.denial_proof import DenialProof


def show_denial(console: Console, proof: DenialProof) -> None:
    """Print what a biller needs to act on a denial, and to check it."""
    denial = proof.denial
    console.print(
        f"[bold]Denial {denial['denial_id']}[/bold]  {escape(str(denial['payer']))}, {denial['status']}"
    )
    say(
        console,
        f"Account {denial['patient_account']}, claim {denial['payer_claim_number']},"
        f" {denial['procedure_code']} on {denial['service_date']}",
    )
    console.print(
        f"\n[bold]What the remittance says[/bold]  {escape(str(denial['source_file']))}, segment {denial['source_segment']}"
    )
    for segment in proof.segments:
        say(console, f"  {segment}")
    remarks = f", remarks {denial['remark_codes']}" if denial["remark_codes"] else ""
    say(
        console,
        f"  refused: {denial['refused']} ({denial['refusal_codes']}{remarks}): {denial['denial_kind']}",
    )
    console.print(f"\n[bold]What to do: {denial['strategy']}[/bold]")
    say(console, f"  {denial['argument']}")
    say(console, f"  rule: {denial['rule_source']}")
    say(console, f"  the file must contain: {denial['contains']}")
    _show_edits(console, proof)
    _show_worth(console, proof)
    _show_deadline(console, proof)
    show_history(console, proof.history, lines=False)


def _show_edits(console: Console, proof: DenialProof) -> None:
    if proof.findings:
        console.print("\n[bold]Held against the edits of the day[/bold]")
    for code, edits_of, finding, told in proof.findings:
        say(console, f"  {code or 'units'}: {finding} ({edits_of or 'no rule set said'}): {told}")


def _show_worth(console: Console, proof: DenialProof) -> None:
    denial = proof.denial
    if denial["expected_amount"] is None:
        console.print("\n[bold]Worth: not known[/bold]")
        say(console, f"  {denial['price_reason']}")
        return
    console.print(
        f"\n[bold]Worth: ${denial['recoverable_amount']} more for the day[/bold]  price of the line"
        f" ${denial['expected_amount']}, contract {escape(str(denial['contract']))} ({escape(str(denial['contract_file']))})"
    )
    show_steps(console, proof.steps)


def _show_deadline(console: Console, proof: DenialProof) -> None:
    denial = proof.denial
    if denial["status"] == "paid":
        say(console, f"Paid on {denial['paid_date']}: ${denial['recovered_amount']} came of it")
    elif denial["deadline_date"] is None:
        say(console, f"No deadline: {denial['deadline_source'] or 'no clock runs for it'}")
    else:
        left = denial["status"] if denial["days_left"] is None else f"{denial['days_left']} days left"
        say(
            console,
            f"By {denial['deadline_date']} ({left}): {denial['deadline_level']},"
            f" to {denial['submit_to'] or '(see contract)'}; {denial['deadline_source'] or ''}",
        )
