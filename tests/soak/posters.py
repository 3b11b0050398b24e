"""A poster's workbook: some rows of an earlier edition's worklist, edited, saved, and dropped into the inbox days later."""

from __future__ import annotations

import datetime as dt
import random
from typing import TYPE_CHECKING, Any

import openpyxl
from python_calamine import CalamineWorkbook

if TYPE_CHECKING:
    from pathlib import Path

URGENT, OTHERS = 40, 60
"""Rows from the top, which several posters take, and from anywhere below."""
_STATUSES = ("sent", "reviewing", "sent", "written off", "Sent", "lost", "invalid", "no such status")


def bring_back(edition: Path, target: Path, seed: int, as_of: dt.date) -> None:
    """Write the workbook that comes back on the night of `as_of`; nothing where the edition lists nothing."""
    chance = random.Random(seed)
    header, *rows = CalamineWorkbook.from_path(str(edition)).get_sheet_by_name("Worklist").to_python()
    top, below = rows[:URGENT], rows[URGENT:]
    chosen = chance.sample(top, len(top) // 2) + chance.sample(below, min(OTHERS, len(below)))
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("Worklist")
    sheet.append(header)
    for row in chosen:
        named = dict(zip(header, row, strict=True))
        sheet.append(list((named | _entered(named, chance, as_of)).values()))
    book.properties.lastModifiedBy = f"poster {seed % 3}"
    book.save(target)


def _entered(row: dict[Any, Any], chance: random.Random, as_of: dt.date) -> dict[str, object]:
    """What is written into a row; every fifth is only looked at, and one in twenty is of no dispute of ours."""
    roll = chance.random()
    if roll < 0.05:
        return {"dispute_id": "D-0000000000", "note": "of another practice"}
    if roll < 0.2:
        return {}
    status = chance.choice(_STATUSES)
    entered: dict[str, object] = {"status": status, "note": f"called, {chance.randint(1, 99)} minutes"}
    if status == "lost":
        entered["decision_date"] = as_of - dt.timedelta(days=chance.randint(0, 9))
    if row["assignee"] in ("", None) and chance.random() < 0.5:
        entered["assignee"] = chance.choice(("Ann", "Ben", "=SUM(1)"))
    return entered
