"""A published database is replaced when nobody has just looked at it, and replaced in the end."""

from __future__ import annotations

import sys
import threading
import time
from typing import TYPE_CHECKING

import pytest

from warehouse import readers

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="needs Linux's inotify")


def waited(path: Path) -> float:
    began = time.monotonic()
    readers.wait_for_quiet(path)
    return time.monotonic() - began


def test_it_waits_while_somebody_opens_and_closes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "shortpay.duckdb"
    assert waited(path) < 0.2  # there is no file yet
    path.write_bytes(b"x")
    monkeypatch.setattr(readers, "QUIET_SECONDS", 1.0)
    stop = threading.Event()

    def look() -> None:
        while not stop.wait(0.05):
            path.read_bytes()

    reader = threading.Thread(target=look)
    reader.start()
    threading.Timer(1.5, stop.set).start()
    assert waited(path) > 1.5
    reader.join()


def test_nobody_can_hold_it_up_for_good(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "shortpay.duckdb"
    path.write_bytes(b"x")
    monkeypatch.setattr(readers, "QUIET_SECONDS", 5.0)
    monkeypatch.setattr(readers, "PATIENCE_SECONDS", 1.0)
    stop = threading.Event()

    def look() -> None:
        while not stop.wait(0.01):
            path.read_bytes()

    reader = threading.Thread(target=look)
    reader.start()
    assert waited(path) < 4
    stop.set()
    reader.join()
