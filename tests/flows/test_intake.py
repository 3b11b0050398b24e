"""Taking files in: what is cleared from the inbox is what was read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from era_parser import Source
from flows.inbox import discover
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
