"""The contracts that the ledger cases are judged with."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

RATES = """\
code,modifier,setting,rate,effective,until
97110,,,40.00,,
97112,,,42.00,,
97124,,,28.00,,
97140,,,30.00,,
97530,,,45.00,,
97161,,,100.00,,
G0283,,,15.00,,
"""
CONTRACT = """\
contract  = "{name}"
payer     = "{name}"
plan      = "all"
effective = 2026-01-01
source    = "made up"

[match]
payer_id = ["{number}"]

[[rate]]
{rate}

[terms]
lesser_of          = "{lesser_of}"
multiple_procedure = "none"
assistant_percent  = 85
tolerance          = "0.01"

[[dispute]]
level  = "appeal"
days   = 365
from   = "remittance"
source = "made up"
"""
SCHEDULE = 'basis = "fee_schedule"\nfile = "rates.csv"'
MAXIMUM = 'visit_maximum = "90.00"\n'
VISIT = 'basis = "per_visit"\namount = "82.00"'


def write_terms(folder: Path) -> None:
    """Write the contract files of the cases' README."""
    (folder / "rates.csv").write_text(RATES)
    for name, number, rate, lesser_of, more in (
        ("plan", "PLAN1", SCHEDULE, "line", ""),
        ("advantage", "MAPLN", SCHEDULE, "line", ""),
        ("visits", "VISIT", VISIT, "none", ""),
        ("maximum", "VMAX1", SCHEDULE, "line", MAXIMUM),
    ):
        text = CONTRACT.format(name=name, number=number, rate=rate, lesser_of=lesser_of)
        text = text.replace("[terms]\n", f"[terms]\n{more}")
        (folder / f"{name}.toml").write_text(text)
