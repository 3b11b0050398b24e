"""Printing a proof that was made again, in sentences for the person who sends it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.markup import escape
from rich.table import Table

from contracts import TermsError
from warehouse.journal import Journal
from warehouse.replay import Records, replay
from warehouse.rule_set import PROGRAM, Rules, read_rules

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator

    import duckdb
    from rich.console import Console

    from flows.home import Home
    from warehouse.journal import Entry
    from warehouse.replay import Answer, Comparison, Reason, Replay

_NAMES = {
    "standing": "stands as",
    "allowed_amount": "allowed",
    "expected_amount": "expected",
    "shortfall_amount": "short by",
    "cause": "cause",
    "dispute_by": "dispute by",
}
_TOLD = {
    "paid": "A later decision pays it: ${allowed_amount} allowed now; ${recovered_amount} recovered.",
    "taken back": "It was paid and then taken back by the payer: ${shortfall_amount} is open.",
    "corrected": "No more is allowed than before, and nothing is short under what is known now: {verdict}.",
    "reversed": "The payer has taken the decision back; its correction has not come.",
    "denied": "A later decision does not pay the line: {verdict} ({reason}).",
    "unjudged": "The line cannot be judged any more: {verdict} ({reason}).",
    "gone": "No decision on the line stands any more.",
    "never short": "The line is not short: {verdict}.",
}


def replayed(con: duckdb.DuckDBPyConnection, home: Home, dispute_id: str, today: dt.date) -> Replay:
    """Make a dispute of a home again, under what was recorded and under what its folders hold now."""
    try:
        now: Rules | TermsError = read_rules(home.rules)
    except TermsError as error:
        now = error
    records = Records(con, home.folder("archive"), Journal(home.folder("journal")), dispute_id.upper())
    return replay(records, now, today)


def show_replay(console: Console, replay: Replay) -> None:
    """Print both answers, what differs beside what was published, and what changed since."""
    entry = replay.entry
    console.print(
        f"\n[bold]Replay of {replay.dispute_id}[/bold] as published on {entry['when_date']}, version {entry['version']}"
    )
    console.print(f"  {_published(entry)}", markup=False, soft_wrap=True)
    kept = [one for one in replay.rules.files if one.folder != PROGRAM]
    if replay.file_names:
        files = escape(", ".join(replay.file_names))
        console.print(
            f"  made from {files} and {len(kept)} files of contracts, tables and sites (rule set {replay.rules.name}),"
            " all by their archived bytes",
            highlight=False,
            soft_wrap=True,
        )
    _show_answer(console, "1. Does the proof come out as it was published?", replay.as_published)
    _show_answer(console, f"2. Does it still hold on {replay.today.as_of}?", replay.today)
    for sentence in _sentences(replay):
        console.print(f"   {sentence}", markup=False, soft_wrap=True)
    _show_reasons(console, replay)


def _sentences(replay: Replay) -> Iterator[str]:
    """Say what became of the dispute, beyond its figures."""
    found, entry, today = replay.today.found, replay.entry, replay.today.as_of
    if found is None:
        return
    if found["standing"] in _TOLD:
        yield _TOLD[found["standing"]].format(**found)
    if found["standing"] in {"short", "taken back"}:
        level, last = found["dispute_level"], found["dispute_by"]
        if level != entry.get("dispute_level", level):
            yield f"The level is now {level}, by {last}; published: {entry['dispute_level']}, by {entry['dispute_by']}."
        if last is not None and last < today and found["status"] != "sent":
            yield f"The last day to dispute it, {last}, has passed."


def _published(entry: Entry) -> str:
    judged, cause = entry.get("judged_allowed_amount"), str(entry["cause"]).replace("_", " ")
    return (
        f"{entry['standing']}: allowed ${entry['allowed_amount']}, expected ${entry['expected_amount']}, short by"
        f" ${entry['shortfall_amount']}; cause: {cause}; dispute by {entry.get('dispute_by')}"
        + (f"; judged on the sum of several lines: ${judged} allowed" if judged else "")
    )


def _show_answer(console: Console, question: str, answer: Answer) -> None:
    if answer.problem:
        console.print(f"\n[bold]{question}[/bold]  Cannot be said.")
        console.print(f"   {answer.problem}", markup=False, soft_wrap=True)
        return
    if answer.holds:
        console.print(f"\n[bold]{question}[/bold]  Yes, in every figure.")
        return
    console.print(f"\n[bold]{question}[/bold]  No.")
    table = Table(box=None, pad_edge=False, padding=(0, 3))
    for name in ("", "published", "made again", ""):
        table.add_column(name)
    for one in answer.comparisons:
        mark = "" if one.holds else "differs"
        table.add_row(
            _NAMES[one.name], *(_told(one.name, value) for value in (one.published, one.found)), mark
        )
    console.print(table)


def _show_reasons(console: Console, replay: Replay) -> None:
    if not replay.as_published.holds and replay.as_published.found:
        console.print(
            "\nWhat was recorded does not give what was published. " + _suspect(replay.reasons),
        )
    telling = [reason for reason in replay.reasons if reason.effects]
    silent = [reason for reason in replay.reasons if not reason.effects and reason.change.what != "calendar"]
    if not replay.today.holds and replay.today.found:
        console.print("\n[bold]What changed since[/bold]")
        for reason in telling:
            effects = "; ".join(_effect(one) for one in reason.effects)
            console.print(
                f"  - {reason.change.told}. By itself: {effects}",
                markup=False,
                highlight=False,
                soft_wrap=True,
            )
        if not telling:
            console.print("  Nothing that changed does it by itself; several changes do together.")
    for reason in silent:
        told = f"Changed since, with no effect on this line: {reason.change.told}"
        console.print(told, markup=False, soft_wrap=True)


def _suspect(reasons: list[Reason]) -> str:
    programs = [reason.change.told for reason in reasons if reason.change.what == "program"]
    if programs:
        return f"It was made again by another program: {escape(programs[0])}."
    return "The program is the same, so archive or journal were changed, or the program is wrong: report it."


def _effect(one: Comparison) -> str:
    return f"{_NAMES[one.name]} {_told(one.name, one.found)} instead of {_told(one.name, one.published)}"


def _told(name: str, value: Any) -> str:
    if value is None:
        return "none"
    return f"${value}" if name.endswith("_amount") else str(value).replace("_", " ")
