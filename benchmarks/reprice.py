"""Time the repricer: 1,000,000 lines, 20 contracts of 500 codes, a tenth Medicare with the therapy cut.

    python benchmarks/reprice.py [lines]

Everything is made up here: codes, rates, relative values. Prints seconds, peak memory and lines by outcome.
"""

from __future__ import annotations

import random
import resource
import sys
import tempfile
import time
from pathlib import Path

import polars as pl

from contracts import Practice, Site, read_reference, read_terms, reprice

CONTRACTS, CODES, SEED = 20, 500, 835
THERAPY = ("97110", "97112", "97140", "97530", "97535", "97161", "97035", "97116")


def write_home(folder: Path, rng: random.Random) -> list[str]:
    codes = [*THERAPY, *(f"{20000 + index:05d}" for index in range(CODES - len(THERAPY)))]
    (folder / "contracts").mkdir()
    (folder / "reference").mkdir()
    for number in range(CONTRACTS):
        write_contract(folder / "contracts", number, codes, rng)
    rows = [
        f"RVU26C,2026-01-01,2026-12-31,{code},,A,0.{rng.randint(20, 90)},0.{rng.randint(20, 90)},0.30,0.02,"
        f"{5 if code in THERAPY else 0},0,0,7"
        for code in codes
    ]
    header = (
        "release,effective,until,hcpcs,modifier,status,work_rvu,pe_nonfacility_rvu,pe_facility_rvu,mp_rvu,"
        "multiple_procedure,bilateral,assistant_surgery,pctc"
    )
    (folder / "reference" / "rvu.csv").write_text("\n".join([header, *rows]))
    (folder / "reference" / "gpci.csv").write_text(
        "year,mac,locality,state,work,pe,mp\n2026,04412,11,TX,1.009,0.996,0.858\n2026,13202,01,NY,1.06,1.17,1.64\n"
    )
    (folder / "reference" / "cf.csv").write_text(
        "effective,until,qp,factor,source\n2026-01-01,2026-12-31,no,33.4009,RVU26C\n2026-01-01,2026-12-31,yes,33.5675,RVU26C\n"
    )
    (folder / "reference" / "zip.csv").write_text(
        "zip,plus_four,mac,locality,split,effective,until,source\n75201,,04412,11,0,2024-01-01,,ZIP5\n10001,,13202,01,0,2024-01-01,,ZIP5\n"
    )
    return codes


def write_contract(folder: Path, number: int, codes: list[str], rng: random.Random) -> None:
    rows = "\n".join(f"{code},,,{rng.randint(2000, 20000) / 100:.2f},," for code in codes)
    (folder / f"plan-{number}.csv").write_text(f"code,modifier,setting,rate,effective,until\n{rows}\n")
    rule = ("none", "medicare", "percent")[number % 3]
    extra = "multiple_procedure_percent = 50\n" if rule == "percent" else ""
    cap = 'visit_maximum = "150.00"\n' if number % 5 == 0 else ""
    (folder / f"plan-{number}.toml").write_text(
        f'contract = "plan-{number}"\npayer = "P{number}"\neffective = 2026-01-01\n'
        f'[match]\npayer_id = ["{number:05d}"]\n'
        f'[[rate]]\nbasis = "fee_schedule"\nfile = "plan-{number}.csv"\n'
        f'[terms]\nmultiple_procedure = "{rule}"\nassistant_percent = 85\n{extra}{cap}'
    )


def make_lines(count: int, codes: list[str], rng: random.Random) -> pl.DataFrame:
    days = (count + 2) // 3
    payer = [rng.randrange(CONTRACTS) if rng.random() > 0.1 else -1 for _ in range(days)]
    site = [rng.randrange(2) for _ in range(days)]
    lines = pl.DataFrame({"line_id": range(count)}).with_columns(day=pl.col("line_id") // 3)
    per_day = pl.DataFrame({"day": range(days), "payer": payer, "site": site})
    pick = pl.Series(
        "procedure_code",
        [rng.choice(THERAPY) if rng.random() < 0.5 else rng.choice(codes) for _ in range(count)],
    )
    units = pl.Series("units", [rng.randint(1, 4) for _ in range(count)])
    charge = pl.Series("charge_cents", [rng.randint(3000, 40000) for _ in range(count)])
    return (
        lines.join(per_day, on="day", how="left", maintain_order="left")
        .with_columns(pick, units, charge)
        .with_columns(
            patient_day=pl.format("day-{}", "day"),
            claim_id=pl.col("day"),
            line_order=pl.col("line_id") % 3,
            service_date=pl.date(2026, 1, 1) + pl.duration(days=pl.col("day") % 365),
            modifiers=pl.when(pl.col("line_id") % 20 == 0).then(pl.lit("GP:CQ")).otherwise(pl.lit("GP")),
            billed_modifiers=pl.lit(None, pl.String),
            payer_ids=pl.concat_list(pl.col("payer").cast(pl.String).str.zfill(5)),
            payer_name=pl.lit("A payer"),
            class_of_contract=pl.lit(None, pl.String),
            filing_indicator=pl.when(pl.col("payer") < 0).then(pl.lit("MB")).otherwise(pl.lit("12")),
            group_number=pl.lit(None, pl.String),
            payee_npi=pl.format("123456789{}", "site"),
            payee_tin=pl.lit(None, pl.String),
            rendering_npi=pl.format("12345678{}", (pl.col("day") % 40) + 10),
            location_number=pl.lit(None, pl.String),
            payee_zip=pl.lit("75201"),
            facility_code=pl.lit("11"),
        )
        .drop("day", "payer", "site")
    )


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    rng = random.Random(SEED)
    practice = Practice(
        sites=(
            Site(name="Dallas", zip="75201", payee_npi=("1234567890",)),
            Site(name="New York", zip="10001", payee_npi=("1234567891",)),
        )
    )
    with tempfile.TemporaryDirectory() as name:
        codes = write_home(Path(name), rng)
        lines = make_lines(count, codes, rng)
        started = time.perf_counter()
        terms, reference = read_terms(Path(name, "contracts")), read_reference(Path(name, "reference"))
        read = time.perf_counter()
        priced = reprice(lines, terms, reference, practice)
        done = time.perf_counter()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(f"{count:,} lines: read terms {read - started:.1f} s, priced {done - read:.1f} s, peak {peak:,} MB")
    print(f"{priced.steps.height:,} steps")
    print(priced.lines["outcome"].value_counts(sort=True))


if __name__ == "__main__":
    main()
