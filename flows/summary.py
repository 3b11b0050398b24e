"""What a night found, in counts and dollars, for the terminal and for the scheduler. No patient data."""

from __future__ import annotations

import html
import re
import shlex
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from rich.markup import escape
from rich.table import Table

from flows.terminal import command

if TYPE_CHECKING:
    from pathlib import Path

    import duckdb
    from rich.console import Console

Rows = list[tuple[Any, ...]]


@dataclass(frozen=True)
class Summary:
    """Coverage: (verdict, lines, charged); payers: (payer, lines, short, open $, expired $, first deadline); next_up: see SQL."""

    coverage: Rows
    payers: Rows
    next_up: Rows
    open_count: int
    open_amount: Decimal
    expired_count: int
    expired_amount: Decimal
    files: dict[str, int] = field(default_factory=dict)
    refusals: Rows = field(default_factory=list)
    opinions: dict[str, int] | None = field(default_factory=dict)
    edits: dict[str, int] = field(default_factory=dict)
    encounters: dict[str, int] = field(default_factory=dict)
    alarm_count: int = 0
    alarm_amount: Decimal = Decimal(0)
    recovered_amount: Decimal = Decimal(0)
    denials: Rows = field(default_factory=list)
    lanes: Rows = field(default_factory=list)
    """(lane, sense, rows, priced rows, dollars, first deadline), from view.lane_worth."""

    def with_files(self, counts: dict[str, int]) -> Summary:
        return replace(self, files=counts)

    def with_edits(self, counts: dict[str, int]) -> Summary:
        return replace(self, edits=counts)

    def with_encounters(self, counts: dict[str, int]) -> Summary:
        return replace(self, encounters=counts)

    def with_opinions(self, counts: dict[str, int] | None) -> Summary:
        """Add tonight's files by pyx12's opinion; None: it could not be had."""
        return replace(self, opinions=counts)


def summarise(con: duckdb.DuckDBPyConnection) -> Summary:
    """Read the summary from the `out` tables."""
    totals = "select count(*), coalesce(sum(shortfall_amount), 0) from out."
    opened = con.execute(totals + "worklist").fetchall()[0]
    expired = con.execute(totals + "expired").fetchall()[0]
    alarm = con.execute(totals + "worklist where alarm is not null").fetchall()[0]
    (recovered,) = con.execute("select coalesce(sum(recovered_amount), 0) from out.life").fetchall()[0]
    return Summary(
        coverage=con.execute("select verdict, line_count, charge_amount from out.coverage").fetchall(),
        payers=con.execute(
            "select payer, judged_line_count, short_line_count, open_shortfall_amount, expired_shortfall_amount,"
            " first_dispute_by from out.payer"
        ).fetchall(),
        next_up=con.execute(
            "select dispute_id, payer, procedure_code, service_date, shortfall_amount, dispute_by, days_left"
            " from out.worklist where days_left is not null limit 10"
        ).fetchall(),
        open_count=opened[0],
        open_amount=opened[1],
        expired_count=expired[0],
        expired_amount=expired[1],
        alarm_count=alarm[0],
        alarm_amount=alarm[1],
        recovered_amount=recovered,
        denials=con.execute(
            "select strategy, count(*), coalesce(sum(recoverable_amount), 0), min(deadline_date) from out.denial"
            " where status = 'open' group by strategy order by 3 desc, 1"
        ).fetchall(),
        lanes=_lane_worth(con),
    )


def _lane_worth(con: duckdb.DuckDBPyConnection) -> Rows:
    """What each lane is worth; nothing before a night has weighed encounters."""
    there = con.execute(
        "select count(*) from duckdb_views() where schema_name = 'view' and view_name = 'lane_worth'"
    )
    return con.execute("from view.lane_worth").fetchall() if there.fetchall()[0][0] else []


def as_markdown(summary: Summary) -> str:
    """Write the summary for the scheduler's artifact: counts and dollars per payer."""
    files = ", ".join(f"{count} {outcome}" for outcome, count in sorted(summary.files.items())) or "none"
    lines = [
        f"Files: {files}",
        (
            f"Open disputes: {summary.open_count}, ${summary.open_amount:,.2f};"
            f" expired: {summary.expired_count}, ${summary.expired_amount:,.2f};"
            f" last chance: {summary.alarm_count}, ${summary.alarm_amount:,.2f};"
            f" recovered so far: ${summary.recovered_amount:,.2f}"
        ),
        "",
        "| payer | lines | short | open | expired |",
        "|---|---|---|---|---|",
    ]
    lines += [f"| {_plain(p)} | {n} | {s} | ${o:,.2f} | ${e:,.2f} |" for p, n, s, o, e, _ in summary.payers]
    lines += ["", "| verdict | lines |", "|---|---|", *(f"| {v} | {n} |" for v, n, _ in summary.coverage)]
    if summary.lanes:
        lines += ["", "| lane beside the disputes | | rows | dollars |", "|---|---|---|---|"]
    lines += [
        f"| {lane} | {sense} | {rows} | {_dollars(worth)} |"
        for lane, sense, rows, _, worth, _ in summary.lanes
    ]
    return "\n".join(lines)


def _dollars(amount: Decimal | None) -> str:
    return "" if amount is None else f"${amount:,.2f}"


