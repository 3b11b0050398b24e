"""Edits that come back in a workbook: each row against the state it was printed from and what was set since."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from warehouse.entered import EntryError, day_of, decision_of, short_text, status_of, text_of
from warehouse.journal import ARRIVAL
from warehouse.load import told
from warehouse.returned import EDITABLE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from warehouse.journal import Entry, Journal
    from warehouse.returned import Gap, Returned, ReturnedRow

Changes = dict[str, str]
_CLOSED = ("paid", "corrected")
_NO_END = "9999-12-31"


class Standing:
    """What the journal knows of disputes: how each was last printed, and what people have set. `until`: as of that day."""

    def __init__(self, journal: Journal, until: dt.date | None = None) -> None:
        last = until.isoformat() if until else _NO_END
        self.printed: dict[tuple[str, str], Entry] = {}
        self.latest: dict[str, Entry] = {}
        self.events: dict[str, list[Entry]] = {}
        self.published_count = 0
        for entry in sorted(journal.read("published"), key=_order):
            self.printed[entry["dispute_id"], entry["version"]] = entry
            self.published_count = max(self.published_count, entry["number"])
            if entry["when_date"] <= last or entry["dispute_id"] not in self.latest:
                self.latest[entry["dispute_id"]] = entry
        for entry in sorted(journal.read("event"), key=_order):
            if entry["when_date"] <= last:
                self.add(entry)

    def add(self, event: Entry) -> None:
        """Put a change behind those that were entered before."""
        self.events.setdefault(event["dispute_id"], []).append(event)

    def said_since(self, printed: Entry) -> Entry | None:
        """Return what people have set on a dispute that this printed state does not show; None where nobody has.

        A night as of an earlier day does not show what was set for a later one, though it was entered before.
        """
        unseen = [
            event
            for event in self.events.get(printed["dispute_id"], [])
            if (event.get("after") or 0) >= printed["number"] or event["when_date"] > printed["when_date"]
        ]
        said: Entry = {}
        for event in unseen:
            said |= {name: event[name] for name in EDITABLE if event.get(name) is not None}
            said |= {"decision_date": ""} if event.get("decision_cleared") else {}
        return said if unseen else None

    def event(self, dispute_id: str, changes: Changes, when: dt.date, who: str, source: str) -> Entry:
        """Return the journal's entry for changes to a dispute that was published. A decision_date of '' clears it."""
        kept: Entry = {name: value for name, value in changes.items() if value or name != "decision_date"}
        kept |= {"decision_cleared": True} if changes.get("decision_date") == "" else {}
        line = {name: self.latest[dispute_id].get(name) for name in ("file_hash", "claim", "line")}
        return {"when_date": when.isoformat(), "who": who, "dispute_id": dispute_id, **line, **kept,
                "after": self.published_count, "source": source}  # fmt: skip


def _order(entry: Entry) -> tuple[str, int, str]:
    return entry["when_date"], entry["number"], entry["id"]


def take_edits(
    journal: Journal, returned: Returned, name: str, file_hash: str, when: dt.date, ticket: str | None = None
) -> tuple[int, int]:
    """Write the edits of a workbook and its arrival into the journal; return how many rows were taken, how many refused.

    A row is compared with the state that its version was printed from: what differs is an edit. It is taken
    unless a person has set something on the dispute since, or a remittance has closed it. Whatever is not taken
    is kept with its reason, and so is what a sheet lacks. The same file again changes nothing.
    """
    standing = Standing(journal, when)
    events: list[Entry] = []
    refused = [_not_there(gap, name, file_hash, when) for gap in returned.gaps]
    for row in returned.rows:
        try:
            changes = _changes(row, standing, when)
        except EntryError as error:
            refused.append(_refusal(row, error, name, file_hash, when))
            continue
        if changes:
            source = f"{name}, {row.sheet} row {row.row}"
            author = returned.author or "workbook"
            events.append(standing.event(row.dispute_id, changes, when, author, source))
            standing.add(events[-1])
    known = {_content(entry) for entry in journal.read("refused_edit")}
    news = [entry for entry in refused if _content(entry) not in known]
    message = f"{len(events)} edits taken, {len(news)} rows not taken"
    came = told(name, file_hash, when, "edits", message, ticket)
    journal.add_all({"event": events, "refused_edit": news, ARRIVAL: [came]})
    return len(events), len(news)


