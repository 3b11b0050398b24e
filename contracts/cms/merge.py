"""From the loaded files to one table a kind, and the checks that need more than one file."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import polars as pl

from contracts.medicare import price_units
from contracts.problems import Problem
from contracts.reference import KEYS, KINDS, Reference, schema_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from contracts.loaded import Entry

    from .rules import Rules

_SAME_FOR_QPS = (
    "status", "work_rvu", "pe_nonfacility_rvu", "pe_facility_rvu", "mp_rvu", "multiple_procedure",
    "bilateral", "assistant_surgery", "pctc", "global_days", "endoscopic_base", "imaging_family",
)  # fmt: skip


def inputs(table: str, entries: Iterable[Entry]) -> list[Entry]:
    """Return the entries in effect that a table is made of, in a stated order."""
    kinds = {"conversion_factor": ("rvu",), "zip_locality": ("zip5", "zip9")}.get(table, (table,))
    used = [one for one in entries if one.in_effect and one.kind in kinds]
    if table == "rvu":
        used = [one for one in used if one.part == "no"]
    return sorted(used, key=lambda one: (one.effective, one.identity))


def build(table: str, entries: Sequence[Entry], rows: Callable[[Entry], pl.DataFrame]) -> pl.DataFrame:
    """Return a table over its entries, sorted by its key (ZIPs before ZIP+4). `rows` gives an entry's own."""
    if table == "conversion_factor":
        return _factors(entries)
    if table == "zip_locality":
        parts = [_places([one for one in entries if one.kind == kind], rows) for kind in ("zip5", "zip9")]
        return pl.concat(parts)
    parts = [pl.DataFrame(schema=schema_of(table)), *(_named(table, one, rows(one)) for one in entries)]
    return pl.concat(parts).sort(*KEYS[table])


def source_of(entry: Entry) -> str:
    """Return what `source_file` says of a loaded file: its release and its name."""
    return f"{entry.release}/{entry.member}"


def _named(table: str, entry: Entry, rows: pl.DataFrame) -> pl.DataFrame:
    """Return an entry's rows under its name, and for the dates that its release has now."""
    dated = {"effective", "until"} & set(rows.columns)
    named = rows.with_columns(
        pl.lit(source_of(entry)).alias("source_file"),
        *(pl.lit(getattr(entry, name)).alias(name) for name in sorted(dated)),
    )
    return named.select(*schema_of(table))


def _factors(entries: Sequence[Entry]) -> pl.DataFrame:
    stated = [
        (one.effective, one.until, one.part, one.factor, f"{one.release} {one.member}", source_of(one), None)
        for one in entries
    ]
    texts = {"effective": pl.Date, "until": pl.Date, "qp": pl.String, "factor": pl.String}
    schema = texts | {"source": pl.String, "source_file": pl.String, "source_row": pl.Int32}
    frame = pl.DataFrame(stated, schema=schema, orient="row")
    return frame.with_columns(pl.col("factor").cast(KINDS["conversion_factor"]["factor"].dtype)).sort(
        "effective", "qp"
    )


def _places(entries: Sequence[Entry], rows: Callable[[Entry], pl.DataFrame]) -> pl.DataFrame:
    """Return ZIP to locality over the quarters: one row for each run of quarters in which a place stayed what it was.

    A quarter is a bit, so that a dozen national files of a million ZIP+4 are one sum. A file also stands for the
    quarters of its year before it that were not loaded (CMS keeps the last file of past years alone); its row
    says so. Nothing stands for a quarter after the last file.
    """
    schema = schema_of("zip_locality")
    if not entries:
        return pl.DataFrame(schema=schema)
    marked = [
        rows(one).select(
            _packed(),
            "source_row",
            pl.lit(1 << number, pl.Int64).alias("_bit"),
            pl.lit(number, pl.Int8).alias("_file"),
        )
        for number, one in enumerate(entries)
    ]
    last = pl.col("_file").arg_max()
    seen = (
        pl.concat(marked)
        .group_by("_place")
        .agg(pl.col("_bit").sum(), pl.col("source_row").get(last), pl.col("_file").max())
    )
    runs = _runs(seen["_bit"].unique().sort().to_list(), entries, _spans(entries))
    names = pl.DataFrame(
        {"_file": range(len(entries)), "source_file": [source_of(one) for one in entries]},
        schema={"_file": pl.Int8, "source_file": pl.String},
    )
    places = seen.join(runs, on="_bit", how="inner").sort("_place", "effective")
    named = places.join(names, on="_file", how="left", validate="m:1", maintain_order="left")
    return named.with_columns(_unpacked()).select(*schema)


_DIGITS = (("zip", 5), ("plus_four", 5), ("mac", 5), ("locality", 2), ("split", 1))
"""A place as one number: the digits of its columns side by side; no +4 is 10000."""


def _packed() -> pl.Expr:
    number = pl.lit(0, pl.UInt64)
    for name, width in _DIGITS:
        text = pl.when(pl.col(name) == "").then(pl.lit("10000")).otherwise(pl.col(name))
        number = number * 10**width + text.cast(pl.UInt64)
    return number.alias("_place")


def _unpacked() -> list[pl.Expr]:
    found = []
    rest = pl.col("_place")
    for name, width in reversed(_DIGITS):
        shown = 4 if name == "plus_four" else width
        text = (rest % 10**width).cast(pl.String).str.zfill(shown)
        found.append(
            pl.when(text != "10000").then(text).otherwise(pl.lit("")).alias(name)
            if name == "plus_four"
            else text.alias(name)
        )
        rest = rest // 10**width
    return found


