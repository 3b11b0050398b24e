"""What is printed: nothing that a remittance, a file name or a contract holds is acted on by the terminal."""

from __future__ import annotations

import os
import shutil
import sys
import unicodedata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console

if TYPE_CHECKING:
    from rich.text import Text

_LINES = frozenset("\n\t")
_ACTING = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})


def command() -> str:
    """Return our command as it was called here, so that what we suggest can be copied: shortpay, .venv/bin/shortpay."""
    called = Path(sys.argv[0])
    if called.name != "shortpay" or shutil.which("shortpay") == str(called):
        return "shortpay"
    path = os.path.relpath(called)
    return str(called) if path.startswith(os.pardir) else path


def shown(value: object) -> str:
    """Return a value as one harmless line: controls, escapes, line ends and what reorders text are spelled out."""
    return "".join(_spelled(sign) for sign in str(value))


def _spelled(sign: str) -> str:
    return ascii(sign)[1:-1] if unicodedata.category(sign) in _ACTING else sign


class Terminal(Console):
    """A console on which texts have no power: escape sequences are spelled out, whoever prints them.

    Nothing is highlighted: the patterns for that take time by the square of a text's length, hours for a megabyte.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"highlight": False} | options)

    def render_str(self, text: str, **options: Any) -> Text:
        """Render a text without what a terminal would act on; our own line ends stay."""
        harmless = "".join(sign if sign in _LINES else _spelled(sign) for sign in text)
        return super().render_str(harmless, **options)
