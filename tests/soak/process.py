"""Processes of a soak: each waited for with what it used, and killed where it takes longer than it may."""

from __future__ import annotations

import json
import os
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.crash.plain import kill_group, start

if TYPE_CHECKING:
    import resource
    from collections.abc import Callable
    from pathlib import Path

_LOOK = 0.01


@dataclass(frozen=True)
class Ended:
    """`code`: the exit status, negative where a signal ended it; `processor`: seconds of it; `megabytes`: the most it held."""

    code: int
    seconds: float
    processor: float
    megabytes: float

    def __str__(self) -> str:
        return f"{self.seconds:6.1f} s ({self.processor:.1f} of a processor), {self.megabytes:,.0f} MB"


def run(function: Callable[[], object], seconds: float | None = None) -> Ended:
    """Run a function in a process of its own; kill it, group and all, where it is not done after some seconds."""
    began = time.monotonic()
    child = start(function)
    while seconds is not None:
        over, status, used = os.wait4(child, os.WNOHANG)
        if over:
            return _ended(status, began, used)
        if time.monotonic() - began >= seconds:
            kill_group(child)
            break
        time.sleep(_LOOK)
    _, status, used = os.wait4(child, 0)
    return _ended(status, began, used)


def _ended(status: int, began: float, used: resource.struct_rusage) -> Ended:
    code, processor = os.waitstatus_to_exitcode(status), used.ru_utime + used.ru_stime
    return Ended(code, time.monotonic() - began, processor, used.ru_maxrss / 1024)


def ask(function: Callable[[], object], told: Path) -> Any:
    """Have a process of its own work something out, and return it. Raises RuntimeError where it fails.

    This process forks: it must not have used DuckDB or Polars before, nor hold what they read.
    """
    ended = run(lambda: told.write_text(json.dumps(function(), default=str), encoding="utf-8"))
    if ended.code:
        raise RuntimeError(f"exit status {ended.code}")
    return json.loads(told.read_text(encoding="utf-8"))
