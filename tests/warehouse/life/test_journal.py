"""The journal is added to, never rewritten; what is added at once stands there at once or not at all."""

from __future__ import annotations

import errno
import json
import os
import stat
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from warehouse.entered import text_of
from warehouse.journal import Journal, number_from

if TYPE_CHECKING:
    from pathlib import Path


def test_entries_come_back_in_order_with_number_and_id(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal")
    journal.add("event", [{"note": "first"}, {"note": "first"}])
    before = (tmp_path / "journal" / "event.jsonl").read_bytes()
    journal.add("event", [{"note": "zwei\u2028Zeilen\n"}])
    found = journal.read("event")
    assert [(entry["number"], entry["note"]) for entry in found] == [
        (1, "first"),
        (2, "first"),
        (3, "zwei\u2028Zeilen\n"),
    ]
    assert len({entry["id"] for entry in found}) == 3
    assert (tmp_path / "journal" / "event.jsonl").read_bytes().startswith(before)
    assert stat.S_IMODE((tmp_path / "journal" / "event.jsonl").stat().st_mode) == 0o600


def test_a_line_cut_short_is_left_as_it_is(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    journal.add("event", [{"note": "whole"}])
    with (tmp_path / "event.jsonl").open("ab") as out:
        out.write(b'{"id": "0123", "num')
    journal.add("event", [{"note": "after"}])
    assert [entry["note"] for entry in journal.read("event")] == ["whole", "after"]
    assert journal.damaged("event") == [2]


@settings(max_examples=30, deadline=None)
@given(st.lists(st.text(), max_size=4))
def test_any_text_comes_back(notes: list[str]) -> None:
    """Whatever is typed survives the line it is written to; what a cell may not hold is taken out before."""
    entries = number_from([{"note": text_of(note)} for note in notes], 1)
    assert [entry["note"].encode() for entry in entries] == [
        text_of(text_of(note)).encode() for note in notes
    ]


BATCH = {"event": [{"note": "a"}, {"note": "b"}], "arrival": [{"name": "w.xlsx"}]}


def books(journal: Journal) -> dict[str, list[str]]:
    return {
        book: [entry.get("note") or entry["name"] for entry in journal.read(book)]
        for book in ("event", "arrival")
    }


@pytest.mark.parametrize("written", [0, 1, 30, 95, 10_000])
def test_a_batch_that_was_cut_short_is_finished_by_whoever_comes_next(tmp_path: Path, written: int) -> None:
    """A kill while two books are added to: the plan is on the disk, the first book has some bytes of it."""
    journal = Journal(tmp_path)
    journal.add_all({"event": [{"note": "before"}]})
    before = (tmp_path / "event.jsonl").read_bytes()
    journal.add_all(BATCH)
    event, arrival = ((tmp_path / f"{book}.jsonl").read_bytes() for book in ("event", "arrival"))
    plan = {
        "event": {"size": len(before), "text": event[len(before) :].decode()},
        "arrival": {"size": 0, "text": arrival.decode()},
    }
    (tmp_path / ".pending").write_text(json.dumps(plan))
    (tmp_path / "event.jsonl").write_bytes(event[: len(before) + written])
    (tmp_path / "arrival.jsonl").unlink()
    assert books(journal) == {"event": ["before", "a", "b"], "arrival": ["w.xlsx"]}
    assert ((tmp_path / "event.jsonl").read_bytes(), (tmp_path / "arrival.jsonl").read_bytes()) == (
        event,
        arrival,
    )
    assert not (tmp_path / ".pending").exists()
    assert journal.damaged("event") == []


def test_a_full_disk_adds_nothing_to_any_book(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    journal = Journal(tmp_path)
    journal.add_all(BATCH)
    before = {path.name: path.read_bytes() for path in tmp_path.glob("*.jsonl")}
    calls = iter(range(100))

    def full(descriptor: int) -> None:
        if next(calls) == 2:  # of the plan, of its folder, of the first book
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        journal.add_all(BATCH)
    monkeypatch.undo()
    assert {path.name: path.read_bytes() for path in tmp_path.glob("*.jsonl")} == before
    assert books(journal) == {"event": ["a", "b"], "arrival": ["w.xlsx"]}