def says_something(standing: Standing, returned: Returned) -> bool:
    """Whether a workbook holds anything beside what was printed: an edit, good or not, or rows that cannot be told."""
    return bool(returned.gaps) or any(_is_edited(row, standing) for row in returned.rows)


def _is_edited(row: ReturnedRow, standing: Standing) -> bool:
    printed = standing.printed.get((row.dispute_id, row.version))
    try:
        return printed is None or bool(_edited(row, printed, dt.date.max))
    except EntryError:
        return True


def _content(entry: Entry) -> tuple[object, ...]:
    return tuple(entry.get(name) for name in ("file_hash", "sheet", "row_number", "edit_code"))


def _changes(row: ReturnedRow, standing: Standing, when: dt.date) -> Changes:
    """Return what the row changes. Raises EntryError where it cannot be taken."""
    latest = standing.latest.get(row.dispute_id)
    if latest is None:
        raise EntryError(
            "UNKNOWN_DISPUTE", f"{row.dispute_id} is no dispute of this practice; see the column dispute_id"
        )
    printed = standing.printed.get((row.dispute_id, row.version))
    edited = _edited(row, printed or latest, when)
    said = standing.said_since(printed or latest)
    now = {name: latest.get(name) for name in EDITABLE} | (said or {})
    if all(value == (now.get(field) or "") for field, value in edited.items()):
        return {}
    if printed is None:
        raise EntryError(
            "UNKNOWN_VERSION",
            f"version {row.version!r} was never printed for this dispute; edit a fresh workbook",
        )
    if said is not None:
        raise EntryError(
            "CONFLICT",
            f"changed since this was printed: {_told(now)}; set it again in a fresh workbook if it still holds",
        )
    if "status" in edited and latest["standing"] in _CLOSED and latest["standing"] != printed["standing"]:
        raise EntryError(
            "CLOSED_SINCE", f"a remittance or corrected data has closed it since: now {latest['status']}"
        )
    return edited


def _edited(row: ReturnedRow, printed: Entry, when: dt.date) -> Changes:
    """Return the cells that differ from what was printed, each checked."""
    edited: Changes = {}
    if "status" in row.cells:
        status = text_of(row.cells["status"])
        if status.casefold() != printed["status"]:
            edited["status"] = status_of(status)
    for field in ("assignee", "note"):
        text = short_text(row.cells.get(field), field)
        if field in row.cells and text != (printed.get(field) or ""):
            edited[field] = text
    day = day_of(row.cells.get("decision_date"), when)
    decided = day.isoformat() if day else ""
    if "decision_date" in row.cells and decided != (printed.get("decision_date") or ""):
        decision_of(day, when)
        edited["decision_date"] = decided
    return edited


def _told(now: Mapping[str, object]) -> str:
    named = (("status", "status"), ("assignee", "assignee"), ("note", "note"))
    return ", ".join(f"{label} is {now[field]!r}" for field, label in named if now.get(field))


def _refusal(row: ReturnedRow, error: EntryError, name: str, file_hash: str, when: dt.date) -> Entry:
    cells = {field: text_of(row.cells.get(field)) for field in ("status", "assignee", "note")}
    return {"when_date": when.isoformat(), "source_file": name, "file_hash": file_hash, "sheet": row.sheet, "row_number": row.row,
            "dispute_id": row.dispute_id, "version": row.version, **cells, "decision": text_of(row.cells.get("decision_date")),
            "edit_code": error.code, "message": str(error)}  # fmt: skip


def _not_there(gap: Gap, name: str, file_hash: str, when: dt.date) -> Entry:
    return {"when_date": when.isoformat(), "source_file": name, "file_hash": file_hash, "sheet": gap.sheet, "row_number": gap.row,
            "edit_code": "NO_COLUMN", "message": gap.message}  # fmt: skip
