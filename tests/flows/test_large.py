"""A file that is read in parts gives the same rows as one that is read at once, from the inbox and from the archive."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from era_parser import parse_chunks, registry
from flows import intake
from flows.home import Home, make_home
from flows.recovery import recover
from tests.conftest import AS_OF, EXAMPLES
from warehouse import arrivals
from warehouse.database import open_warehouse

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

BATCH = EXAMPLES / "nights" / "2026-06-26" / "BATCH_20260625_1904.835"
SMALL = 3_000


def rows(home: Home) -> dict[str, list[str]]:
    with open_warehouse(home.warehouse) as con:
        return {
            name: sorted(map(repr, con.execute(f'from era."{name}"').fetchall()))
            for name in [*registry.tables(), "file_seen"]
        }


def taken_in(path: Path, data: bytes) -> Home:
    home = make_home(path)
    recover(home)
    (home.folder("inbox") / "batch.835").write_bytes(data)
    files = intake.remittances(home.folder("inbox"))
    intake.archive(home, files)
    counts = intake.read_in(home, files, AS_OF)
    assert sum(counts.values()) == 1
    assert not list(home.folder("inbox").iterdir())
    return home


@pytest.fixture
def in_parts(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    def switch() -> None:
        monkeypatch.setattr(intake, "LARGE_BYTES", SMALL)
        monkeypatch.setattr(arrivals, "LARGE_BYTES", SMALL)

    return switch


@pytest.mark.parametrize("data", [BATCH.read_bytes(), BATCH.read_bytes()[:-200]], ids=["whole", "refused"])
def test_in_parts_and_at_once(tmp_path: Path, in_parts: Callable[[], None], data: bytes) -> None:
    at_once = taken_in(tmp_path / "at-once", data)
    in_parts()
    apart = taken_in(tmp_path / "apart", data)
    assert rows(apart) == rows(at_once)
    assert sorted(path.name for path in apart.folder("quarantine").iterdir()) == sorted(
        path.name for path in at_once.folder("quarantine").iterdir()
    )


def test_from_the_archive_in_parts(
    tmp_path: Path, in_parts: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    home = taken_in(tmp_path / "home", BATCH.read_bytes())
    before = rows(home)
    assert before["claim"]
    home.warehouse.unlink()
    open_warehouse(home.warehouse).close()
    in_parts()
    monkeypatch.setattr(arrivals, "CHUNK_BYTES", SMALL)
    assert recover(home) == []
    assert rows(home) == before
    assert not list(home.path.glob(f"{arrivals.SCRATCH}*"))


def test_one_that_changes_while_it_is_read_leaves_nothing(
    tmp_path: Path, in_parts: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    home = make_home(tmp_path / "home")
    recover(home)
    path = home.folder("inbox") / "batch.835"
    path.write_bytes(BATCH.read_bytes())
    in_parts()
    parse = parse_chunks

    def meddled(paths: list[Path], size: int) -> object:
        yield from parse(paths, size)
        path.write_bytes(BATCH.read_bytes() + b"\n")

    monkeypatch.setattr(intake, "parse_chunks", meddled)
    assert dict(intake.read_in(home, intake.remittances(home.folder("inbox")), AS_OF)) == {}
    assert path.exists()
    assert not any(rows(home).values())
