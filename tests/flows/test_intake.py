"""Taking files in: what is cleared from the inbox is what was read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flows import intake

if TYPE_CHECKING:
    from pathlib import Path


def test_a_file_put_in_place_of_one_that_was_read_stays(tmp_path: Path) -> None:
    path = tmp_path / "ERA.835"
    path.write_bytes(b"first")
    before = intake._state(path)
    path.write_bytes(b"another")
    intake._clear(path, before)
    assert path.read_bytes() == b"another"


def test_a_file_that_was_read_goes(tmp_path: Path) -> None:
    path = tmp_path / "ERA.835"
    path.write_bytes(b"first")
    intake._clear(path, intake._state(path))
    assert not path.exists()
    intake._clear(path, (5, 0))
