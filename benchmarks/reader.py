"""Time the 835 reader beside others, all in one run: `make bench-reader` (its own environment holds the others).

    python benchmarks/reader.py [--megabytes 100] [--rounds 3] [--generator ../shared/tools/gen835.py]

Each measurement is a process of its own; rounds go round all contenders, so that a slow minute of the machine
strikes each of them. Prints a Markdown table of medians: seconds, processor seconds, peak memory, ratio.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

SMALL_FILES, SMALL_BYTES = 5_000, 20_000


def shortpay_whole(path: Path) -> int:
    from era_parser import Source, parse

    return parse([Source.from_path(path)]).tables["service_line"].height


def shortpay_parts(path: Path) -> int:
    from era_parser import parse_chunks

    return sum(part.tables["service_line"].height for part in parse_chunks([path]))


def shortpay_small(folder: Path) -> int:
    from era_parser import Source, parse

    sources = [Source.from_path(path) for path in sorted(folder.iterdir())]
    return parse(sources).tables["service_line"].height


def oxedi(path: Path) -> int:
    import oxedi

    return oxedi.parse_file(str(path)).tables.to_polars()["services"].height


def read_csv(path: Path) -> int:
    import polars as pl

    columns = {f"c{n}": pl.String for n in range(20)}
    frame = pl.read_csv(path, separator="*", eol_char="~", has_header=False, quote_char=None, schema=columns,
                        truncate_ragged_lines=True, missing_columns="insert")  # fmt: skip
    return frame.height


def edi_835_parser(path: Path) -> int:
    """Its objects alone: its `to_dataframe` refuses files of more than one payer."""
    import edi_835_parser

    sets = edi_835_parser.parse(str(path))
    return sum(len(claim.services) for one in sets for claim in one.claims)


def pyx12_walk(path: Path) -> int:
    import pyx12.error_handler
    import pyx12.params
    import pyx12.x12context

    with path.open() as file:
        reader = pyx12.x12context.X12ContextReader(
            pyx12.params.params(), pyx12.error_handler.errh_null(), file
        )
        return sum(len(list(node.select("2000/2100/2110"))) for node in reader.iter_segments("ST_LOOP")
                   if node.id == "ST_LOOP")  # fmt: skip


CONTENDERS: dict[str, tuple[Callable[[Path], int], str]] = {
    "shortpay, whole": (shortpay_whole, "big"),
    "oxedi 0.6.0, parse_file and to_polars": (oxedi, "big"),
    "polars.read_csv into 20 columns": (read_csv, "big"),
    "shortpay, in parts": (shortpay_parts, "big"),
    "shortpay, in parts, ten times the bytes": (shortpay_parts, "huge"),
    f"shortpay, {SMALL_FILES:,} files of {SMALL_BYTES // 1000} KB": (shortpay_small, "small"),
    "edi-835-parser, its objects": (edi_835_parser, "big"),
    "pyx12 context walk, 1 MB": (pyx12_walk, "one"),
}
ONCE = (
    "edi-835-parser, its objects",
    "pyx12 context walk, 1 MB",
    "shortpay, in parts, ten times the bytes",
)


def measure(name: str, path: Path) -> dict[str, float]:
    """Run one contender in a process of its own; its imports and the reading of the disk's cache are not timed."""
    run = subprocess.run(
        [sys.executable, __file__, "--one", name, str(path)], capture_output=True, text=True, check=False
    )
    if run.returncode:
        print(
            f"{name}: {run.stderr.strip().splitlines()[-1] if run.stderr.strip() else 'failed'}",
            file=sys.stderr,
        )
        return {}
    found: dict[str, float] = json.loads(run.stdout.splitlines()[-1])
    return found


def one(name: str, path: Path) -> None:
    work = CONTENDERS[name][0]
    if path.is_file():
        with path.open("rb") as file:
            while file.read(1 << 24):
                pass
    best: list[tuple[float, float, int]] = []
    for _ in range(1 if name in ONCE else 3):  # the first one pays for imports and warm-up
        before, start = os.times(), time.perf_counter()
        lines = work(path)
        seconds, after = time.perf_counter() - start, os.times()
        best.append((seconds, after.user + after.system - before.user - before.system, lines))
    seconds, processor, lines = min(best)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"seconds": seconds, "processor": processor, "peak": peak, "lines": lines}))


def prepare(folder: Path, megabytes: int, generator: Path) -> dict[str, Path]:
    """Make the files; claims of the generator take about 650 bytes each."""

    def generate(name: str, size: float) -> Path:
        path = folder / f"{name}.835"
        claims = max(1, round(size * 1_000_000 / 651))
        subprocess.run([sys.executable, generator, "--claims", str(claims), "--out", path], check=True,
                       stdout=subprocess.DEVNULL)  # fmt: skip
        return path

    big = generate("big", megabytes)
    small = folder / "small"
    small.mkdir()
    source = generate("piece", SMALL_BYTES / 1_000_000).read_bytes()
    for number in range(SMALL_FILES * megabytes // 100):
        (small / f"{number:05d}.835").write_bytes(source.replace(b"EFT", f"E{number:05d}".encode()))
    huge = folder / "huge.835"
    with huge.open("wb") as out:
        for _ in range(10):
            out.write(big.read_bytes())
    return {
        "big": big,
        "huge": huge,
        "small": small,
        "one": generate("one", 1),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--megabytes", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=3)
    beside = Path(__file__).parents[1].parent / "shared" / "tools" / "gen835.py"
    parser.add_argument("--generator", type=Path, default=beside)
    parser.add_argument("--one", nargs=2, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.one:
        one(arguments.one[0], Path(arguments.one[1]))
        return
    if not arguments.generator.exists():
        sys.exit(
            f"{arguments.generator}: the generator of remittances is not there; name it with --generator"
        )
    with tempfile.TemporaryDirectory() as folder:
        paths = prepare(Path(folder), arguments.megabytes, arguments.generator)
        runs: dict[str, list[dict[str, float]]] = {name: [] for name in CONTENDERS}
        for turn in range(arguments.rounds):
            for name, (_, file) in CONTENDERS.items():
                if turn == 0 or name not in ONCE:
                    runs[name].append(measure(name, paths[file]))
        size = {name: sum(p.stat().st_size for p in (path.iterdir() if path.is_dir() else [path])) / 1e6
                for name, path in paths.items()}  # fmt: skip
        report({name: [run for run in found if run] for name, found in runs.items()}, size)


def report(runs: dict[str, list[dict[str, float]]], size: dict[str, float]) -> None:
    """Medians; the ratio is that of MB per second to the first row's."""
    first = "shortpay, whole"
    print(
        "| reader | MB | seconds | processor s | peak MB | MB/s | times as fast is shortpay |\n|---|--:|--:|--:|--:|--:|--:|"
    )
    rates: dict[str, float] = {}
    for name, found in runs.items():
        if not found:
            print(f"| {name} | did not run | | | | | |")
            continue
        middle = {key: statistics.median(run[key] for run in found) for key in found[0]}
        megabytes = size[CONTENDERS[name][1]]
        rates[name] = megabytes / middle["seconds"]
        print(f"| {name} | {megabytes:,.0f} | {middle['seconds']:.2f} | {middle['processor']:.2f} | {middle['peak']:,.0f} "
              f"| {rates[name]:.1f} | {rates[first] / rates[name]:.2f} |")  # fmt: skip


if __name__ == "__main__":
    main()
