"""Time the search for causes: 10,000 short lines under 20 contracts, a tenth Medicare, every hypothesis tried.

    python benchmarks/causes.py [lines]

The home is that of benchmarks/reprice.py: made up. Each line is allowed any amount from half of what is owed up: what is
found to be its cause is found by accident.
"""

from __future__ import annotations

import random
import resource
import sys
import tempfile
import time
from pathlib import Path

import polars as pl

from benchmarks.reprice import SEED, make_lines, write_home
from contracts import GROUP_SCHEMA, Practice, Site, explain_short, read_reference, read_terms, reprice


def groups_of(priced: pl.DataFrame, rng: random.Random) -> pl.DataFrame:
    """What was allowed, made up: line by line, and in one sum where a day is capped."""
    known = priced.filter(pl.col("expected_low_cents") > 0)
    group = pl.coalesce("group_id", pl.format("line:{}", "line_id"))
    allowed = [rng.randint(owed // 2, owed - 1) for owed in known["expected_low_cents"]]
    rows = known.with_columns(
        group.alias("judged_group"),
        pl.Series("allowed_cents", allowed, pl.Int64),
        pl.col("expected_low_cents").alias("expected_cents"),
    )
    return rows.with_columns(
        pl.col("allowed_cents", "expected_cents").sum().over("judged_group"),
        decided_units=pl.lit(None, pl.Decimal(18, 3)),
        short=pl.lit(value=True),
    ).select(*GROUP_SCHEMA)


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    rng = random.Random(SEED)
    sites = (
        Site(name="Dallas", zip="75201", payee_npi=("1234567890",)),
        Site(name="New York", zip="10001", payee_npi=("1234567891",)),
    )
    practice = Practice(sites=sites)
    with tempfile.TemporaryDirectory() as name:
        codes = write_home(Path(name), rng)
        lines = make_lines(count, codes, rng)
        terms, reference = read_terms(Path(name, "contracts")), read_reference(Path(name, "reference"))
        groups = groups_of(reprice(lines, terms, reference, practice).lines, rng)
        started = time.perf_counter()
        causes = explain_short(lines, groups, terms, reference, practice)
        seconds = time.perf_counter() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    proven = causes.filter("borne_out")
    accidents = proven["line_id"].n_unique()
    print(
        f"{groups.height:,} short lines: {seconds:.1f} s, peak {peak:,} MB, {accidents:,} with a cause by accident"
    )
    with pl.Config(tbl_rows=-1):
        print(proven.unique("line_id", keep="first", maintain_order=True)["cause"].value_counts(sort=True))


if __name__ == "__main__":
    main()
