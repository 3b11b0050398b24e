"""Errors that may pass by themselves, and how long a step waits for that."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar

import duckdb
from prefect import Task
from prefect.cache_policies import NO_CACHE

from flows.record import kind_of
from flows.tasks import task

if TYPE_CHECKING:
    from prefect import State
    from prefect.client.schemas.objects import TaskRun

P = ParamSpec("P")
R = TypeVar("R")

WAITS = [float(seconds) for seconds in os.environ.get("SHORTPAY_RETRY_SECONDS", "5 30 120").split()][:50]
"""Seconds before each new try of a step; Prefect takes 50 at most."""

PASSING = frozenset(
    getattr(errno, name)
    for name in (
        "EAGAIN", "EBUSY", "EINTR", "EIO", "EMFILE", "ENFILE", "ENOLCK", "ETXTBSY",  # busy
        "ENOSPC", "EDQUOT",  # full for a moment
        "ESTALE", "ETIMEDOUT", "ENETDOWN", "ENETUNREACH", "EHOSTDOWN", "EHOSTUNREACH",  # a file share
        "ECONNREFUSED", "ECONNRESET", "ECONNABORTED", "ENOTCONN", "EPIPE", "EREMOTEIO",
    )
    if hasattr(errno, name)
)  # fmt: skip
_SHARING_VIOLATIONS = (32, 33)  # Windows: another program has the file open, or a part of it locked
_DUCKDB_PASSING = (
    "Could not set lock",  # another program has the warehouse open
    "No space left",
    "Disk quota exceeded",
    "Resource temporarily unavailable",
    "Stale file handle",
    "Input/output error",
    "Connection timed out",
)


def passes(error: BaseException) -> bool:
    """Whether an error may be gone in a while: a busy share, a full disk, a lock of another program.

    What is wrong in contracts, settings, a remittance or this program stays wrong. An error that only carries another
    (`original`) stands for it.
    """
    error = getattr(error, "original", error)
    if isinstance(error, OSError):
        return error.errno in PASSING or getattr(error, "winerror", None) in _SHARING_VIOLATIONS
    if isinstance(error, duckdb.IOException | duckdb.FatalException):
        return any(text in str(error) for text in _DUCKDB_PASSING)
    return False


def may_pass(_task: Task[..., Any], run: TaskRun, state: State[Any]) -> bool:
    """Answer Prefect's question whether to try a step again, and say it."""
    if not isinstance(state.data, BaseException) or not passes(state.data):
        return False
    if run.run_count <= len(WAITS):
        kind, seconds = kind_of(state.data), WAITS[run.run_count - 1]
        sys.stderr.write(f"shortpay: {kind}: tried again in {seconds:g} s\n")
    return True


def step_of_a_night(
    function: Callable[Concatenate[Path, P], R],
) -> Task[Concatenate[Path, P], R]:
    """Make a step of the night a task: nothing of it is kept by Prefect, and it waits for what may pass."""
    return task(
        cache_policy=NO_CACHE,
        persist_result=False,
        retries=len(WAITS),
        retry_delay_seconds=WAITS,
        retry_condition_fn=may_pass,
    )(function)
