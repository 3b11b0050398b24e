"""Taking files in: what is cleared from the inbox is what was read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flows.inbox import Waiting

if TYPE_CHECKING:
    from pathlib import Path


def test_a_file_put_in_place_of_one_that_was_read_stays(tmp_path: Path) -> None:
    path = tmp_path / "ERA.835"
    path.write_bytes(b"first")
    before = Waiting.at(path, tmp_path)
    path.write_bytes(b"another")
    assert before.clear()
    assert path.read_bytes() == b"another"


def test_a_file_that_was_read_goes(tmp_path: Path) -> None:
    path = tmp_path / "ERA.835"
    path.write_bytes(b"first")
    before = Waiting.at(path, tmp_path)
    assert before.clear()
    assert not path.exists()
    assert before.clear()
