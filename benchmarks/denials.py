"""Time national edits: a quarter of 2.5 million pairs loaded, and 100,000 bundled lines held against it.

    python benchmarks/denials.py [FILE…]

FILE: CMS's own practitioner tables (PTP and MUE). Left out: a made-up edition of the same size, in the layout of CMS's
text file, in four parts as CMS cuts it.
"""

from __future__ import annotations

import datetime as dt
import random
import resource
import sys
import tempfile
import time
import zipfile
from pathlib import Path

import polars as pl

from contracts import HELD_PAIR_SCHEMA, HELD_UNITS_SCHEMA, Terms, hold_denials, read_reference
from contracts.cms import load

SEED, LINES, PAIRS = 7, 100_000, 2_546_017
_HEAD = "Column 1\tColumn 2\t*=in existence\tEffective\tDeletion\tModifier\tPTP Edit Rationale\n"


def made_up(folder: Path, rng: random.Random) -> list[Path]:
    """Write an edition of 2024's third quarter in four zips; each column 1 code has about as many pairs as CMS's."""
    codes = [f"{number:05d}" for number in range(10_000, 24_000)]
    each = PAIRS // len(codes) + 1
    zips = []
    for part in range(4):
        name = f"ccipra-v302r0-f{part + 1}"
        rows = [
            f"{one}\t{codes[(place * 37 + step * 61) % len(codes)]}\t \t"
            f"{'20240701' if step == 0 else '20100101'}\t{'20191231' if step % 3 == 2 else '*'}\t{rng.choice('01')}\tmade up\n"
            for place, one in enumerate(codes[part * len(codes) // 4 : (part + 1) * len(codes) // 4])
            for step in range(each)
        ]
        zips.append(folder / f"medicare-ncci-2024q3-practitioner-ptp-edits-{name}.zip")
        with zipfile.ZipFile(zips[-1], "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
            archive.writestr(f"{name}.txt", _HEAD + "".join(rows))
    return zips


def denied(codes: list[str], rng: random.Random) -> pl.DataFrame:
    """Lines denied beside one other code of the day each, under Medicare."""
    first = dt.date(2024, 7, 1)
    rows = [
        (number, first + dt.timedelta(days=rng.randrange(90)), *rng.sample(codes, 2))
        for number in range(LINES)
    ]
    frame = pl.DataFrame(rows, schema=["line_id", "service_date", "code", "other_code"], orient="row")
    medicare = {"contract": "medicare", "contract_effective": dt.date(2022, 1, 1)}
    return frame.with_columns(
        modifiers=pl.lit("GP"),
        other_modifiers=pl.lit("GP"),
        **{name: pl.lit(value) for name, value in medicare.items()},
    ).select(pl.col(name).cast(kind) for name, kind in HELD_PAIR_SCHEMA.items())


def main() -> None:
    rng = random.Random(SEED)
    with tempfile.TemporaryDirectory() as name:
        files = [Path(one) for one in sys.argv[1:]] or made_up(Path(name), rng)
        folder = Path(name, "reference")
        started = time.perf_counter()
        report = load(files, folder)
        print(
            f"loaded {sum(one.rows for one in report.taken):,} rows in {time.perf_counter() - started:.1f} s"
        )
        started = time.perf_counter()
        reference = read_reference(folder)
        print(f"a night reads the reference folder in {time.perf_counter() - started:.3f} s")
        known = pl.concat([pl.read_parquet(one.path, columns=["column_1"]) for one in reference.edit_files])
        lines = denied(known["column_1"].unique().sort().to_list(), rng)
        started = time.perf_counter()
        found = hold_denials(lines, pl.DataFrame(schema=HELD_UNITS_SCHEMA), Terms(), reference)
        print(f"held {found.height:,} denials against them in {time.perf_counter() - started:.1f} s")
        print(found["finding"].value_counts(sort=True).rows())
    print(f"at most {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024:,} MB")


if __name__ == "__main__":
    main()
