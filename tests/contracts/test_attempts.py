"""What is tried, and in which order, depends on the lines of the day and not on how they lie in memory."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import polars as pl
import pytest

from contracts.attempts.other_lines import other_charge


@pytest.mark.parametrize("seed", range(20))
def test_charges_of_other_lines_are_tried_in_one_order(seed: int) -> None:
    lines = pl.DataFrame(
        {
            "line_id": [1, 2, 3, 4, 5],
            "case": [0, 0, 0, 0, 0],
            "units": [1, 2, 1, 1, 1],
            "charge_cents": [9000, 8200, 8200, 7800, 7800],
            "code": ["97760", "97112", "97110", "97110", "97530"],
        },
        schema_overrides={"case": pl.UInt32},
    )
    days: Any = SimpleNamespace(lines=lines.sample(fraction=1, shuffle=True, seed=seed))
    _, changes = other_charge(days, lines.select("case").unique(), "")
    tried = changes.filter(pl.col("line_id") == 1).sort("variant")["label"].to_list()
    assert tried == ["78.00, the charge of 97110", "82.00, the charge of 97110"]
