"""What is wrong with a file that people wrote, as values: file, line, and what to do.

TermsError (an Exception)  - contracts, fee schedules, reference tables or the practice cannot be used;
carries every Problem found.
"""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


SHOWN = 1_000
"""Problems that the text of a TermsError lists; `problems` has them all."""
LONGEST = 2_000


@dataclass(frozen=True, order=True)
class Problem:
    """One thing to mend.

    `file` is relative to the folder read; `line` counts from 1 (a spreadsheet row in a schedule).
    """

    file: str
    line: int | None
    message: str

    def __str__(self) -> str:
        place = self.file if self.line is None else f"{self.file}:{self.line}"
        return one_line(f"{place}: {self.message}")


class TermsError(Exception):
    """Raised once per reading, with every problem that was found."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems: list[Problem] = sorted(
            set(problems), key=lambda problem: (problem.file, problem.line or 0, problem.message)
        )
        count = len(self.problems)
        head = f"{count} problem{'s' if count != 1 else ''}"
        more = [f"… and {count - SHOWN:,} more"] if count > SHOWN else []
        super().__init__("\n".join([head, *(str(problem) for problem in self.problems[:SHOWN]), *more]))


def one_line(text: str) -> str:
    """Return a text that holds what strangers wrote as one line on which no terminal acts; at most 2,000 characters."""
    shown = text if len(text) <= LONGEST else f"{text[:LONGEST]}…"
    return "".join(sign if sign.isprintable() else ascii(sign)[1:-1] for sign in shown)


def nearest(word: str, known: Sequence[str]) -> str:
    """`; did you mean 'x'?` where a known word is close, else the list of known words."""
    close = get_close_matches(word, known, n=1)
    if close:
        return f"; did you mean {close[0]!r}?"
    return f"; known here: {', '.join(known)}"