def _plain(text: str) -> str:
    """Return a name as a page shows it: no markup, no column of its own, no line end."""
    return html.escape(re.sub(r"[\\`*_\[\]|~!]", r"\\\g<0>", " ".join(text.split())))


def show(console: Console, summary: Summary, published: Path) -> None:
    """Print what a payment poster wants to know first."""
    counts = summary.files
    console.print(
        f"\nFiles tonight: {counts.get('loaded', 0)} read, {counts.get('duplicate', 0)} seen before,"
        f" {counts.get('refused', 0)} quarantined"
    )
    if counts.get("stuck"):
        console.print(
            f"{counts['stuck']} files are safe but cannot be removed from the inbox: let this user write there"
        )
    _show_edits(console, summary.edits)
    _show_encounters(console, summary.encounters)
    _show_opinions(console, summary.opinions)
    verdicts = _table("Lines by verdict", ("verdict", ""), ("lines", "right"), ("charged", "right"))
    for verdict, lines, charged in summary.coverage:
        verdicts.add_row(verdict, str(lines), f"${charged:,.2f}")
    console.print(verdicts)
    payers = _table(
        "Short by payer",
        ("payer", ""),
        ("lines", "right"),
        ("short", "right"),
        ("open", "right"),
        ("expired", "right"),
        ("first deadline", ""),
    )
    for payer, lines, short, opened, expired, first in summary.payers:
        payers.add_row(
            escape(payer), str(lines), str(short), f"${opened:,.2f}", f"${expired:,.2f}", str(first or "")
        )
    console.print(payers)
    soon = _table(
        "First to expire",
        ("dispute", ""),
        ("payer", ""),
        ("code", ""),
        ("service", ""),
        ("short", "right"),
        ("dispute by", ""),
        ("days left", "right"),
    )
    for dispute, payer, code, service, short, by, days in summary.next_up:
        soon.add_row(
            dispute, escape(payer), escape(str(code)), str(service), f"${short:,.2f}", str(by), str(days)
        )
    console.print(soon)
    if summary.denials:
        console.print(_denials(summary.denials))
    if summary.lanes:
        console.print(_lanes(summary.lanes))
    console.print(
        f"Open: {summary.open_count} disputes, ${summary.open_amount:,.2f}."
        f" Expired: {summary.expired_count}, ${summary.expired_amount:,.2f}."
        f" Recovered so far: ${summary.recovered_amount:,.2f}."
    )
    if summary.alarm_count:
        console.print(
            f"[bold]Last chance: {summary.alarm_count} disputes, ${summary.alarm_amount:,.2f}, expire before the next"
            " night.[/bold]"
        )
    console.print(f"Worklist:  {published / 'worklist.xlsx'}", markup=False, soft_wrap=True)
    console.print(f"Database:  {published / 'shortpay.duckdb'}", markup=False, soft_wrap=True)
    if summary.next_up:
        proof = f"The proof: {command()} explain {summary.next_up[0][0]} --home {shlex.quote(str(published.parent))}"
        console.print(proof, markup=False, soft_wrap=True)


def _denials(rows: Rows) -> Table:
    """Denials are a lane of their own: none of it is in what is short."""
    table = _table(
        "Denials by what to do",
        ("what to do", ""),
        ("lines", "right"),
        ("worth", "right"),
        ("first deadline", ""),
    )
    for strategy, lines, worth, first in rows:
        table.add_row(strategy, str(lines), f"${worth:,.2f}", str(first or ""))
    return table


def _lanes(rows: Rows) -> Table:
    """What each lane is worth. They overlap and are not added up; none of it is in what is short."""
    table = _table(
        "Beside the disputes",
        ("lane", ""),
        ("rows", "right"),
        ("with a figure", "right"),
        ("worth", "right"),
        ("", ""),
        ("first deadline", ""),
    )
    for lane, sense, count, priced, worth, first in rows:
        table.add_row(lane, str(count), str(priced), _dollars(worth), sense, str(first or ""))
    return table


def _show_edits(console: Console, edits: dict[str, int]) -> None:
    if edits.get("workbooks"):
        refused = (
            f"; {edits['refused']} rows not taken: see sheet Refused edits" if edits.get("refused") else ""
        )
        console.print(f"Workbooks: {edits['workbooks']} taken in, {edits.get('edits', 0)} edits{refused}")
    if edits.get("set_aside"):
        console.print(f"Workbooks that are none of ours: {edits['set_aside']}, in quarantine with the reason")


def _show_encounters(console: Console, counts: dict[str, int]) -> None:
    if counts:
        console.print(
            f"Encounter files: {counts.get('encounters', 0)} read, {counts.get('encounters_duplicate', 0)} seen before,"
            f" {counts.get('encounters_refused', 0)} quarantined"
        )


def _show_opinions(console: Console, opinions: dict[str, int] | None) -> None:
    if opinions is None:
        console.print("Against the guide (pyx12): could not be checked; the next night tries again")
    elif opinions:
        said = ", ".join(f"{count} {opinion}" for opinion, count in sorted(opinions.items()))
        console.print(f"Against the guide (pyx12): {said}")


def _table(title: str, *columns: tuple[str, str]) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold", box=None, pad_edge=False)
    for name, justify in columns:
        table.add_column(
            name, justify="right" if justify else "left", no_wrap=name in {"dispute", "dispute by", "service"}
        )
    return table
