"""Printing the proof of a line and of its dispute."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.markup import escape

from flows.proof_parts import say, show_steps

if TYPE_CHECKING:
    from rich.console import Console

    from warehouse.claim_history import History
    from warehouse.explain import Proof

Line = dict[str, Any]
_OPEN = ("short", "taken back")


def show_proof(console: Console, proof: Proof) -> None:
    """Print what a biller needs to check a line with a calculator, and what became of its dispute."""
    _show_head(console, proof.line)
    _show_segments(console, proof)
    _show_allowed(console, proof)
    _show_expected(console, proof)
    line = proof.line
    if line["carries"] and line["standing"] in _OPEN:
        _show_dispute(console, line)
    for code, detail in proof.findings:
        console.print(f"Also: {code}: {escape(detail)}")
    show_history(console, proof.history, lines=False)


def _show_head(console: Console, line: Line) -> None:
    name = f"Dispute {line['dispute_id']}" if line["carries"] else "Line"
    status = line["status"] if line["carries"] else line["verdict"]
    console.print(f"[bold]{name}[/bold]  {escape(str(line['payer']))}, {status}")
    console.print(
        f"Account {escape(str(line['patient_account']))}, claim {escape(str(line['payer_claim_number']))},"
        f" {escape(str(line['procedure_code']))} on {line['service_date']}"
    )
    if line["dispute_id"] and not line["carries"]:
        console.print(
            f"An earlier or other decision on it is dispute {line['dispute_id']}, {line['status']}."
        )
    elif line["dispute_id"] and line["standing"] not in _OPEN:
        console.print(
            f"Short by ${line['first_shortfall_amount']} when first published on {line['first_seen_date']};"
            f" ${line['recovered_amount']} recovered since. What follows is how it stands now.",
        )
    if not (line["carries"] and line["standing"] in _OPEN):
        reason = f": {escape(line['reason'])}" if line["reason"] else ""
        console.print(f"{line['verdict']}{reason}", soft_wrap=True)


def _show_segments(console: Console, proof: Proof) -> None:
    line = proof.line
    console.print(
        f"\n[bold]What the remittance says[/bold]  {escape(str(line['source_file']))}, segment {line['source_segment']}"
    )
    for segment in proof.segments:
        say(console, f"  {segment}")


def _show_allowed(console: Console, proof: Proof) -> None:
    allowed = proof.allowed
    if proof.line["allowed_amount"] is None:
        console.print("\n[bold]Allowed: cannot be said[/bold]")
    else:
        console.print(
            f"\n[bold]Allowed: ${proof.line['allowed_amount']}[/bold]  (agree: {allowed['agreement']})"
        )
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


def _show_expected(console: Console, proof: Proof) -> None:
    line = proof.line
    if not proof.steps:
        return
    amount = "cannot be said" if line["expected_amount"] is None else f"${line['expected_amount']}"
    console.print(
        f"\n[bold]Expected: {amount}[/bold]  contract {escape(str(line['contract']))}"
        f" ({escape(str(line['contract_file']))})"
    )
    show_steps(console, proof.steps)
    if proof.price.get("unproven"):
        console.print(
            f"  the least of {proof.price['low']} to {proof.price['high']}: {proof.price['unproven']}",
            markup=False,
        )


def _show_dispute(console: Console, line: Line) -> None:
    console.print(
        f"\n[bold]Short by ${line['shortfall_amount']}[/bold]  cause: {escape(line['cause'])}"
        f"  (project {line['project']})"
    )
    if line["judged_with"]:
        console.print(f"  {escape(line['judged_with'])}")
    console.print(f"  {escape(line['cause_evidence'] or '')}")
    if line["rivals"]:
        console.print(f"  other mistakes that come to the same cents: {escape(line['rivals'])}")
    left = line["status"] if line["days_left"] is None else f"{line['days_left']} days left"
    console.print(
        f"Dispute by {line['dispute_by']} ({left}): {line['dispute_level']},"
        f" to {escape(line['submit_to'] or '(see contract)')}; {escape(line['window_source'] or '')}"
    )


def show_history(console: Console, history: History, *, lines: bool = True) -> None:
    """Print each decision on a claim: where it came from, its amounts, whether it stands and why."""
    console.print("\n[bold]The claim's history[/bold]")
    for decision in history.decisions:
        console.print(
            f"  {decision.remittance_date}  {decision.state}: {escape(decision.state_reason)}",
        )
        console.print(
            f"    status {decision.claim_status_code}, charge {decision.charge_amount}, paid {decision.paid_amount};"
            f" account {escape(str(decision.patient_account))}, claim {escape(str(decision.payer_claim_number))};"
            f" trace {escape(str(decision.trace_number))}, {escape(decision.source_file)} segment {decision.source_segment}",
            highlight=False,
            soft_wrap=True,
        )
        for code, service, charge, paid, allowed, verdict, reason, segment in decision.lines if lines else []:
            console.print(
                f"      segment {segment}: {escape(str(code))} on {service}: charge {charge}, paid {paid}, allowed {allowed}:"
                f" {verdict}" + (f" ({escape(reason)})" if reason else ""),
                highlight=False,
                soft_wrap=True,
            )
    for date, code, reference, amount, tie in history.takebacks:
        console.print(f"  {date}  PLB {code} {escape(str(reference))}: {amount} (tied by {tie})")