def _spans(entries: Sequence[Entry]) -> list[tuple[dt.date, dt.date]]:
    """Return the dates of service each file stands for: its quarter, and what of its year no earlier file covers."""
    spans: list[tuple[dt.date, dt.date]] = []
    for entry in entries:
        first = dt.date(entry.effective.year, 1, 1)
        if spans and spans[-1][1] >= first:
            first = spans[-1][1] + dt.timedelta(days=1)
        spans.append((first, entry.until))
    return spans


def _runs(
    patterns: list[int], entries: Sequence[Entry], spans: list[tuple[dt.date, dt.date]]
) -> pl.DataFrame:
    """Return for each pattern of quarters its runs without a gap: _bit, effective, until, source."""
    found: list[tuple[int, dt.date, dt.date, str]] = []
    for pattern in patterns:
        runs: list[list[int]] = []
        for number in range(len(entries)):
            if not pattern >> number & 1:
                continue
            if (
                runs
                and runs[-1][-1] == number - 1
                and spans[number - 1][1] + dt.timedelta(days=1) == spans[number][0]
            ):
                runs[-1].append(number)
            else:
                runs.append([number])
        for run in runs:
            found.append((pattern, spans[run[0]][0], spans[run[-1]][1], _source(entries, spans, run)))  # noqa: PERF401
    schema = {"_bit": pl.Int64, "effective": pl.Date, "until": pl.Date, "source": pl.String}
    return pl.DataFrame(found, schema=schema, orient="row")


def _source(entries: Sequence[Entry], spans: list[tuple[dt.date, dt.date]], run: list[int]) -> str:
    first, last = entries[run[0]], entries[run[-1]]
    said = f"{first.kind.upper()} {first.release}" + (f" to {last.release}" if first is not last else "")
    before = spans[run[0]][0]
    return (
        said
        if before == first.effective
        else f"{said}, also for {before:%Y-%m-%d} on: no earlier file is loaded"
    )


def cross_checks(
    entries: Sequence[Entry], rows: Callable[[Entry], pl.DataFrame], tables: Reference, rules: Rules
) -> list[Problem]:
    """Return what two files say differently that must say the same."""
    return [*_qp_values(entries, rows), *_opps_amounts(entries, rows, tables, rules)]


def _qp_values(entries: Sequence[Entry], rows: Callable[[Entry], pl.DataFrame]) -> list[Problem]:
    """Hold the files for QPs and for the others to the same values, but for the factor and the outpatient cap."""
    used = {(one.release, one.part): one for one in entries if one.in_effect and one.kind == "rvu"}
    problems = []
    for (release, part), entry in sorted(used.items()):
        other = used.get((release, "no"))
        if part != "yes" or other is None:
            continue
        both = rows(entry).join(rows(other), on=["hcpcs", "modifier"], suffix="_other")
        same = pl.all_horizontal(pl.col(name).eq_missing(pl.col(f"{name}_other")) for name in _SAME_FOR_QPS)
        wrong = both.filter(~same)
        problems += [
            Problem(
                entry.member,
                row,
                f"{code} has other values than in {other.member}: take {release} from cms.gov again",
            )
            for row, code in wrong.select("source_row", "hcpcs").head(20).iter_rows()
        ]
    return problems


def _opps_amounts(
    entries: Sequence[Entry], rows: Callable[[Entry], pl.DataFrame], tables: Reference, rules: Rules
) -> list[Problem]:
    """Hold OPPSCAP to what the formula gives with the release's own values, to the cent.

    Compared where the code and the locality are in the release; contractor-priced codes have a cap alone.
    """
    problems = []
    for entry in entries:
        sure = entry.effective.year in rules.kinds["opps_cap"].sure
        if not (sure and entry.in_effect and entry.kind == "opps_cap"):
            continue
        wrong = opps_differences(rows(entry), entry.effective, tables)
        problems += [
            Problem(
                entry.member,
                row,
                f"{code} in {mac}-{locality} is not what the formula gives: "
                f"PPRRVU, GPCI and OPPSCAP of {entry.release} do not belong together",
            )
            for row, code, mac, locality in wrong.select("source_row", "hcpcs", "mac", "locality")
            .head(20)
            .iter_rows()
        ]
    return problems


def opps_differences(caps: pl.DataFrame, day: dt.date, tables: Reference) -> pl.DataFrame:
    """Return the comparable rows of OPPSCAP whose amount the formula does not give; `cents` is what it gives."""
    stated = pl.concat(
        caps.filter(pl.col("status") != "C").select(
            "source_row", "hcpcs", "mac", "locality",
            pl.col("hcpcs").alias("code"), pl.col("modifier").alias("row_modifier"), pl.lit(setting).alias("setting"),
            pl.lit(day).alias("price_date"), pl.lit("no").alias("qp"),
            (pl.col(f"{setting}_amount") * 100).cast(pl.Int64).alias("stated"),
        )
        for setting in ("facility", "nonfacility")
    )  # fmt: skip
    keys = stated.select("code", "row_modifier", "setting", "mac", "locality", "price_date", "qp").unique()
    if keys.is_empty():
        return stated.with_columns(cents=pl.lit(None, pl.Int64))
    priced = price_units(keys, tables).filter(pl.col("problem").is_null())
    both = stated.join(priced, on=keys.columns, validate="m:1").with_columns(cents=pl.col("full_cents"))
    return both.filter(pl.col("cents") != pl.col("stated"))
