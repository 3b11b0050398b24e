"""The round trip: a workbook is printed, edited with another program, read back row by row."""

from __future__ import annotations

import datetime as dt
import io
import shutil
from typing import TYPE_CHECKING

import openpyxl
import pytest

from contracts import read_terms
from tests.conftest import AS_OF, EXAMPLES
from warehouse import judge, returned
from warehouse.edits import Standing, take_edits
from warehouse.journal import Journal
from warehouse.returned import NotAWorklistError, read_returned
from warehouse.workbook import workbook

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import duckdb
    from openpyxl.worksheet.worksheet import Worksheet

NEXT = AS_OF + dt.timedelta(days=1)
Edits = dict[int, dict[str, object]]
"""Row of the worklist, from 1 -> column -> what is written into the cell."""


class Desk:
    """The example practice with a journal; what is done here is undone after the test."""

    def __init__(self, con: duckdb.DuckDBPyConnection, folder: Path) -> None:
        self.con, self.journal = con, Journal(folder)
        self.terms = read_terms(EXAMPLES / "contracts")

    def night(self, day: dt.date) -> bytes:
        judge.rank(self.con, day, self.journal)
        return workbook(self.con, day)

    def take(self, data: bytes, day: dt.date = NEXT, name: str = "worklist.xlsx") -> tuple[int, int]:
        return take_edits(self.journal, read_returned(data), name, f"hash of {name} {len(data)}", day)

    def row(self, dispute_id: str) -> tuple[object, ...]:
        found = self.con.execute(
            "select status, assignee, note, decision_date, is_open from out.life where dispute_id = ?",
            [dispute_id],
        ).fetchall()
        return tuple(found[0])

    def codes(self) -> list[tuple[str, str]]:
        return [(entry["dispute_id"], entry["edit_code"]) for entry in self.journal.read("refused_edit")]


@pytest.fixture(scope="module")
def first_night(
    example: duckdb.DuckDBPyConnection, tmp_path_factory: pytest.TempPathFactory
) -> tuple[bytes, Path]:
    """Give the workbook and the journal of a first night: what every test begins with."""
    folder = tmp_path_factory.mktemp("first")
    with example.cursor() as con:
        con.begin()
        data = Desk(con, folder).night(AS_OF)
        con.rollback()
    return data, folder


@pytest.fixture
def printed(first_night: tuple[bytes, Path]) -> bytes:
    return first_night[0]


@pytest.fixture
def desk(
    example: duckdb.DuckDBPyConnection, first_night: tuple[bytes, Path], tmp_path: Path
) -> Iterator[Desk]:
    shutil.copytree(first_night[1], tmp_path / "journal")
    with example.cursor() as con:
        con.begin()
        yield Desk(con, tmp_path / "journal")
        con.rollback()


def places(sheet: Worksheet) -> dict[str, int]:
    return {str(cell.value): cell.column for cell in sheet[1]}


def edited(data: bytes, edits: Edits, sheet: str = "Worklist", author: str | None = None) -> bytes:
    book = openpyxl.load_workbook(io.BytesIO(data))
    at = places(book[sheet])
    for row, cells in edits.items():
        for name, value in cells.items():
            book[sheet].cell(row + 1, at[name]).value = value
    book.properties.lastModifiedBy = author
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def ids(data: bytes, sheet: str = "Worklist") -> list[str]:
    rows = openpyxl.load_workbook(io.BytesIO(data))[sheet].iter_rows(min_row=2, values_only=True)
    return [str(row[0]) for row in rows]


def test_what_a_poster_writes_comes_back(desk: Desk, printed: bytes) -> None:
    first, second, third, fourth = ids(printed)[:4]
    edits: Edits = {
        1: {"status": "Sent", "assignee": "maria", "note": '=HYPERLINK("http://x")\nsecond line'},
        2: {"status": "partly won", "decision_date": dt.datetime(2026, 6, 30)},  # noqa: DTZ001
        3: {"note": 4711},
    }
    assert desk.take(edited(printed, edits, author="Maria L.")) == (3, 0)
    fresh = desk.night(NEXT)
    assert desk.row(first) == ("sent", "maria", '=HYPERLINK("http://x")\nsecond line', None, True)
    assert desk.row(second)[0] == "partly won"
    assert desk.row(second)[3] == dt.date(2026, 6, 30)
    assert desk.row(third)[:3] == ("new", None, "4711")
    assert desk.row(fourth)[:3] == ("new", None, None)
    assert {entry["who"] for entry in desk.journal.read("event")} == {"Maria L."}
    cells = [
        cell for row in openpyxl.load_workbook(io.BytesIO(fresh))["Worklist"].iter_rows() for cell in row
    ]
    assert {cell.data_type for cell in cells} <= {"s", "n", "d"}
    assert any(cell.value == '=HYPERLINK("http://x")\nsecond line' for cell in cells)


