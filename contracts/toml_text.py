"""TOML that may have been made to harm: nothing it holds can do more than be refused."""

from __future__ import annotations

import tomllib
from decimal import Decimal
from typing import Any

_DOTS = 100
"""Points in a line: the reader's time over a dotted key grows with the square of its parts."""


class NotTomlError(ValueError):
    """The text is not TOML, or nested so deep that nobody wrote it by hand; the message says where."""


def parse_toml(text: str) -> dict[str, Any]:
    """Return the document; numbers with a point are decimals. Raises NotTomlError."""
    if any(line.count(".") > _DOTS for line in text.splitlines()):
        raise NotTomlError(f"a line has more than {_DOTS} points: no key or text that a person wrote has")
    try:
        return tomllib.loads(text, parse_float=Decimal)
    except RecursionError:
        raise NotTomlError("tables or lists are nested too deep") from None
    except (ValueError, ArithmeticError) as error:
        raise NotTomlError(str(error)) from None
