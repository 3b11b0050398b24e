"""The journal is added to, never rewritten; a line that a crash cut short costs that line alone."""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING

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
