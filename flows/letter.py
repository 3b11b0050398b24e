"""`shortpay letter`: what came from a payer by post starts a clock; what was answered stops it."""

from __future__ import annotations

import datetime as dt
import getpass
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Annotated

import typer

from contracts import clocks
from flows.home import Home, HomeError
from flows.terminal import Terminal
from warehouse.entered import EntryError, day_of, short_text
from warehouse.journal import Journal

app = typer.Typer(
    no_args_is_help=True, help="Letters of payers that start a clock: add one, say it is answered."
)
HomeOption = Annotated[Path, typer.Option("--home", help="The home folder")]
_DAY = ["%Y-%m-%d"]
_OTHER = "other"


@app.command()
def add(
    kind: Annotated[
        str,
        typer.Argument(
            help="documentation_request, recoupment_demand, redetermination_decision; other needs --days"
        ),
    ],
    dated: Annotated[dt.datetime, typer.Option("--dated", formats=_DAY, help="The date on the letter")],
    home: HomeOption = Path(),
    days: Annotated[
        int | None, typer.Option("--days", min=1, max=3660, help="Days the letter itself gives")
    ] = None,
    payer: Annotated[str | None, typer.Option("--payer")] = None,
    account: Annotated[str | None, typer.Option("--account", help="The patient account it is about")] = None,
    claim: Annotated[str | None, typer.Option("--claim", help="The payer's claim number")] = None,
    amount: Annotated[str | None, typer.Option("--amount", help="Dollars at stake")] = None,
    note: Annotated[str | None, typer.Option("--note")] = None,
) -> None:
    """Write down a letter; the next night lists what must be sent by when (out.deadline)."""
    place = Home.open(home)
    known = clocks()["kind"].unique(maintain_order=True).to_list()
    if kind not in known and (kind != _OTHER or days is None):
        raise typer.BadParameter(f"one of {', '.join(known)}; or other, with --days", param_hint="KIND")
    today = place.today()
    try:
        entry = {
            "when_date": today.isoformat(),
            "who": getpass.getuser(),
            "kind": kind,
            "letter_date": str(day_of(dated.date(), today)),
            "days": days,
            "payer": short_text(payer, "payer") or None,
            "patient_account": short_text(account, "account") or None,
            "payer_claim_number": short_text(claim, "claim") or None,
            "amount": _dollars(amount),
            "note": short_text(note, "note") or None,
        }
    except EntryError as error:
        raise typer.BadParameter(str(error)) from None
    journal = Journal(place.folder("journal"))
    letter = f"L-{1 + sum(1 for one in journal.read('letter') if one.get('kind')):04d}"
    journal.add("letter", [{"letter_id": letter, **entry}])
    Terminal().print(f"{letter}: {kind} of {dated.date()}; the next night lists its days", markup=False)


@app.command()
def done(
    letter: str,
    home: HomeOption = Path(),
    on: Annotated[
        dt.datetime | None,
        typer.Option("--on", formats=_DAY, help="The day it was answered; left out: today"),
    ] = None,
) -> None:
    """Say that a letter was answered."""
    place = Home.open(home)
    journal = Journal(place.folder("journal"))
    known = [entry for entry in journal.read("letter") if entry.get("letter_id") == letter.upper()]
    if not known:
        raise HomeError(f"{letter}: no letter has this number; see out.deadline")
    day = on.date() if on else place.today()
    written = min(str(entry["letter_date"]) for entry in known if entry.get("letter_date"))
    if not written <= str(day) <= str(place.today()):
        raise typer.BadParameter(f"a letter of {written} was not answered on {day}", param_hint="--on")
    entry = {
        "letter_id": letter.upper(),
        "when_date": place.today().isoformat(),
        "who": getpass.getuser(),
        "answered_date": day.isoformat(),
    }
    journal.add("letter", [entry])
    Terminal().print(f"{letter.upper()}: answered on {day}", markup=False)


def _dollars(text: str | None) -> str | None:
    if text is None:
        return None
    try:
        amount = Decimal(text.replace(",", "").removeprefix("$"))
    except InvalidOperation:
        raise typer.BadParameter(f"{text!r} is no amount; write it like 120.00") from None
    if not (Decimal(0) <= amount < Decimal(10) ** 15) or amount != round(amount, 2):
        raise typer.BadParameter(f"{text!r} is no amount in dollars and cents")
    return str(amount)
