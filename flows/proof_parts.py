"""What the pages of all proofs are made of: sentences that may hold anything, and tables."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from rich.markup import escape
from rich.table import Table

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from rich.console import Console

STEP_COLUMNS = ("step", "arithmetic", "source", "after")


def say(console: Console, text: str) -> None:
    """Print a sentence as it is: nothing in it is markup."""
    console.print(text, markup=False, soft_wrap=True)


def show_table(console: Console, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Print rows under their columns; amounts stand to the right."""
    shown = [[_cell(value) for value in row] for row in rows]
    table = Table(box=None, pad_edge=False)
    for name in columns:
        table.add_column(name, justify="right" if name == "after" else "left")
    for row in shown:
        table.add_row(*row)
    console.print(table)


def show_steps(console: Console, steps: Iterable[Sequence[Any]]) -> None:
    """Print the steps of a price: operation, detail, source, dollars after."""
    show_table(console, STEP_COLUMNS, steps)


def _cell(value: Any) -> str:
    if isinstance(value, Decimal):
        return f"${value}"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else escape(str(value))