def test_the_same_workbook_again_changes_nothing(desk: Desk, printed: bytes) -> None:
    edits = edited(printed, {1: {"status": "sent"}, 2: {"status": "paid"}})
    assert desk.take(edits) == (1, 1)
    first = desk.night(NEXT)
    assert desk.take(edits) == (0, 0)
    assert desk.night(NEXT) == first


def test_an_unedited_workbook_edits_nothing_however_old(desk: Desk, printed: bytes) -> None:
    desk.take(edited(printed, {1: {"status": "sent", "assignee": "ann"}}))
    desk.night(NEXT)
    assert desk.take(edited(printed, {})) == (0, 0)


def test_two_posters_on_two_copies(desk: Desk, printed: bytes) -> None:
    """Bob's copy is older than what Ann did: his own row is taken, his change to her row is kept and reported."""
    first, second = ids(printed)[:2]
    ann = edited(printed, {1: {"status": "sent", "assignee": "ann"}}, author="ann")
    bob = edited(
        printed, {1: {"status": "written off", "note": "too small"}, 2: {"status": "sent"}}, author="bob"
    )
    assert desk.take(ann, name="ann.xlsx") == (1, 0)
    assert desk.take(bob, name="bob.xlsx") == (1, 1)
    desk.night(NEXT)
    assert desk.row(first)[:3] == ("sent", "ann", None)
    assert desk.row(second)[0] == "sent"
    (kept,) = desk.con.execute(
        "select source_file, sheet, row_number, dispute_id, edit_code, status, note from out.refused_edit"
    ).fetchall()
    assert kept == ("bob.xlsx", "Worklist", 2, first, "CONFLICT", "written off", "too small")


def test_two_posters_who_say_the_same(desk: Desk, printed: bytes) -> None:
    edits = edited(printed, {1: {"status": "sent"}})
    assert desk.take(edits, name="a.xlsx") == (1, 0)
    assert desk.take(edits, name="b.xlsx") == (0, 0)


@pytest.mark.parametrize(
    ("cells", "code"),
    [
        ({"status": "paid"}, "UNKNOWN_STATUS"),
        ({"status": "expired"}, "UNKNOWN_STATUS"),
        ({"status": None, "note": "cleared by accident"}, "UNKNOWN_STATUS"),
        ({"status": "lost", "decision_date": "soon"}, "BAD_DATE"),
        ({"status": "lost", "decision_date": dt.datetime(2030, 1, 1)}, "BAD_DATE"),  # noqa: DTZ001
        (
            {"status": "lost", "decision_date": "1990-06-30"},
            "BAD_DATE",
        ),  # mistyped: years before the remittance
        ({"note": "x" * 2001}, "TOO_LONG"),
        ({"version": "0000000000", "status": "sent"}, "UNKNOWN_VERSION"),
        ({"dispute_id": "D-0000000000", "status": "sent"}, "UNKNOWN_DISPUTE"),
    ],
)
def test_what_cannot_be_taken_is_kept_with_its_reason(
    desk: Desk, printed: bytes, cells: dict[str, object], code: str
) -> None:
    first = ids(printed)[0]
    assert desk.take(edited(printed, {1: cells})) == (0, 1)
    assert desk.codes() == [(str(cells.get("dispute_id", first)), code)]
    assert desk.journal.read("event") == []


def test_an_old_day_that_was_taken_once_is_no_edit(desk: Desk, printed: bytes) -> None:
    first = ids(printed)[0]
    desk.journal.add(
        "event",
        [Standing(desk.journal).event(first, {"decision_date": "1990-06-30"}, AS_OF, "maria", "earlier")],
    )
    again = desk.night(NEXT)
    assert desk.row(first)[3] == dt.date(1990, 6, 30)
    assert desk.take(again) == (0, 0)
    assert desk.take(edited(again, {1: {"decision_date": AS_OF}}), name="mended.xlsx") == (1, 0)


def test_a_row_that_was_closed_meanwhile(desk: Desk, printed: bytes) -> None:
    """Printed while short; then a remittance paid it: the edit of the status is kept, a note is taken."""
    first, second = ids(printed)[:2]
    for dispute_id in (first, second):
        latest = desk.journal.read("published")
        state = next(entry for entry in latest if entry["dispute_id"] == dispute_id)
        paid = {name: value for name, value in state.items() if name not in {"id", "number"}}
        desk.journal.add("published", [paid | {"standing": "paid", "status": "won", "version": "later"}])
    edits = edited(printed, {1: {"status": "sent"}, 2: {"note": "thank you"}})
    assert desk.take(edits) == (1, 1)
    assert desk.codes() == [(first, "CLOSED_SINCE")]


