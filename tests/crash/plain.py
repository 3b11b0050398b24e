"""A night without Prefect: the flow's own body and the tasks' own functions, in a process that is forked for it.

Starting a Prefect run takes ten seconds, a night of the example practice a few. So the harness imports everything
once, and each night is a fork that has the flow's tasks replaced by the functions they are made of.
"""

from __future__ import annotations

import datetime as dt
import os
import signal
import sys
import tempfile
import time
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flows.quiet import quiet

quiet(Path(tempfile.gettempdir()))  # before Prefect is imported

from prefect import Task  # noqa: E402

from flows import nightly, progress  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Callable


class Plain:
    """A task's function; what the flow asks of a task beside calling it is its state."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function = function

    def __call__(self, *args: Any, return_state: bool = False, **named: Any) -> Any:
        found = self.function(*args, **named)
        return _Done(found) if return_state else found


class _Done:
    def __init__(self, found: object) -> None:
        self.found = found

    def is_completed(self) -> bool:
        return True

    def result(self) -> object:
        return self.found


def run_night(home: Path, as_of: dt.date) -> None:
    """Run the flow's body over a home."""
    for name, found in list(vars(nightly).items()):
        if isinstance(found, Task):
            setattr(nightly, name, Plain(found.fn))
    vars(nightly)["create_markdown_artifact"] = lambda **_: None
    nightly.nightly.fn(home, as_of)


def start(function: Callable[[], object]) -> int:
    """Run a function in a forked process with a group of its own; return its id."""
    child = os.fork()
    if child:
        return child
    code = 1
    try:
        os.setsid()
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # a night shows its steps to whoever looks
        progress._current.clear()
        function()
        code = 0
    except BaseException:  # noqa: BLE001  (told, and the exit status says it)
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def finish(child: int) -> int:
    """Wait for a process; return its exit status, negative where a signal ended it."""
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status)


def do(function: Callable[[], object]) -> None:
    """Run a function in a process of its own. Raises RuntimeError where it fails."""
    code = finish(start(function))
    if code:
        raise RuntimeError(f"exit status {code}")


def kill_after(child: int, seconds: float) -> bool:
    """Kill a process and its whole group after some time; False where it was done before."""
    time.sleep(seconds)
    over, _ = os.waitpid(child, os.WNOHANG)
    if over:
        return False
    kill_group(child)
    finish(child)
    return True


def kill_group(child: int) -> None:
    try:
        os.killpg(child, signal.SIGKILL)
    except ProcessLookupError:
        os.kill(child, signal.SIGKILL)


if __name__ == "__main__":  # python -m tests.crash.plain HOME DAY
    run_night(Path(sys.argv[1]), dt.date.fromisoformat(sys.argv[2]))
