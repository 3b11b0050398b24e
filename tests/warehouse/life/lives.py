"""Cases of tests/cases/life: histories of remittances, what people set between nights, how each dispute stands after."""

from __future__ import annotations

import datetime as dt
import re
import tomllib
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.warehouse.ledger.histories import Case, read_history

if TYPE_CHECKING:
    import duckdb

FOLDER = Path(__file__).parents[2] / "cases" / "life"
NIGHTS = {
    1: dt.date(2026, 5, 5),
    2: dt.date(2026, 6, 5),
    3: dt.date(2026, 7, 5),
    4: dt.date(2026, 8, 5),
    5: dt.date(2026, 10, 5),
    6: dt.date(2027, 5, 5),
}
SECOND_LEVEL = """
[[dispute]]
level  = "second appeal"
days   = 60
from   = "decision"
source = "made up"
"""
Seen = dict[tuple[int, str], dict[str, str]]
"""(night, procedure code) -> what is told of the dispute."""


@dataclass(frozen=True)
class Word:
    """What a person set on a day."""

    day: dt.date
    who: str
    changes: dict[str, str]
    code: str | None


def cases() -> list[Case]:
    rows = [
        (path.stem, row)
        for path in sorted(FOLDER.glob("*.toml"))
        for row in tomllib.loads(path.read_text(encoding="utf-8"))["case"]
    ]
    return [
        Case(number, theme, row, read_history(number, str(row["history"])))
        for number, (theme, row) in enumerate(rows, start=1)
    ]


def words(case: Case) -> list[Word]:
    """What people set, in the order of the case."""
    return [_word(text) for text in case.row.get("set", [])]  # type: ignore[attr-defined]


def _word(text: str) -> Word:
    code, day, who, rest = re.fullmatch(r"(?:(\d{5}) )?(\S{10}) (\w+) (.*)", text).groups()  # type: ignore[union-attr]
    rest, _, note = rest.partition("note=")
    options = dict(re.findall(r"(\w+)=(\S+)", rest))
    status = re.sub(r"\w+=\S+", "", rest).strip()
    changes = {"note": note} if note else {}
    changes |= {} if status == "-" else {"status": status}
    changes |= {"assignee": options["assignee"]} if "assignee" in options else {}
    changes |= {"decision_date": options["decided"]} if "decided" in options else {}
    return Word(dt.date.fromisoformat(day), who, changes, code)


def expected(case: Case) -> Seen:
    """What the case says of each night."""
    found: Seen = {}
    for text in case.row["expect"]:  # type: ignore[attr-defined]
        head, _, told = text.partition(": ")
        night, _, code = head.partition(" ")
        status, *rest = [item.strip() for item in told.split(",")]
        tokens = ([] if code == "sum" else [f"status {status}"]) + (
            rest if code != "sum" else [status, *rest]
        )
        found[int(night), code] = dict(_token(token) for token in tokens)
    return found


def _token(text: str) -> tuple[str, str]:
    if text in {"open", "closed"}:
        return "is", text
    name, _, value = text.partition(" ")
    return name, value


def disputes(con: duckdb.DuckDBPyConnection, case: Case) -> list[dict[str, Any]]:
    """The rows of out.life that belong to a case."""
    relation = con.sql(
        "select l.*, l.dispute_id = (select arg_min(p.dispute_id, p.number) from life.published p"
        " join life.line i using (file_hash, claim, line) where i.dispute_id = l.dispute_id) as name_kept"
        " from out.life l join era.file_seen f on f.file_hash = l.file_hash"
        " where starts_with(f.name, $prefix) order by l.procedure_code, l.dispute_id",
        params={"prefix": case.prefix},
    )
    return [dict(zip(relation.columns, row, strict=True)) for row in relation.fetchall()]


def told(row: dict[str, Any]) -> dict[str, str]:
    """A row of out.life in the words of the cases."""
    return {
        "status": row["status"],
        "is": "open" if row["is_open"] else "closed",
        "standing": row["standing"],
        "short": str(row["shortfall_amount"]),
        "recovered": str(row["recovered_amount"]),
        "taken": str(row["takeback_amount"]),
        "by": str(row["dispute_by"]),
        "window": "reopened" if row["window_reopened"] else "first",
        "level": str(row["dispute_level"]),
        "assignee": str(row["assignee"]),
        "note": str(row["note"]),
        "name": "kept" if row["name_kept"] else "new",
    }


def seen(rows: list[dict[str, Any]], wanted: Seen, night: int) -> Seen:
    """What the warehouse tells of a night, keyed as the case keys it."""
    found: Seen = {}
    for number, code in wanted:
        if number != night:
            continue
        own = [row for row in rows if code in {"", "sum", row["procedure_code"]}]
        if code == "sum":
            amounts = {"recovered": "recovered_amount", "taken": "takeback_amount"}
            found[night, code] = {n: str(sum((r[c] for r in own), Decimal(0))) for n, c in amounts.items()}
        elif len(own) == 1:
            found[night, code] = told(own[0])
        else:
            found[night, code] = {"status": "none" if not own else f"{len(own)} disputes"}
    return found
