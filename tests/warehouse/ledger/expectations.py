"""What a case expects, and what the warehouse says of it, in one form."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import duckdb

STATES = {
    "SURVIVING": "stands",
    "REVERSED": "taken back",
    "REVERSAL": "reversal",
    "SUPERSEDED": "replaced",
    "RESENT": "repeated",
    "PENDING": "pending",
    "IN_DOUBT": "in doubt",
    "APART": "apart",
}
KINDS = ("interest", "takeback", "forwarded", "refund", "withhold", "levy", "other_adjustment", "difference")
_ITEM = re.compile(
    r"(?P<verdict>[A-Z_]+)(?: (?P<allowed>-?[\d.]+))?(?: short (?P<short>[\d.]+))?"
    r"(?: by (?P<by>[a-z ]+?))?(?: \((?P<reason>.*)\))?"
)


@dataclass(frozen=True)
class Line:
    """A line's verdict; what a case leaves out is None and not compared."""

    verdict: str
    allowed: Decimal | None
    short: Decimal | None
    by: str | None
    reason: str

    def differs(self, seen: Line) -> bool:
        """Whether what the warehouse says is not what is expected here."""
        return (
            self.verdict != seen.verdict
            or (self.allowed is not None and self.allowed != seen.allowed)
            or (self.verdict == "NOT_COMPARABLE" and self.allowed != seen.allowed)
            or (self.verdict == "UNDERPAID") != bool(seen.short)
            or (self.short is not None and self.short != seen.short)
            or (self.by is not None and self.by != seen.by)
            or self.reason not in seen.reason
        )


Claims = dict[str, tuple[str, list[Line]]]


def expected(rows: list[str]) -> Claims:
    """Read the rows of `expect`: claim -> its state and its lines."""
    found: Claims = {}
    for row in rows:
        head, _, tail = row.partition(": ")
        claim, _, state = head.partition(" ")
        found[claim] = (state, [_line(item.strip()) for item in tail.split(";")])
    return found


def _line(text: str) -> Line:
    match = _ITEM.fullmatch(text)
    assert match, text
    allowed, short = (None if match[n] is None else Decimal(match[n]) for n in ("allowed", "short"))
    return Line(match["verdict"], allowed, short, match["by"], match["reason"] or "")


def seen(con: duckdb.DuckDBPyConnection, prefix: str) -> Claims:
    """What the warehouse says of the files whose names start with `prefix`."""
    rows = con.execute(
        "select v.source_file, v.claim, j.state, v.verdict, v.allowed_amount, v.shortfall_amount, v.agreement, v.reason"
        " from core.verdict v join core.adjudication j on j.file_hash = v.file_hash and j.claim = v.claim"
        " where starts_with(v.source_file, ?) order by v.source_file, v.claim, v.line",
        [prefix],
    ).fetchall()
    found: Claims = {}
    for name, claim, state, *line in rows:
        key = f"{name.removeprefix(prefix).removesuffix('.835')}{claim}"
        verdict, allowed, short, by, reason = line
        found.setdefault(key, (STATES[state], []))[1].append(Line(verdict, allowed, short, by, reason or ""))
    return found


def differences(wanted: Claims, got: Claims) -> list[str]:
    """Each claim on which the two disagree, as text."""
    off = [f"{claim}: {wanted.get(claim)} / {got.get(claim)}" for claim in sorted(wanted.keys() ^ got.keys())]
    for claim in sorted(wanted.keys() & got.keys()):
        (state, lines), (seen_state, seen_lines) = wanted[claim], got[claim]
        if state != seen_state or len(lines) != len(seen_lines):
            off.append(f"{claim}: expected {state} of {len(lines)} lines, found {seen_state}: {seen_lines}")
            continue
        off += [
            f"{claim}/{n}: expected {a}, found {b}"
            for n, (a, b) in enumerate(zip(lines, seen_lines, strict=True), 1)
            if a.differs(b)
        ]
    return off


def findings(con: duckdb.DuckDBPyConnection, prefix: str) -> list[str]:
    """What was found on lines, as `A1/2 UNITS_CUT`."""
    rows = con.execute(
        "select f.name, n.claim, n.line, n.finding_code from core.line_finding n"
        " join era.file_seen f on f.file_hash = n.file_hash where starts_with(f.name, ?)",
        [prefix],
    ).fetchall()
    return sorted(f"{_file(name, prefix)}{claim}/{line} {code}" for name, claim, line, code in rows)


def takebacks(con: duckdb.DuckDBPyConnection, prefix: str) -> list[str]:
    """Takebacks, and balances carried that name a claim, as `B WO 38.00 -> K1 N1` (the claim's first decision)."""
    rows = con.execute(
        "select f.name, a.reason_code, a.adjustment_amount,"
        " (select arg_min(concat_ws(' ', c.patient_account, c.payer_claim_number), t.sequence) from core.thread t"
        "  join core.claim c on c.file_hash = t.file_hash and c.claim = t.claim where t.thread = a.thread)"
        " from core.provider_adjustment a join era.file_seen f on f.file_hash = a.file_hash"
        " where starts_with(f.name, ?)"
        " and (a.adjustment_class = 'takeback' or (a.adjustment_class = 'forwarded' and a.thread is not null))",
        [prefix],
    ).fetchall()
    return sorted(
        f"{_file(name, prefix)} {code} {amount} -> {re.sub(r'Q[0-9]{6}', '', claim or 'none')}"
        for name, code, amount, claim in rows
    )


def cash(con: duckdb.DuckDBPyConnection, prefix: str) -> list[str]:
    """What stands in the cash beside the claims, as `A interest -1.25`."""
    relation = con.sql(
        "select f.name, c.* from out.cash c join era.file_seen f on f.file_hash = c.file_hash"
        " where starts_with(f.name, $prefix)",
        params={"prefix": prefix},
    )
    rows = [dict(zip(relation.columns, row, strict=True)) for row in relation.fetchall()]
    return sorted(
        f"{_file(row['name'], prefix)} {kind.removesuffix('_adjustment')} {row[f'{kind}_amount']}"
        for row in rows
        for kind in KINDS
        if row[f"{kind}_amount"]
    )


def deadlines(con: duckdb.DuckDBPyConnection, prefix: str) -> list[str]:
    """Last days of disputes, as `A1/2 2027-05-01`."""
    rows = con.execute(
        "select v.source_file, v.claim, v.line, d.dispute_by from core.verdict v"
        " join out.dispute d on d.line_id = v.line_id where starts_with(v.source_file, ?)",
        [prefix],
    ).fetchall()
    return sorted(f"{_file(name, prefix)}{claim}/{line} {day}" for name, claim, line, day in rows)


def _file(name: str, prefix: str) -> str:
    return name.removeprefix(prefix).removesuffix(".835")
