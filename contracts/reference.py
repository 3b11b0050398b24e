"""Reference tables as pricing reads them: what `shortpay reference load` put there, and tables that people wrote.

A table written by hand is a CSV file whose header decides its kind; any number of files may hold one kind. What was
loaded from CMS is in `loaded.toml` (see `contracts.loaded`). Both may stand side by side as long as they agree.
Numbers are exact decimals.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import reduce
from typing import TYPE_CHECKING, cast

import polars as pl

from .bounded import REFERENCE_BYTES, read_bounded
from .loaded import FOLDER, MANIFEST, Manifest, read_manifest, sha256_of
from .problems import Problem, TermsError
from .reference_tables import KEYS, KINDS, LAZY_KIND, PROVENANCE, Column, kind_of, schema_of, typed

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator
    from pathlib import Path

__all__ = [
    "KEYS",
    "KINDS",
    "LAZY_KIND",
    "PROVENANCE",
    "Column",
    "EditFile",
    "Reference",
    "kind_of",
    "read_reference",
    "schema_of",
    "typed",
]

RELEASE_SCHEMA: dict[str, pl.DataType] = {
    "kind": pl.String(),
    "release": pl.String(),
    "part": pl.String(),
    "effective": pl.Date(),
    "until": pl.Date(),
    "source_file": pl.String(),
    "source_sha256": pl.String(),
    "download": pl.String(),
    "download_sha256": pl.String(),
    "row_count": pl.Int32(),
}
"""Columns of the table of loaded files: one row a file of CMS that is in effect."""


def _empty(kind: str) -> pl.DataFrame:
    return pl.DataFrame(schema=schema_of(kind))


@dataclass(frozen=True)
class EditFile:
    """One loaded file of an edition of national edits, whole or a part: its rows stay on disk until they are asked for."""

    edition: str
    part: str
    effective: dt.date
    until: dt.date
    source_file: str
    row_count: int
    path: Path


@dataclass(frozen=True)
class Reference:
    """The reference tables.

    Each has the columns of KINDS and `source_file`, `source_row`; `release` has one row a loaded file of CMS
    (RELEASE_SCHEMA). ``Reference()`` is empty. National edits are in `ptp_edit` where people wrote them, and in
    `edit_files` where they were loaded.
    """

    rvu: pl.DataFrame = field(default_factory=lambda: _empty("rvu"))
    gpci: pl.DataFrame = field(default_factory=lambda: _empty("gpci"))
    zip_locality: pl.DataFrame = field(default_factory=lambda: _empty("zip_locality"))
    conversion_factor: pl.DataFrame = field(default_factory=lambda: _empty("conversion_factor"))
    anesthesia_factor: pl.DataFrame = field(default_factory=lambda: _empty("anesthesia_factor"))
    opps_cap: pl.DataFrame = field(default_factory=lambda: _empty("opps_cap"))
    mue: pl.DataFrame = field(default_factory=lambda: _empty("mue"))
    ptp_edit: pl.DataFrame = field(default_factory=lambda: _empty("ptp_edit"))
    edit_files: tuple[EditFile, ...] = ()
    release: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=RELEASE_SCHEMA))

    def frames(self) -> dict[str, pl.DataFrame]:
        """Return the stored form: a frame for each of KINDS but the one that stays on disk, and `reference_release`."""
        stored = {kind: getattr(self, kind) for kind in KINDS if kind != LAZY_KIND}
        return stored | {"reference_release": self.release}

    def verified_through(self, kind: str) -> dt.date | None:
        """Return the last date of service that a dated table covers; None where it is empty or has no end.

        Later dates have no row and abstain.
        """
        ends: pl.Series = getattr(self, kind)["until"]
        return None if ends.has_nulls() else cast("dt.date | None", ends.max())


def read_reference(folder: Path) -> Reference:
    """Read every ``*.csv`` of `folder` and what was loaded into it. A folder that does not exist is an empty reference.

    Raises TermsError listing every problem of every file at once.
    """
    problems: list[Problem] = []
    tables: dict[str, list[pl.DataFrame]] = {kind: [] for kind in KINDS}
    for path in sorted(folder.glob("[!.]*.csv")) if folder.is_dir() else []:
        table = _read_file(path, problems)
        if table:
            tables[table[0]].append(table[1])
    written = {kind: pl.concat(parts) if parts else _empty(kind) for kind, parts in tables.items()}
    manifest = read_manifest(folder)
    loaded = _loaded_tables(folder, manifest, problems)
    if not problems:
        problems.extend(_contradictions(_beside(written, loaded)))
    if problems:
        raise TermsError(problems)
    frames = {
        kind: pl.concat([written[kind], loaded[kind]]) if kind in loaded else written[kind] for kind in KINDS
    }
    return Reference(**frames, release=_releases(manifest), edit_files=_edit_files(folder, manifest))


def _loaded_tables(folder: Path, manifest: Manifest, problems: list[Problem]) -> dict[str, pl.DataFrame]:
    found = {}
    for kind, table in manifest.tables.items():
        try:
            data = read_bounded(folder / FOLDER / table.file, REFERENCE_BYTES)
        except OSError:
            data = b""
        if sha256_of(data) != table.sha256:
            message = f"{FOLDER}/{table.file} is not as it was loaded: move {MANIFEST} and {FOLDER}/ away and load again"
            problems.append(Problem(MANIFEST, None, message))
            continue
        if kind.startswith(LAZY_KIND):
            continue
        found[kind] = pl.read_parquet(data)
    return found


def _edit_files(folder: Path, manifest: Manifest) -> tuple[EditFile, ...]:
    files = [
        EditFile(
            one.release, one.part, one.effective, one.until, f"{one.release}/{one.member}", one.rows,
            folder / FOLDER / one.file,
        )
        for one in manifest.entries
        if one.kind == LAZY_KIND and one.in_effect
    ]  # fmt: skip
    return tuple(sorted(files, key=lambda one: (one.effective, one.part)))


def _beside(written: dict[str, pl.DataFrame], loaded: dict[str, pl.DataFrame]) -> dict[str, pl.DataFrame]:
    """Return what people wrote and what was loaded for the same keys; loaded tables were checked when they were loaded."""
    beside = dict(written)
    for kind, rows in written.items():
        if kind in loaded and not rows.is_empty():
            same = loaded[kind].join(rows, on=KEYS[kind], how="semi")
            beside[kind] = pl.concat([same, rows])
    if not written["conversion_factor"].is_empty() and "conversion_factor" in loaded:
        beside["conversion_factor"] = pl.concat([loaded["conversion_factor"], written["conversion_factor"]])
    return beside


def _releases(manifest: Manifest) -> pl.DataFrame:
    rows = [
        (
            one.kind, one.release, one.part, one.effective, one.until, f"{one.release}/{one.member}", one.member_sha256,
            one.downloads[0].name, one.downloads[0].sha256, one.rows,
        )
        for one in manifest.entries
        if one.in_effect
    ]  # fmt: skip
    return pl.DataFrame(rows, schema=RELEASE_SCHEMA, orient="row").sort(
        "kind", "effective", "release", "part"
    )


def _read_file(path: Path, problems: list[Problem]) -> tuple[str, pl.DataFrame] | None:
    try:
        raw = pl.read_csv(read_bounded(path, REFERENCE_BYTES), infer_schema=False, encoding="utf8-lossy")
    except (pl.exceptions.PolarsError, OSError) as error:
        problems.append(Problem(path.name, None, f"cannot be read as a table: {str(error).splitlines()[0]}"))
        return None
    raw = raw.rename({name: name.strip().strip("\ufeff").casefold() for name in raw.columns})
    kind = kind_of(raw.columns)
    if kind is None:
        problems.append(_unknown(path.name, raw.columns))
        return None
    return kind, typed(raw, kind, path.name, problems)


def _unknown(name: str, columns: list[str]) -> Problem:
    shared = {kind: len(set(columns) & set(wanted)) for kind, wanted in KINDS.items()}
    kind = max(shared, key=lambda one: shared[one])
    if shared[kind] < 2:
        there = ", ".join(columns[:8])
        return Problem(
            name, 1, f"not a reference table (its header has {there}); wanted one of {', '.join(KINDS)}"
        )
    missing = [one for one, column in KINDS[kind].items() if not column.optional and one not in columns]
    return Problem(
        name, 1, f"looks like {kind} but lacks {', '.join(missing)}; its header has {', '.join(columns)}"
    )


def _contradictions(frames: dict[str, pl.DataFrame]) -> Iterator[Problem]:
    """Periods that end before they begin; two rows for one key that say different things."""
    for kind, frame in frames.items():
        if "until" in frame.columns:
            for file, row in (
                frame.filter(pl.col("until") < pl.col("effective")).select(*PROVENANCE).iter_rows()
            ):
                yield Problem(file, row, "until is before effective")
        keys = KEYS[kind]
        said = [name for name in KINDS[kind] if name not in {*keys, "source", "state"}]
        differs = reduce(
            lambda one, other: one | other, (pl.col(name).n_unique().over(keys) > 1 for name in said)
        )
        for rows in frame.filter(differs).partition_by(keys):
            first, second = rows.row(0, named=True), rows.row(1, named=True)
            where = f"{first['source_file']} row {first['source_row']}"
            yield Problem(
                second["source_file"],
                second["source_row"],
                f"says something else than {where} for the same {', '.join(keys)}; keep one",
            )
    yield from _factor_overlaps(frames["conversion_factor"])


def _factor_overlaps(factors: pl.DataFrame) -> Iterator[Problem]:
    """Return a date of service has one conversion factor for QPs and one for the others."""
    ordered = factors.sort("qp", "effective").with_columns(
        pl.col("until").shift(1).over("qp").alias("before"),
        pl.col("factor").shift(1).over("qp").alias("other"),
    )
    clash = ordered.filter((pl.col("effective") <= pl.col("before")) & (pl.col("factor") != pl.col("other")))
    for file, row in clash.select(*PROVENANCE).iter_rows():
        yield Problem(
            file,
            row,
            "overlaps another conversion factor for the same clinicians; end one before the other begins",
        )
