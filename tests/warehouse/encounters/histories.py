"""The cases of tests/cases/encounters as files: a remittance and an encounter file each, judged in one warehouse."""

from __future__ import annotations

import datetime as dt
import tomllib
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from contracts import read_practice, read_reference, read_terms
from era_parser import Source, parse
from tests.conftest import EXAMPLES
from tests.warehouse.ledger.histories import edi, read_history
from warehouse import judge
from warehouse.database import open_warehouse
from warehouse.encounters import read_encounters
from warehouse.encounters.models import show, weigh
from warehouse.encounters.store import load_encounters, open_store
from warehouse.load import load

if TYPE_CHECKING:
    import duckdb

FOLDER = Path(__file__).parents[2] / "cases" / "encounters"
AS_OF = dt.date(2026, 7, 1)
FIRST = 700_001
"""Number of the first case, so that accounts are nobody else's."""
PAYERS = {"MEDICARE": "MEDICARE", "MIDPOINT": "MA", "UNSAID": "PLAN", "VISIT": "VISIT"}
RATES = {"97110": "40.00", "97112": "42.00", "97140": "30.00", "97530": "45.00"}
_CONTRACT = """\
contract  = "{name}"
payer     = "{name}"
effective = 2026-01-01
[match]
payer_id = ["{number}"]
[[rate]]
{rate}
[terms]
lesser_of = "none"
{rule}
"""


def cases() -> list[dict[str, Any]]:
    return [
        case | {"number": FIRST + place}
        for place, case in enumerate(
            case
            for path in sorted(FOLDER.glob("*.toml"))
            for case in tomllib.loads(path.read_text(encoding="utf-8"))["case"]
        )
    ]


def account(case: dict[str, Any]) -> str:
    return f"AQ{case['number']:06d}"


def remittance(case: dict[str, Any]) -> list[Source]:
    """Write the claim of a case as its payer would decide it."""
    if not case["billed"]:
        return []
    lines, paid = [], Decimal(0)
    for text in case["billed"]:
        service, units, *how = text.split()
        charge = Decimal(75) * int(units)
        allowed = Decimal(RATES.get(service[:5], "20.00")) * (1 if "cut" in how else int(units))
        if "denied" in how:
            lines.append(f"SVC {service} {charge} 0 u={units} | CO-50 {charge}")
            continue
        billed = f" billed={service} bu={units}" if "cut" in how else ""
        paid += allowed
        shown = 1 if "cut" in how else units
        lines.append(f"SVC {service} {charge} {allowed} u={shown}{billed} | CO-45 {charge - allowed}")
    charged = Decimal(75) * sum(int(text.split()[1]) for text in case["billed"])
    head = f"FILE F 2026-05-01 payer={PAYERS[case['payer']]}\nCLP A N 1 {charged} {paid} patient=P{case['number']}\n"
    return [
        Source(f"case{case['number']}.835", edi(read_history(case["number"], head + "\n".join(lines))[0]))
    ]


def encounter_file(case: dict[str, Any]) -> Source:
    """Write the encounter file of a case, with its account in front of every row."""
    header, *rows = str(case["encounter"]).split("\n")
    text = "\n".join([f"account,{header}", *(f"{account(case)},{row}" for row in rows)])
    return Source(f"case{case['number']}.csv", text.encode())


def write_terms(folder: Path) -> None:
    (folder / "rates.csv").write_text(
        "code,rate\n" + "".join(f"{code},{rate}\n" for code, rate in RATES.items())
    )
    schedule = 'basis = "fee_schedule"\nfile = "rates.csv"'
    for name, number, rate, rule in (
        ("unsaid", "PLAN1", schedule, ""),
        ("midpoint", "MAPLN", schedule, 'units_rule = "midpoint"'),
        ("visit", "VISIT", 'basis = "per_visit"\namount = "82.00"', 'units_rule = "eight_minute"'),
    ):
        text = _CONTRACT.format(name=name, number=number, rate=rate, rule=rule)
        (folder / f"{name}.toml").write_text(text)


def judged(folder: Path) -> duckdb.DuckDBPyConnection:
    """Judge every case in one warehouse, remittances first, then encounters."""
    con = open_warehouse(folder / "warehouse.duckdb")
    sources = [source for case in cases() for source in remittance(case)]
    load(con, sources, parse(sources), AS_OF)
    write_terms(folder)
    terms, reference = read_terms(folder), read_reference(EXAMPLES / "reference")
    practice = read_practice(EXAMPLES / "shortpay.toml")
    judge.store_terms(con, terms, reference)
    judge.adjudicate(con)
    judge.compare(con)
    judge.price(con, terms, reference, practice)
    judge.judge(con)
    judge.rank(con, AS_OF)
    with open_store(folder / "warehouse.duckdb") as store:
        for case in cases():
            file = encounter_file(case)
            load_encounters(store, file, read_encounters(file), AS_OF)
        weigh(con, store, terms, reference, practice)
    show(con, AS_OF)
    return con
