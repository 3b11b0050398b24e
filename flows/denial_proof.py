"""Printing the proof of a denial."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.markup import escape
from rich.table import Table

from flows.proof import show_history

if TYPE_CHECKING:
    from rich.console import Console

    from warehouse.denial_proof import DenialProof


def show_denial(console: Console, proof: DenialProof) -> None:
    """Print what a biller needs to act on a denial, and to check it."""
    denial = proof.denial
    console.print(
        f"[bold]Denial {denial['denial_id']}[/bold]  {escape(str(denial['payer']))}, {denial['status']}"
    )
    _say(
        console,
        f"Account {denial['patient_account']}, claim {denial['payer_claim_number']},"
        f" {denial['procedure_code']} on {denial['service_date']}",
    )
    console.print(
        f"\n[bold]What the remittance says[/bold]  {escape(str(denial['source_file']))}, segment {denial['source_segment']}"
    )
    for segment in proof.segments:
        _say(console, f"  {segment}")
    remarks = f", remarks {denial['remark_codes']}" if denial["remark_codes"] else ""
    _say(
        console,
        f"  refused: {denial['refused']} ({denial['refusal_codes']}{remarks}): {denial['denial_kind']}",
    )
    console.print(f"\n[bold]What to do: {denial['strategy']}[/bold]")
    _say(console, f"  {denial['argument']}")
    _say(console, f"  rule: {denial['rule_source']}")
    _say(console, f"  the file must contain: {denial['contains']}")
    _show_edits(console, proof)
    _show_worth(console, proof)
    _show_deadline(console, proof)
    show_history(console, proof.history, lines=False)


def _show_edits(console: Console, proof: DenialProof) -> None:
    if proof.findings:
        console.print("\n[bold]Held against the edits of the day[/bold]")
    for code, edits_of, finding, told in proof.findings:
        _say(console, f"  {code or 'units'}: {finding} ({edits_of or 'no rule set said'}): {told}")


def _show_worth(console: Console, proof: DenialProof) -> None:
    denial = proof.denial
    if denial["expected_amount"] is None:
        console.print("\n[bold]Worth: not known[/bold]")
        _say(console, f"  {denial['price_reason']}")
        return
    console.print(
        f"\n[bold]Worth: ${denial['recoverable_amount']} more for the day[/bold]  price of the line"
        f" ${denial['expected_amount']}, contract {escape(str(denial['contract']))} ({escape(str(denial['contract_file']))})"
    )
    table = Table(box=None, pad_edge=False)
    for name in ("step", "arithmetic", "source", "after"):
        table.add_column(name, justify="right" if name == "after" else "left")
    for operation, detail, source, after in proof.steps:
        table.add_row(
            operation, escape(detail or ""), escape(source or ""), "" if after is None else f"${after}"
        )
    console.print(table)


def _show_deadline(console: Console, proof: DenialProof) -> None:
    denial = proof.denial
    if denial["status"] == "paid":
        _say(console, f"Paid on {denial['paid_date']}: ${denial['recovered_amount']} came of it")
    elif denial["deadline_date"] is None:
        _say(console, f"No deadline: {denial['deadline_source'] or 'no clock runs for it'}")
    else:
        left = denial["status"] if denial["days_left"] is None else f"{denial['days_left']} days left"
        _say(
            console,
            f"By {denial['deadline_date']} ({left}): {denial['deadline_level']},"
            f" to {denial['submit_to'] or '(see contract)'}; {denial['deadline_source'] or ''}",
        )


def _say(console: Console, text: str) -> None:
    console.print(text, markup=False, highlight=False, soft_wrap=True)