def reprinted(desk: Desk, dispute_id: str, version: str, **state: str) -> None:
    """A night prints a dispute as remittances have changed it."""
    published = desk.journal.read("published")
    last = next(entry for entry in reversed(published) if entry["dispute_id"] == dispute_id)
    fresh = {name: value for name, value in last.items() if name not in {"id", "number"}}
    desk.journal.add("published", [fresh | {"version": version, "when_date": NEXT.isoformat()} | state])


@pytest.mark.parametrize(
    ("standing", "status"), [("short", "reviewing"), ("taken back", "reviewing"), ("short", "partly won")]
)
def test_the_last_word_may_be_said_again_where_it_no_longer_stands(
    desk: Desk, printed: bytes, standing: str, status: str
) -> None:
    """Sent; then a remittance opened it again, or paid a part: `sent` is a new edit, from the row that shows so."""
    first = ids(printed)[0]
    desk.take(edited(printed, {1: {"status": "sent"}}))
    (event,) = desk.journal.read("event")
    reprinted(desk, first, "fresh", standing=standing, status=status, last_event=event["id"])
    assert desk.take(edited(printed, {1: {"status": "sent"}}), name="the old copy.xlsx") == (0, 0)
    assert desk.take(edited(printed, {1: {"status": "sent", "version": "fresh"}}), name="again.xlsx") == (
        1,
        0,
    )


def test_what_is_set_for_a_day_to_come_hides_nothing(desk: Desk, printed: bytes) -> None:
    first = ids(printed)[0]
    later = Standing(desk.journal).event(first, {"status": "sent"}, NEXT.replace(year=2027), "ann", "command")
    desk.journal.add("event", [later])
    assert desk.take(edited(printed, {1: {"status": "sent"}})) == (1, 0)
    desk.night(NEXT)
    assert desk.row(first)[0] == "sent"


def test_what_was_set_for_a_day_that_the_printing_night_did_not_look_at_is_a_conflict(
    desk: Desk, printed: bytes
) -> None:
    first = ids(printed)[0]
    tomorrow = Standing(desk.journal).event(first, {"status": "won"}, NEXT, "ann", "command")
    desk.journal.add("event", [tomorrow])
    reprinted(desk, first, "fresh", assignee="bob", when_date=AS_OF.isoformat())
    assert desk.take(edited(printed, {1: {"status": "sent", "assignee": "bob", "version": "fresh"}})) == (
        0,
        1,
    )
    assert desk.codes() == [(first, "CONFLICT")]


def test_a_dispute_that_has_taken_over_another_can_be_edited(desk: Desk, printed: bytes) -> None:
    """What was said last is a word on the other: that is no change since the row was printed."""
    first, second = ids(printed)[:2]
    desk.take(edited(printed, {1: {"note": "one"}, 2: {"note": "two"}}))
    one, two = desk.journal.read("event")
    assert (one["dispute_id"], two["dispute_id"]) == (first, second)
    reprinted(desk, first, "fresh", note="two", last_event=two["id"])
    row: Edits = {1: {"status": "sent", "note": "two", "version": "fresh"}}
    assert desk.take(edited(printed, row), name="next.xlsx") == (1, 0)


def test_closed_and_expired_sheets_can_be_edited_too(desk: Desk, printed: bytes) -> None:
    expired = ids(printed, "Expired")[0]
    assert desk.take(edited(printed, {1: {"status": "sent", "note": "they accept it late"}}, "Expired")) == (
        1,
        0,
    )
    desk.night(NEXT)
    assert desk.row(expired)[:3] == ("sent", None, "they accept it late")


def test_rows_sorted_columns_moved_a_title_above(desk: Desk, printed: bytes) -> None:
    book = openpyxl.load_workbook(io.BytesIO(printed))
    rows = list(book["Worklist"].iter_rows(values_only=True))
    names = list(rows[0])
    dispute = str(rows[2][0])
    other = openpyxl.Workbook()
    sheet = other.active
    assert sheet is not None
    sheet.title = "mine"
    sheet.append(["my list"])
    sheet.append([])
    sheet.append(names[::-1])
    for row in rows[:0:-1]:
        cells = dict(zip(names, row, strict=True)) | ({"status": "reviewing"} if row[0] == dispute else {})
        sheet.append([cells[name] for name in names[::-1]])
    out = io.BytesIO()
    other.save(out)
    assert desk.take(out.getvalue()) == (1, 0)
    (entry,) = desk.journal.read("event")
    assert (entry["dispute_id"], entry["status"]) == (dispute, "reviewing")
    assert entry["source"].startswith("worklist.xlsx, mine row ")


def renamed(data: bytes, old: str, new: str) -> bytes:
    book = openpyxl.load_workbook(io.BytesIO(data))
    book[old].title = new
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


