"""Time a night of 10,000 lines on an empty warehouse and on one that holds 1,000,000: the same files, side by side.

    python benchmarks/night.py [--history 1000000] [--lines 10000] [--generator ../shared/tools/gen835.py]

Files come from the generator, terms from the example practice. Prints seconds a step and the ratio of the totals.
"""

from __future__ import annotations

import argparse
import datetime as dt
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from contracts import read_practice, read_reference, read_terms
from era_parser import parse_chunks
from warehouse import judge, night
from warehouse.database import open_warehouse
from warehouse.load import load
from warehouse.publish import publish
from warehouse.rule_set import RuleFile, RuleSet

EXAMPLES = Path(__file__).parents[1] / "examples"
AS_OF = dt.date(2026, 7, 1)
LINES_A_CLAIM = 3.51
RULES = RuleSet((RuleFile("program", "benchmark", "0" * 64, 0),))


class Clock:
    """Seconds by step."""

    def __init__(self) -> None:
        self.steps: dict[str, float] = {}
        self.last = time.perf_counter()

    def __call__(self, step: str) -> None:
        now = time.perf_counter()
        self.steps[step] = now - self.last
        self.last = now


def generate(generator: Path, folder: Path, name: str, lines: int, seed: int) -> Path:
    path = folder / f"{name}.835"
    claims = str(max(1, round(lines / LINES_A_CLAIM)))
    command = [sys.executable, generator, "--claims", claims, "--seed", str(seed), "--out", path]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return path


def write_terms(folder: Path, remittance: Path) -> None:
    """One contract for all of the generator's payers: every code at a low rate, so that few lines are short."""
    folder.mkdir()
    text = remittance.read_text()
    payers = sorted({line.split("*")[2] for line in text.split("~") if line.lstrip().startswith("N1*PR*")})
    codes = sorted(
        {line.split("*")[1].split(":")[1] for line in text.split("~") if line.lstrip().startswith("SVC*")}
    )
    (folder / "rates.csv").write_text("code,rate\n" + "".join(f"{code},4.50\n" for code in codes))
    (folder / "all.toml").write_text(
        f"""contract = "all"
payer = "All payers"
effective = 2020-01-01
source = "benchmark"
[match]
payer_name = {payers}
[[rate]]
basis = "fee_schedule"
file = "rates.csv"
[[dispute]]
level = "first"
days = 365
unit = "calendar"
from = "remittance"
submit_to = "nobody"
source = "benchmark"
"""
    )


def one_night(warehouse: Path, path: Path) -> Clock:
    """A night without Prefect: from the file to what is published."""
    terms, reference = read_terms(warehouse.parents[1] / "contracts"), read_reference(EXAMPLES / "reference")
    practice = read_practice(EXAMPLES / "shortpay.toml")
    clock = Clock()
    with open_warehouse(warehouse) as con:
        night.settle_rules(con, RULES, terms, reference)
        for part in parse_chunks([path]):
            load(con, [], part, AS_OF)
        con.execute(
            "insert into era.file_seen select (select coalesce(max(arrival), 0) from era.file_seen) + 1, ?, name, file_hash,"
            " 'loaded', '' from era.file where file_hash not in (select file_hash from era.file_seen)",
            [AS_OF],
        )
    clock("parse and load")
    touched = night.begin(warehouse, RULES.name)
    clock("touched claims")
    with night.open_night(warehouse) as con:
        judge.decide(con)
        clock("adjudicate")
        judge.compare(con)
        clock("compare")
        judge.price(con, terms, reference, practice)
        clock("price")
        judge.judge(con)
        clock("judge")
    night.merge(warehouse)
    clock("merge")
    with open_warehouse(warehouse) as con:
        judge.rank(con, AS_OF)
        clock("rank")
        disputes = con.execute("select count(*) from out.dispute").fetchall()[0][0]
        publish(con, warehouse.parent / "published", AS_OF)
    clock("publish")
    print(f"{path.name}: {touched:,} claims touched, {disputes:,} disputes in all")
    return clock


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--history", type=int, default=1_000_000)
    parser.add_argument("--lines", type=int, default=10_000)
    beside = Path(__file__).parents[1].parent / "shared" / "tools" / "gen835.py"
    parser.add_argument("--generator", type=Path, default=beside)
    arguments = parser.parse_args()
    if not arguments.generator.exists():
        sys.exit(
            f"{arguments.generator}: the generator of remittances is not there; name it with --generator"
        )
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        tonight = generate(arguments.generator, folder, "tonight", arguments.lines, 2)
        history = generate(arguments.generator, folder, "history", arguments.history, 1)
        write_terms(folder / "contracts", tonight)
        found = {}
        for name, before in (("empty", None), ("history", history)):
            (folder / name).mkdir()
            warehouse = folder / name / "warehouse.duckdb"
            if before:
                first = one_night(warehouse, before)
                print(
                    f"history of {arguments.history:,} lines at once: {sum(first.steps.values()):.1f} s",
                    first.steps,
                )
            found[name] = one_night(warehouse, tonight).steps
        print("\n| step | empty, s | history, s |\n|---|--:|--:|")
        for step, seconds in found["empty"].items():
            print(f"| {step} | {seconds:.2f} | {found['history'][step]:.2f} |")
        empty, full = (sum(found[name].values()) for name in ("empty", "history"))
        print(f"| all | {empty:.2f} | {full:.2f} |\n\nratio {full / empty:.2f}")
        print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:,.0f} MB")


if __name__ == "__main__":
    main()
