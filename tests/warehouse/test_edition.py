"""What is published together stands there together, whatever is killed between."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from warehouse.edition import edition, finish

NAMES = ("worklist.csv", "worklist.xlsx", "shortpay.duckdb")


class KilledError(Exception):
    """Stands for a kill: nothing after it is run."""


def write(folder: Path, text: str) -> None:
    with edition(folder) as made:
        for name in NAMES:
            made.write(name, text.encode())


def read(folder: Path) -> list[str]:
    return [(folder / name).read_text() for name in NAMES]


@pytest.mark.parametrize("renamed", [0, 1, 2, 3, 4])
def test_a_publication_that_was_cut_short_is_finished(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, renamed: int
) -> None:
    """The list itself is put in place by the first rename, so a kill before it leaves the old edition."""
    write(tmp_path, "old")
    left = iter(range(renamed))
    replace = Path.replace

    def killed(path: Path, target: Path) -> Path:
        if next(left, None) is None:
            raise KilledError
        return replace(path, target)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", killed)
        patch.setattr("warehouse.edition.finish", lambda _: None)  # nobody cleans up after a kill
        if renamed < 4:
            with pytest.raises(KilledError):
                write(tmp_path, "new")
        else:
            write(tmp_path, "new")
    finish(tmp_path)
    assert read(tmp_path) == ["new" if renamed else "old"] * 3
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(NAMES)


def fail(folder: Path) -> None:
    with edition(folder) as made:
        made.write("worklist.csv", b"new")
        raise KilledError


def test_one_that_fails_leaves_the_old_files_and_nothing_else(tmp_path: Path) -> None:
    write(tmp_path, "old")
    with pytest.raises(KilledError):
        fail(tmp_path)
    assert read(tmp_path) == ["old"] * 3
    assert len(list(tmp_path.iterdir())) == 3


def test_a_log_left_beside_a_copy_does_not_spoil_the_next_one(tmp_path: Path) -> None:
    """A kill while the copy was open leaves its log; a later copy of that name must not be opened with it."""
    fresh = tmp_path / ".shortpay.duckdb.next"
    with duckdb.connect(str(fresh)) as con:
        con.execute("create table kept as select 1")
        con.execute("checkpoint")
        con.execute("create table later as select 2")
        log = fresh.with_name(fresh.name + ".wal").read_bytes()
    fresh.with_name(fresh.name + ".wal").write_bytes(log)
    finish(tmp_path)
    assert list(tmp_path.iterdir()) == []