@pytest.mark.parametrize("name", ["Refused edits", "Worklist (2)"])
def test_rows_that_were_refused_are_never_read_as_edits(desk: Desk, printed: bytes, name: str) -> None:
    """A fresh workbook shows them with all that stood in them: given back, it says nothing new, and does not double."""
    desk.take(edited(printed, {1: {"status": "sent"}}), name="ann.xlsx")
    edits: Edits = {1: {"status": "won"}, 2: {"status": "lost", "decision_date": "soon"}}
    assert desk.take(edited(printed, edits), name="bob.xlsx") == (0, 2)
    fresh = renamed(desk.night(NEXT), "Refused edits", name)
    assert len(ids(fresh, name)) == 2
    assert desk.take(edited(fresh, {2: {"note": "mine"}})) == (1, 0)
    assert len(desk.codes()) == 2
    (_, event) = desk.journal.read("event")
    assert (event.get("status"), event["note"]) == (None, "mine")


def retitled(data: bytes, names: dict[str, str | None]) -> bytes:
    """Rename headings of the worklist; None deletes the column."""
    book = openpyxl.load_workbook(io.BytesIO(data))
    sheet = book["Worklist"]
    for name, fresh in names.items():
        if fresh is None:
            sheet.delete_cols(places(sheet)[name])
        else:
            sheet.cell(1, places(sheet)[name]).value = fresh
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


@pytest.mark.parametrize(
    ("names", "taken", "said"),
    [
        ({"note": "Notes"}, 1, "no column note in the sheet: what stands in renamed ones was not read"),
        ({"dispute_id": "Dispute"}, 0, "no column dispute_id in the sheet: no row of it was read"),
        ({name: f"my {name}" for name in ("dispute_id", "version", *returned.EDITABLE)}, 0, "no column dispute_id, version"),
    ],
)  # fmt: skip
def test_a_renamed_or_deleted_heading_is_told(
    desk: Desk, printed: bytes, names: dict[str, str | None], taken: int, said: str
) -> None:
    """The other columns are read, the other sheets too; the same file again tells nothing anew."""
    data = retitled(edited(printed, {1: {"status": "sent", "note": "portal"}}), names)
    assert desk.take(data) == (taken, 1)
    (refused,) = desk.journal.read("refused_edit")
    assert (refused["sheet"], refused["row_number"], refused["edit_code"]) == ("Worklist", 1, "NO_COLUMN")
    assert said in refused["message"]
    assert desk.take(data) == (0, 0)
    desk.night(NEXT)
    assert desk.con.execute("select edit_code from out.refused_edit").fetchall() == [("NO_COLUMN",)]


def test_an_emptied_day_is_taken_off(desk: Desk, printed: bytes) -> None:
    first = ids(printed)[0]
    desk.take(edited(printed, {1: {"status": "sent", "decision_date": "06/30/2026"}}))
    fresh = desk.night(NEXT)
    assert desk.row(first)[3] == dt.date(2026, 6, 30)
    row = 1 + ids(fresh).index(first)
    assert desk.take(edited(fresh, {row: {"decision_date": None}}), name="next.xlsx") == (1, 0)
    desk.night(NEXT)
    assert desk.row(first) == ("sent", None, None, None, True)


def _workbook_of(rows: list[list[object]]) -> bytes:
    book = openpyxl.Workbook()
    assert book.active is not None
    for row in rows:
        book.active.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (lambda: _workbook_of([["code", "rate"], ["97110", 40]]), "no sheet has the columns"),
        (
            lambda: _workbook_of([["dispute", "version", "status", "note"]]),
            "no dispute_id, assignee, decision_date",
        ),
        (lambda: b"PK\x03\x04 and then nothing", "damaged"),
        (lambda: b"ISA*00*", "not an .xlsx"),
    ],
)
def test_what_is_no_worklist(data: object, reason: str) -> None:
    with pytest.raises(NotAWorklistError, match=reason):
        read_returned(data())  # type: ignore[operator]


def test_what_unpacks_to_too_much_is_not_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(returned, "_MOST_UNPACKED", 1000)
    with pytest.raises(NotAWorklistError, match="unpacks"):
        read_returned(_workbook_of([["dispute_id"]]))


def test_a_damaged_line_of_the_journal_is_reported_once(desk: Desk) -> None:
    assert desk.journal.folder is not None
    with (desk.journal.folder / "event.jsonl").open("ab") as out:
        out.write(b'{"id": "01", "numb\n')
    for day in (AS_OF, NEXT):
        desk.night(day)
    found = desk.con.execute("select source_file, row_number, edit_code from out.refused_edit").fetchall()
    assert found == [("event.jsonl", 1, "JOURNAL_LINE")]
