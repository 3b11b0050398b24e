"""Simulated nights over a practice-year, with everything that nights bring, and what is left of them in the end.

    python -m tests.soak [--lines 1000000] [--nights 30] [--seed 2026] [--kills 8] [--folder DIR]

Prints every night and a table of figures; exit status 1 where anything is off: a night's check, `verify`, the state
after `rebuild`, a row that a single clean run over everything has otherwise, or a target against the truth.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from functools import partial
from pathlib import Path

from tests.crash.state import differences
from tests.soak.compare import differing
from tests.soak.endings import clean_run, compared, rebuilt, scored, state_of, verified
from tests.soak.nights import Lived, Soak
from tests.soak.plan import Night, draw
from tests.soak.process import ask
from tests.soak.report import figures, told_of_night
from tests.soak.year import list_year, write_year


def soak(asked: argparse.Namespace, folder: Path) -> list[str]:
    """All of it; return what is off."""
    year, told = folder / "year", folder / "told.json"
    ask(partial(write_year, year, asked.lines, asked.seed), told)
    nights = draw(list_year(year), asked.nights, asked.kills, asked.seed)
    begun = Soak.begin(folder, year, nights)
    faults = [fault for night in nights for fault in _night(begun, night)]
    print(figures(begun), flush=True)
    return faults + _ending(begun, folder, told)


def _night(begun: Soak, night: Night) -> list[str]:
    lived: Lived = begun.live(night)
    print(told_of_night(night, lived), flush=True)
    return [f"night {night.number}: {fault}" for fault in lived.faults]


def _ending(begun: Soak, folder: Path, told: Path) -> list[str]:
    """What is left of the nights: against its sources, a clean run, the truth, and, last since it changes the home, a rebuild."""
    return [
        *_verified(begun, told),
        *_clean(begun, folder / "clean", told),
        *_truth(begun, told),
        *_rebuilt(begun, folder / "before.duckdb", told),
    ]


def _verified(begun: Soak, told: Path) -> list[str]:
    looks: dict[str, list[str]] = ask(partial(verified, begun.home), told)
    found = [f"verify, {what}: {fault}" for what, faults in looks.items() for fault in faults]
    print(*(f"verify: {what}" for what in looks), f"verify: {len(found)} off", sep="\n", flush=True)
    return found


def _clean(begun: Soak, folder: Path, told: Path) -> list[str]:
    clean, ended = clean_run(begun, folder)
    tables = ask(partial(compared, begun.home, clean), told)
    off = differing(tables)
    rows = sum(int(one["rows"]) for one in tables.values())
    print(f"clean run: {ended}; {len(tables)} tables, {rows:,} rows, {len(off)} differ", flush=True)
    return [f"clean run: {one}" for one in off]


def _truth(begun: Soak, told: Path) -> list[str]:
    measures: dict[str, tuple[str, str]] = ask(partial(scored, begun.home, begun.year), told)
    missed, _ = measures.pop("missed")
    print(
        *(f"truth: {name} {percent}, {made}" for name, (percent, made) in measures.items()),
        sep="\n",
        flush=True,
    )
    return [f"truth: missed {missed}"] if missed else []


def _rebuilt(begun: Soak, aside: Path, told: Path) -> list[str]:
    before = ask(partial(state_of, begun.home), told)
    ended = rebuilt(begun.home, aside)
    off = differences(before, ask(partial(state_of, begun.home), told))
    print(f"rebuild: {ended}; {len(before)} digests, {len(off)} differ", flush=True)
    return [f"rebuild: {one}" for one in off]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__.splitlines()[0])
    parser.add_argument("--lines", type=int, default=1_000_000, help="service lines as first decided, about")
    parser.add_argument("--nights", type=int, default=30)
    parser.add_argument("--seed", type=int, default=2026)
    parser.add_argument("--kills", type=int, default=8, help="nights that are killed; some of them twice")
    parser.add_argument(
        "--folder", type=Path, help="where to work, and to leave everything; must not be there yet"
    )
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="soak-") as place:
        folder = asked.folder or Path(place, "soak")
        folder.mkdir(parents=True)
        found = soak(asked, folder)
    print(*found, f"{len(found)} off", sep="\n")
    sys.exit(bool(found))


if __name__ == "__main__":
    main()
