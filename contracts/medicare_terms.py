"""Original Medicare as a built-in contract."""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING

from .read import parse_contract

if TYPE_CHECKING:
    from .terms import Contract

MEDICARE_FILE = "built-in medicare.toml"

MEDICARE_TERMS: Contract = parse_contract(
    (files("contracts") / "data" / "medicare.toml").read_text(encoding="utf-8"), MEDICARE_FILE, builtin=True
)
"""Used for a line whose filing indicator is MB where no contract file matches it."""
