"""What a night shows while it works: a progress bar on a terminal, plain lines elsewhere."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

if TYPE_CHECKING:
    from collections.abc import Iterator

STEPS = (
    "terms",
    "recover",
    "edits",
    "encounters",
    "discover",
    "archive",
    "parse and load",
    "touched claims",
    "adjudicate",
    "compare",
    "price",
    "judge",
    "rank",
    "units and notes",
    "publish",
    "second opinion",
)


class Display:
    """Told of each step as it begins."""

    def __init__(self, console: Console, bar: Progress | None) -> None:
        self._console, self._bar = console, bar
        self._task = bar.add_task("", total=len(STEPS)) if bar is not None else None
        self._done = 0

    def step(self, name: str, detail: str = "") -> None:
        text = f"{name}{': ' + detail if detail else ''}"
        if self._bar is not None and self._task is not None:
            self._bar.update(self._task, completed=self._done, description=text)
        else:
            self._console.print(f"  {text}", markup=False)
        self._done += 1

    def note(self, text: str) -> None:
        self._console.print(f"  {text}", markup=False, soft_wrap=True)


_current: list[Display] = []
_begun: list[str] = []


def last() -> str:
    """Return the step that began last in this process; empty before the first."""
    return _begun[-1] if _begun else ""


def watched() -> bool:
    """Whether somebody is told of the steps."""
    return bool(_current)


def step(name: str, detail: str = "") -> None:
    """Say which step begins, to whoever watches."""
    _begun[:] = [name]
    for display in _current:
        display.step(name, detail)


def note(*texts: str) -> None:
    """Say something that stays on the screen, to whoever watches."""
    for display in _current:
        for text in texts:
            display.note(text)


@contextmanager
def showing(console: Console) -> Iterator[None]:
    """Show the steps of whatever runs inside."""
    if not console.is_terminal:
        _current.append(Display(console, None))
        try:
            yield
        finally:
            _current.pop()
        return
    columns = (TextColumn("{task.description:<32}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        _current.append(Display(console, bar))
        try:
            yield
        finally:
            _current.pop()
