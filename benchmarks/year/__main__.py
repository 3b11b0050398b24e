"""Make a practice-year, run it through the night and score it: python -m benchmarks.year [--lines N] [--seed N] [--nights N].

Exit status 1 where a target is missed. Misses are written to a CSV, each with its claim.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

from rich.console import Console

from benchmarks.year import pipeline
from benchmarks.year.make import make_year
from benchmarks.year.report import show, write_misses
from benchmarks.year.score import Score, score


def run_year(lines: int, seed: int, nights: int, folder: Path, console: Console) -> Score:
    """The whole year in a home folder of its own."""
    started = time.perf_counter()
    files = make_year(lines, seed)
    made = time.perf_counter()
    home = pipeline.make_home(folder)
    laps = pipeline.run(home, files, nights)
    done = time.perf_counter()
    told = sum(len(file.told) for file in files)
    console.print(f"{told:,} lines in {len(files):,} files, seed {seed}: made in {made - started:.0f} s, "
                  f"{nights} night(s) in {done - made:.0f} s")  # fmt: skip
    steps = {name: sum(lap[name] for lap in laps) for name in laps[0]}
    console.print("; ".join(f"{name} {seconds:.0f} s" for name, seconds in steps.items()))
    cut = sum(file.refused for file in files)
    console.print(f"{cut} files cut off on their way, {pipeline.refused(home)} in quarantine")
    found = score(files, pipeline.judged(home), pipeline.causes(home))
    if cut != pipeline.refused(home):
        sys.exit("files that can be read are in quarantine, or files that cannot are not")
    return found


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.year", description=__doc__.splitlines()[0])
    parser.add_argument("--lines", type=int, default=60_000, help="service lines as first decided, about")
    parser.add_argument("--seed", type=int, default=2026)
    parser.add_argument("--nights", type=int, default=1, help="over how many nights the files come")
    parser.add_argument("--folder", type=Path, help="the home folder to make and keep (what is there goes)")
    parser.add_argument("--misses", type=Path, default=Path("build/year-misses.csv"))
    asked = parser.parse_args()
    console = Console(width=150)
    with tempfile.TemporaryDirectory() as place:
        found = run_year(asked.lines, asked.seed, asked.nights, asked.folder or Path(place, "home"), console)
    show(found, console)
    write_misses(found, asked.misses)
    console.print(f"{found.misses.height} differences are listed in {asked.misses}")
    missed = found.failed()
    if missed:
        console.print(f"Missed: {', '.join(missed)}")
        sys.exit(1)
    console.print("All targets are met")


if __name__ == "__main__":
    main()
