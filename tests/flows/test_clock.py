"""A clock that has jumped back stops a night that nobody gave a day; a day that is given is taken."""

from __future__ import annotations

import datetime as dt
import errno
from typing import TYPE_CHECKING

import duckdb
import pytest

from flows.clock import tonight
from flows.home import Home, HomeError, make_home
from flows.trouble import in_plain_words

if TYPE_CHECKING:
    from pathlib import Path

LATE, EARLY = dt.date(2026, 7, 2), dt.date(2026, 7, 1)


def test_backwards_is_refused_until_somebody_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = make_home(tmp_path / "home")
    days = iter([LATE, LATE, EARLY, EARLY, EARLY])
    monkeypatch.setattr(Home, "today", lambda _: next(days))
    assert [tonight(home, None), tonight(home, None)] == [LATE, LATE]
    with pytest.raises(
        HomeError, match="the clock says 2026-07-01, but the last night was run on 2026-07-02"
    ):
        tonight(home, None)
    assert tonight(home, EARLY) == EARLY
    assert tonight(home, None) == EARLY


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (OSError(errno.ENOSPC, "No space left on device", "HOME/archive/ab/.x.gz.partial"), "archive: the disk is full"),
        (OSError(errno.EROFS, "Read-only file system", "HOME/inbox/SMITH JOHN.835"), "inbox: the file system is read-only"),
        (duckdb.IOException('Could not write file "w": No space left on device'), "warehouse.duckdb: the disk is full"),
        (
            duckdb.IOException('Could not set lock on file "w": Conflicting lock is held in python (PID 17).'),
            "warehouse.duckdb is open in another program (PID 17)",
        ),
        (duckdb.Error("Corrupt database file: computed checksum 1 does not match"), "shortpay rebuild"),
    ],
)  # fmt: skip
def test_trouble_in_plain_words(tmp_path: Path, error: Exception, said: str) -> None:
    if isinstance(error, OSError):
        error = OSError(error.errno, error.strerror, error.filename.replace("HOME", str(tmp_path)))
    found = in_plain_words(error, tmp_path)
    assert found is not None
    assert said in found
    assert "SMITH" not in found


def test_what_is_no_trouble_of_the_surroundings_is_not_explained_away() -> None:
    assert in_plain_words(duckdb.BinderException("column X not found")) is None
    assert in_plain_words(ValueError("x")) is None
