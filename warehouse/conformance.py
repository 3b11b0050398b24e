"""Opinions on whether files conform: which files lack one, and keeping them, one a file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from warehouse.database import model_sql

if TYPE_CHECKING:
    from collections.abc import Sequence

    import duckdb

    from era_parser.conformance import Conformance

_OPINION = {
    "file_hash": pl.String,
    "conformance": pl.String,
    "not_checked_code": pl.String,
    "not_checked_reason": pl.String,
    "fault_count": pl.Int64,
    "segment_count": pl.Int32,
    "pyx12_segment_count": pl.Int32,
    "pyx12_version": pl.String,
}
_FAULT = {
    "file_hash": pl.String,
    "fault": pl.Int32,
    "segment": pl.Int32,
    "segment_tag": pl.String,
    "element": pl.String,
    "fault_level": pl.String,
    "fault_code": pl.String,
    "message": pl.String,
}


@dataclass(frozen=True)
class Unjudged:
    """A loaded file without an opinion, with what our reader counted."""

    file_hash: str
    byte_count: int
    segment_count: int
    interchange_count: int


def unjudged(con: duckdb.DuckDBPyConnection, pyx12_version: str, most_bytes: int) -> list[Unjudged]:
    """Files to judge, first come first.

    Those without an opinion of this pyx12, and those that were too large but are not more than `most_bytes`.
    """
    limits = {"pyx12_version": pyx12_version, "most_bytes": most_bytes}
    return [Unjudged(*row) for row in con.execute(model_sql("era.unjudged"), limits).fetchall()]


def keep_opinions(
    con: duckdb.DuckDBPyConnection, found: Sequence[tuple[Unjudged, Conformance]], pyx12_version: str
) -> None:
    """Keep opinions with their faults in one transaction, in place of earlier ones on the same files."""
    frames = {"conformance": _opinions(found, pyx12_version), "conformance_fault": _faults(found)}
    con.begin()
    try:
        for table, frame in frames.items():
            con.register("incoming", frame)
            con.register("judged", frames["conformance"].select("file_hash"))
            con.execute(f"delete from era.{table} where file_hash in (select file_hash from judged)")
            con.execute(f"insert into era.{table} by name select * from incoming")
        con.commit()
    except BaseException:
        con.rollback()
        raise
    finally:
        con.unregister("incoming")
        con.unregister("judged")


def _opinions(found: Sequence[tuple[Unjudged, Conformance]], pyx12_version: str) -> pl.DataFrame:
    rows = [
        (file.file_hash, said.opinion, said.not_checked, said.detail or None, said.fault_count,
         file.segment_count, said.pyx12_segment_count, pyx12_version)
        for file, said in found
    ]  # fmt: skip
    return pl.DataFrame(rows, schema=_OPINION, orient="row")


def _faults(found: Sequence[tuple[Unjudged, Conformance]]) -> pl.DataFrame:
    rows = [
        (
            file.file_hash,
            number,
            fault.segment,
            fault.tag,
            fault.element,
            fault.level,
            fault.code,
            fault.message,
        )
        for file, said in found
        for number, fault in enumerate(said.faults, start=1)
    ]
    return pl.DataFrame(rows, schema=_FAULT, orient="row")
