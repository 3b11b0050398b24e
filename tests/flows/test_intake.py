"""Taking files in: what is cleared from the inbox is what was read."""

from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING

import pytest

from era_parser import Source
from flows import intake
from flows.encounters import take_in_encounters
from flows.home import make_home
from flows.inbox import discover
from flows.recovery import recover
from tests.conftest import AS_OF
from warehouse.archive import ChangedWhileReadError

if TYPE_CHECKING:
    from pathlib import Path


def test_a_file_put_in_place_of_one_that_was_read_stays(tmp_path: Path) -> None:
    path = tmp_path / "ERA.835"
    path.write_bytes(b"first")
    (before,) = discover(tmp_path)
    path.write_bytes(b"another")
    assert before.clear()
    assert path.read_bytes() == b"another"


def test_a_file_that_grows_after_it_stood_still_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "ERA.835"
    path.write_bytes(b"first")
    (before,) = discover(tmp_path)
    with path.open("ab") as out:
        out.write(b" and more")
    with pytest.raises(ChangedWhileReadError):
        before.read()
    (after,) = discover(tmp_path)
    assert after.read() == Source("ERA.835", b"first and more")


def test_a_file_that_was_read_goes(tmp_path: Path) -> None:
    path = tmp_path / "ERA.835"
    path.write_bytes(b"first")
    (before,) = discover(tmp_path)
    assert before.clear()
    assert not path.exists()
    assert before.clear()


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (gzip.compress(b"ISA*00*", mtime=0), "packed with gzip"),
        (b"PK\x03\x04\x14\0\0\0\0\0mimetypeapplication/vnd.oasis.opendocument.spreadsheet", "as .xlsx"),
        (b"PK\x03\x04\x14\0\0\0\0\0a.835", "a zip"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "old Office file"),
        (b"%PDF-1.7\n", "electronic remittance"),
        (b"dispute_id,version,status\nD-1,1,sent\n", "worklist saved as text"),
        (b"account;date;code;minutes\nA1;2026-06-20;97140;15\n", "belongs into encounters/"),
        (b"Dear biller, on this date the code is enclosed\n", "no ISA, GS or ST segment"),
    ],
    ids=lambda value: value if isinstance(value, str) else "dropped",
)
def test_what_is_no_remittance_is_named(tmp_path: Path, data: bytes, said: str) -> None:
    home = make_home(tmp_path / "home")
    recover(home)
    (home.folder("inbox") / "file").write_bytes(data)
    files = intake.remittances(home.folder("inbox"))
    assert dict(intake.read_in(home, files, AS_OF)) == {"refused": 1}
    (reason,) = [json.loads(path.read_text()) for path in home.folder("quarantine").glob("*.json")]
    assert reason["code"] == "NOT_X12"
    assert said in reason["message"]


def test_a_remittance_among_encounters_is_named(tmp_path: Path) -> None:
    home = make_home(tmp_path / "home")
    recover(home)
    (home.folder("encounters") / "a.835").write_bytes(b"ISA*00*          *00*")
    assert take_in_encounters(home, AS_OF) == {"encounters_refused": 1}
    (reason,) = [json.loads(path.read_text()) for path in home.folder("quarantine").glob("*.json")]
    assert "belongs into inbox/" in reason["message"]
