"""What a failure may say outside the home folder: its kind and place, never a value.

    StepError (an Exception)  - a step of the night stopped; `original` is what stopped it

The texts of DuckDB, Polars and Python quote the values that they stumble over, and Prefect keeps the text of every
exception. So nothing but a StepError leaves a task or a flow; the whole text, traceback and all, goes into the
folder log/ of the home, for its owner alone.
"""

from __future__ import annotations

import datetime as dt
import functools
import os
import traceback
from collections.abc import Callable
from contextvars import ContextVar
from pathlib import Path
from typing import Concatenate, ParamSpec, TypeVar

from flows.private import private
from warehouse.durable import write_whole

P = ParamSpec("P")
R = TypeVar("R")
_PROJECT = Path(__file__).resolve().parents[1]
_OWN = tuple(str(_PROJECT / room) + os.sep for room in ("era_parser", "contracts", "warehouse", "flows"))
_KEPT = 100
_UNTOLD = "set SHORTPAY_TRACEBACK=1 to see the whole text, patients' data included"
opened: ContextVar[Path | None] = ContextVar("opened", default=None)
"""The home folder that the command works on; failures are written down there."""


class StepError(Exception):
    """A step stopped. The text says which, by what kind of failure, at which line of ours, and where the rest is."""

    def __init__(self, step: str, original: BaseException, home: Path | None) -> None:
        self.original = original
        super().__init__(f"{step} stopped: {kind_and_place(original)}; {_kept(step, original, home)}")


def kind_and_place(error: BaseException) -> str:
    """Say of a failure what no remittance can have put there: its class, and the last line of ours on its way."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if frame.filename.startswith(_OWN)] or list(frames)
    place = f" at {Path(ours[-1].filename).name}:{ours[-1].lineno}" if ours else ""
    return f"{type(error).__name__}{place}"


def _kept(step: str, error: BaseException, home: Path | None) -> str:
    """Write the whole text into the home's log/; say where."""
    if home is None or not home.is_dir():
        return _UNTOLD
    folder = home / "log"
    stamp = dt.datetime.now(dt.UTC).strftime("%Y%m%dT%H%M%S")
    path = folder / f"{stamp}-{os.getpid()}-{step.replace(' ', '-')}.txt"
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        text = "".join(traceback.format_exception(error))
        write_whole(path, text.encode("utf-8", "backslashreplace"))
        path.chmod(0o600)
        for old in sorted(folder.glob("*.txt"))[:-_KEPT]:
            old.unlink(missing_ok=True)
    except OSError:
        return _UNTOLD
    return f"the whole text, patients' data included, is in {folder.name}/{path.name}"


def sheltered(function: Callable[Concatenate[Path, P], R]) -> Callable[Concatenate[Path, P], R]:
    """Let nothing but a StepError out of a function whose first argument is the home folder."""

    @functools.wraps(function)
    def guarded(home: Path, /, *args: P.args, **kwargs: P.kwargs) -> R:
        private()
        try:
            return function(home, *args, **kwargs)
        except StepError:
            raise
        except BaseException as error:
            if not isinstance(error, Exception) and type(error).__name__ != "PanicException":
                raise  # the person or the system wants us to stop
            raise StepError(function.__name__.replace("_", " "), error, home) from None

    return guarded
