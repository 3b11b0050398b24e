"""The contracts and the editions of national edits that the denial cases are judged with: see tests/cases/denials/README.md."""

from __future__ import annotations

import shutil
from dataclasses import replace
from typing import TYPE_CHECKING

from contracts import read_reference, read_terms
from contracts.cms import cms_rules, load
from tests.conftest import EXAMPLES
from tests.warehouse.ledger.terms import CONTRACT, RATES, SCHEDULE, VISIT

if TYPE_CHECKING:
    from pathlib import Path

    from contracts import Reference, Terms

FILING = '\n[filing]\ndays = 180\nfrom = "service"\nsource = "made up"\n'
OWN = '\n[[edit]]\ncolumn_1 = "97530"\ncolumn_2 = "97140"\nindicator = 1\nsource = "policy 7"\n\n[[edit]]\nfile = "own.csv"\n'
OWN_FILE = (
    "column_1,column_2,indicator,effective,until,source\n97110,97112,0,2024-01-01,2025-12-31,policy 8\n"
)
PAIRS = """\
97140 97530 19960101 20191231 1
97140 97124 19960101 * 0
98941 97140 20060101 * 1
97150 97110 19960101 * 1
97110 97140 19990401 19990401 9
99998 99999 20260101 * 0
"""
UNITS = "97140,6,3 made up\n97110,6,3 made up\n97161,1,2 made up\n97124,2,1 made up\n"


def terms_of(folder: Path) -> Terms:
    """Write and read the contracts."""
    folder.mkdir()
    (folder / "rates.csv").write_text(RATES)
    (folder / "own.csv").write_text(OWN_FILE)
    for name, number, rate, lesser_of, edits, more in (
        ("plan", "PLAN1", SCHEDULE, "line", "", ""),
        ("advantage", "MAPLN", SCHEDULE, "line", 'edits = "ncci"\n', FILING),
        ("visits", "VISIT", VISIT, "none", 'edits = "own"\n', OWN),
    ):
        text = CONTRACT.format(name=name, number=number, rate=rate, lesser_of=lesser_of)
        text = text.replace('tolerance          = "0.01"\n', f'tolerance          = "0.01"\n{edits}')
        (folder / f"{name}.toml").write_text(text + more)
    return read_terms(folder)


def reference_of(folder: Path) -> Reference:
    """Take the example's tables, and load a small edition of pairs and of most units of 2026's first quarter."""
    shutil.copytree(EXAMPLES / "reference", folder)
    head = "Column 1\tColumn 2\t*=in existence\tEffective\tDeletion\tModifier\tPTP Edit Rationale\n"
    rows = [row.split() for row in PAIRS.splitlines()]
    pairs = folder / "ccipra-v320r0-f1.txt"
    pairs.write_text(head + "".join(f"{a}\t{b}\t\t{c}\t{d}\t{e}\tmade up\n" for a, b, c, d, e in rows))
    units = folder / "MCR_MUE_PractitionerServices_Eff_01-01-2026.txt"
    units.write_text(
        "HCPCS/CPT Code,Practitioner Services MUE Values,MUE Adjudication Indicator,MUE Rationale\n" + UNITS
    )
    rules = cms_rules()
    kinds = {name: replace(one, rows=dict.fromkeys(one.rows, (1, 100))) for name, one in rules.kinds.items()}
    load([pairs, units], folder, rules=replace(rules, kinds=kinds))
    return read_reference(folder)
