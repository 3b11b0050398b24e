"""Processes of a soak: each waited for with what it used, and killed where it takes longer than it may."""

from __future__ import annotations

import json
import os
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.crash.plain import kill_group, start

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_LOOK = 0.01


@dataclass(frozen=True)
class Ended:
    """`code`: the exit status, negative where a signal ended it; `megabytes`: the most that it held in memory."""

    code: int
    seconds: float
    megabytes: float


def run(function: Callable[[], object], seconds: float | None = None) -> Ended:
    """Run a function in a process of its own; kill it, group and all, where it is not done after some seconds."""
    began = time.monotonic()
    child = start(function)
    while seconds is not None:
        over, status, used = os.wait4(child, os.WNOHANG)
        if over:
            return _ended(status, began, used.ru_maxrss)
        if time.monotonic() - began >= seconds:
            kill_group(child)
            break
        time.sleep(_LOOK)
    _, status, used = os.wait4(child, 0)
    return _ended(status, began, used.ru_maxrss)


def _ended(status: int, began: float, kilobytes: int) -> Ended:
    return Ended(os.waitstatus_to_exitcode(status), time.monotonic() - began, kilobytes / 1024)


def ask(function: Callable[[], object], told: Path) -> Any:
    """Have a process of its own work something out, and return it. Raises RuntimeError where it fails.

    This process forks: it must not have used DuckDB or Polars before, nor hold what they read.
    """
    ended = run(lambda: told.write_text(json.dumps(function(), default=str), encoding="utf-8"))
    if ended.code:
        raise RuntimeError(f"exit status {ended.code}")
    return json.loads(told.read_text(encoding="utf-8"))
