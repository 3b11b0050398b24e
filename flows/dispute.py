"""`shortpay dispute`: set what happened to a dispute, and show its life."""

from __future__ import annotations

import datetime as dt
import getpass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from flows.home import Home, HomeError
from flows.terminal import Terminal
from warehouse.edits import Standing
from warehouse.entered import EntryError, decision_of, short_text, status_of
from warehouse.journal import Journal

if TYPE_CHECKING:
    from warehouse.journal import Entry

app = typer.Typer(no_args_is_help=True, help="What happened to a dispute: set it, show it.")
HomeOption = Annotated[Path, typer.Option("--home", help="The home folder")]
_DAY = ["%Y-%m-%d"]


@app.command("set")
def set_(
    dispute: str,
    home: HomeOption = Path(),
    status: Annotated[
        str | None,
        typer.Option("--status", help="new, reviewing, sent, won, partly won, lost, invalid, written off"),
    ] = None,
    assignee: Annotated[str | None, typer.Option("--assignee", help="Who works on it; '' for nobody")] = None,
    note: Annotated[str | None, typer.Option("--note", help="What there is to say; '' takes it off")] = None,
    decided: Annotated[
        str | None,
        typer.Option("--decided", help="Day of the payer's answer, like 2026-07-01; '' takes it off"),
    ] = None,
    who: Annotated[str | None, typer.Option("--who", help="Who says so; left out: the user")] = None,
    on: Annotated[
        dt.datetime | None, typer.Option("--on", formats=_DAY, help="The day it counts from; left out: today")
    ] = None,
) -> None:
    """Set status, assignee or note; the next night shows it. What was set before is kept."""
    place = Home.open(home)
    when = on.date() if on else place.today()
    if when > place.today():
        raise typer.BadParameter(f"{when} is still to come", param_hint="--on")
    changes = _changes(status, assignee, note, decided, when)
    if not changes:
        raise typer.BadParameter("nothing to set: give --status, --assignee, --note or --decided")
    journal = Journal(place.folder("journal"))
    standing = _known(journal, dispute.upper())
    entry = standing.event(dispute.upper(), changes, when, who or getpass.getuser(), "command")
    journal.add("event", [entry])
    told = ", ".join(f"{name} {value!r}" for name, value in changes.items())
    Terminal().print(f"{dispute.upper()}: {told}, as of {when}; the next night shows it", markup=False)


def _changes(
    status: str | None, assignee: str | None, note: str | None, decided: str | None, when: dt.date
) -> dict[str, str]:
    try:
        changes = {
            "status": None if status is None else status_of(status),
            "assignee": None if assignee is None else short_text(assignee, "assignee"),
            "note": None if note is None else short_text(note, "note"),
            "decision_date": None if decided is None else str(decision_of(decided, when) or ""),
        }
    except EntryError as error:
        raise typer.BadParameter(str(error)) from None
    return {name: value for name, value in changes.items() if value is not None}


def _known(journal: Journal, dispute: str) -> Standing:
    standing = Standing(journal)
    if dispute not in standing.latest:
        raise HomeError(f"{dispute}: no dispute has this id; see the column dispute_id of worklist.csv")
    return standing


@app.command()
def show(dispute: str, home: HomeOption = Path()) -> None:
    """Print a dispute's life: each state it was published in, and each change by a person."""
    journal = Journal(Home.open(home).folder("journal"))
    _known(journal, dispute.upper())
    console = Terminal()
    console.print(f"[bold]Dispute {escape(dispute.upper())}[/bold]")
    told = [(entry["when_date"], 0, _published(entry)) for entry in _of(journal, "published", dispute)]
    told += [(entry["when_date"], 1, _set(entry)) for entry in _of(journal, "event", dispute)]
    told += [(entry["when_date"], 2, _refused(entry)) for entry in _of(journal, "refused_edit", dispute)]
    for day, _, text in sorted(told, key=lambda entry: entry[:2]):
        console.print(f"  {day}  {text}", markup=False, soft_wrap=True)


def _of(journal: Journal, book: str, dispute: str) -> list[Entry]:
    return [entry for entry in journal.read(book) if entry.get("dispute_id") == dispute.upper()]


def _published(entry: Entry) -> str:
    amounts = f"allowed {entry['allowed_amount']}, expected {entry['expected_amount']}, short {entry['shortfall_amount']}"
    recovered = f", recovered {entry['recovered_amount']}" if entry["recovered_amount"] != "0.00" else ""
    return f"published as {entry['status']} ({entry['standing']}): {amounts}{recovered}"


def _set(entry: Entry) -> str:
    named = ("status", "assignee", "note", "decision_date")
    told = [f"{name} {entry[name]!r}" for name in named if entry.get(name) is not None]
    cleared = ["decision_date ''"] if entry.get("decision_cleared") else []
    return f"{entry['who']} set {', '.join([*told, *cleared])} ({entry['source']})"


def _refused(entry: Entry) -> str:
    place = f"{entry['source_file']}, {entry['sheet']} row {entry['row_number']}"
    return f"not taken: {place}: {entry['edit_code']}: {entry['message']}"
