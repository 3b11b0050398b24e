"""The amounts that CMS computed itself, priced line by line through the repricer: every one, to the cent."""

from __future__ import annotations

import csv
import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest

from contracts import Practice, Reference, Terms, reprice

if TYPE_CHECKING:
    from pathlib import Path

MakeLines = Callable[[Sequence[Mapping[str, Any]]], pl.DataFrame]
DATES = {
    "2024A": dt.date(2024, 2, 1),
    "2024AR": dt.date(2024, 3, 9),
    "2024B": dt.date(2024, 5, 1),
    "2024C": dt.date(2024, 8, 1),
    "2025D": dt.date(2025, 11, 3),
    "2026C": dt.date(2026, 7, 1),
}


def cents(amount: str) -> int:
    whole, _, fraction = amount.strip().partition(".")
    return int(whole) * 100 + int(fraction.ljust(2, "0"))


def price(asked: pl.DataFrame, reference: Reference, make_lines: MakeLines, units: int = 1) -> pl.DataFrame:
    """Price `asked` as Medicare lines, each alone on its day."""
    zips = reference.zip_locality.select("mac", "locality", pl.col("zip").alias("payee_zip"))
    lines = asked.join(
        zips, on=["mac", "locality"], how="left", validate="m:1", maintain_order="left"
    ).with_row_index("line_id", 1)
    plain = make_lines([{}]).drop(
        "line_id", "payee_zip", "procedure_code", "modifiers", "units", "service_date"
    )
    full = lines.join(plain, how="cross").with_columns(
        pl.col("line_id").cast(pl.Int64),
        pl.col("line_id").cast(pl.String).alias("patient_day"),
        pl.col("hcpcs").alias("procedure_code"),
        pl.col("modifier").alias("modifiers"),
        pl.col("date").alias("service_date"),
        pl.lit(units).alias("units"),
        pl.lit("MB").alias("filing_indicator"),
        pl.lit(100_000_000).alias("charge_cents"),
        pl.when(pl.col("setting") == "facility")
        .then(pl.lit("21"))
        .otherwise(pl.lit("11"))
        .alias("facility_code"),
    )
    priced = reprice(full, Terms(), reference, Practice()).lines
    return lines.with_columns(pl.col("line_id").cast(pl.Int64)).join(
        priced.select("line_id", "outcome", "reason", "unit_rate_cents", "expected_cents"),
        on="line_id",
        validate="1:1",
    )


def wrong(priced: pl.DataFrame, amount: str = "expected_cents") -> pl.DataFrame:
    return priced.filter(pl.col(amount).ne_missing(pl.col("stated")))


def pfrev(path: Path) -> list[dict[str, Any]]:
    """Two rows for each record: the non-facility and the facility amount."""
    rows = [row for row in csv.reader(path.read_text().splitlines()) if not row[0].startswith("TRL-")]
    return [
        {
            "mac": row[1],
            "locality": row[2],
            "hcpcs": row[3],
            "modifier": row[4].strip(),
            "setting": setting,
            "date": dt.date(2025, 11, 3),
            "stated": cents(row[index]),
        }
        for row in rows
        for setting, index in (("nonfacility", 5), ("facility", 6))
    ]


def test_pfrev_2025_all_3270(cms: Path, cms_reference: Reference, make_lines: MakeLines) -> None:
    stated = pl.DataFrame(pfrev(cms / "PFREV25C.txt") + pfrev(cms / "PFREV25D.txt"))
    assert stated.height == 3_270
    assert wrong(price(stated, cms_reference, make_lines)).is_empty()


@pytest.mark.parametrize(("units", "column"), [(1, "full_amount"), (2, "mppr50_amount")])
def test_pfall_2025_all_74(
    cms: Path, cms_reference: Reference, make_lines: MakeLines, units: int, column: str
) -> None:
    """Alone a unit has the full amount; a second unit of the day the reduced one.

    The amounts are of January; the release held is October's, in which therapy values are the same.
    """
    with (cms / "PFALL25A_therapy_rows_DE_AK.csv").open() as file:
        rows = list(csv.DictReader(file))
    reduced = units == 2
    stated = pl.DataFrame(
        {
            "mac": row["carrier"],
            "locality": row["locality"],
            "hcpcs": row["hcpcs"],
            "modifier": "",
            "setting": "nonfacility",
            "date": dt.date(2025, 11, 3),
            "stated": cents(row[column]) + (cents(row["full_amount"]) if reduced else 0),
        }
        for row in rows
    )
    assert stated.height == 74
    assert wrong(price(stated, cms_reference, make_lines, units)).is_empty()


@pytest.mark.parametrize(("units", "column"), [(1, "full"), (2, "mppr50pe")])
def test_97140_in_every_locality(
    cms: Path, cms_reference: Reference, make_lines: MakeLines, units: int, column: str
) -> None:
    with (cms / "derived_97140_by_locality.csv").open() as file:
        rows = list(csv.DictReader(file))
    stated = pl.DataFrame(
        {
            "mac": row["mac"],
            "locality": row["locality"],
            "hcpcs": "97140",
            "modifier": "",
            "setting": "nonfacility",
            "date": DATES[row["release"]],
            "stated": cents(row[column]) + (cents(row["full"]) if units == 2 else 0),
        }
        for row in rows
    )
    assert stated.height == 654
    assert wrong(price(stated, cms_reference, make_lines, units)).is_empty()


def test_opps_cap_2025_all_comparable(cms: Path, cms_reference: Reference, make_lines: MakeLines) -> None:
    """Imaging is capped at the formula with the OPPS columns: 6,322 rows of two settings, none differs.

    Comparable: not contractor-priced, and code and locality in the releases (the file keeps contractor 01112
    for a few localities of 01182).
    """
    with (cms / "OPPSCAP2025_Oct.csv").open() as file:
        rows = [row for row in csv.DictReader(file) if row["HCPCS"] and row["PROCSTAT"] != "C"]
    stated = pl.DataFrame(
        {
            "mac": row["CARRIER"],
            "locality": row["LOCALITY"],
            "hcpcs": row["HCPCS"],
            "modifier": row["MOD"],
            "setting": setting,
            "date": dt.date(2025, 11, 3),
            "stated": cents(row[column]),
        }
        for row in rows
        for setting, column in (("nonfacility", "NON-FACILTY PRICE"), ("facility", "FACILITY PRICE"))
    )
    known = cms_reference.rvu.filter(pl.col("release") == "RVU25D").select("hcpcs", "modifier")
    places = cms_reference.gpci.filter(pl.col("year") == 2025)
    comparable = stated.join(known, on=["hcpcs", "modifier"], how="semi").join(
        places, on=["mac", "locality"], how="semi"
    )
    assert comparable.height == 2 * 6_322
    assert wrong(price(comparable, cms_reference, make_lines)).is_empty()
