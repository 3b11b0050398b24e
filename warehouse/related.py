"""What a claim is decided with, found in the published history and read again from the archived bytes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from era_parser import Source, parse
from era_parser import registry as era_registry
from warehouse.archive import ArchiveError, bring_back
from warehouse.database import model_sql, prepare

if TYPE_CHECKING:
    from pathlib import Path

    import duckdb

_ASKED = ("related_claim", "related_adjustment", "related_payment")


@dataclass(frozen=True)
class Related:
    """Claims that are decided together, with the payments they are in.

    `claims`: file_hash, claim; `payments`: file_hash, payment; `adjustments`: file_hash, payment, segment, position;
    `seen`: the arrivals of their files, as era.file_seen has them.
    """

    claims: pl.DataFrame
    payments: pl.DataFrame
    adjustments: pl.DataFrame
    seen: pl.DataFrame

    def arrived_by(self, arrival: int) -> Related:
        """Return what had arrived with a given arrival and before."""
        seen = self.seen.filter(pl.col("arrival") <= arrival)
        known = pl.col("file_hash").is_in(seen["file_hash"].to_list())
        return Related(
            self.claims.filter(known), self.payments.filter(known), self.adjustments.filter(known), seen
        )

    def names(self) -> dict[str, str]:
        """Return the first name, in order of letters, that each file came under."""
        return dict(self.seen.group_by("file_hash").agg(pl.col("name").min()).sort("name").iter_rows())


def related(con: duckdb.DuckDBPyConnection, file_hash: str, claim: int) -> Related:
    """Find what a claim is decided with in a published database, of which nothing but the place of each is used.

    Raises ArchiveError where the claim is not there.
    """
    prepare(con, "work.scope_key")
    parameters = {"file_hash": file_hash, "claim": claim}
    found = []
    for model in _ASKED:
        query = model_sql(f"replay.{model}")
        con.execute(
            f"create or replace temp table {model} as {query}", parameters if "$claim" in query else None
        )
        found.append(con.sql(f"from {model}").pl())
    if found[2].is_empty():
        raise ArchiveError("the claim is not in the warehouse; run a night, then ask again")
    seen = con.sql(
        "select s.* from era.file_seen s semi join related_payment using (file_hash)"
        " where s.outcome <> 'refused' order by s.arrival"
    ).pl()
    claims, adjustments, payments = found
    return Related(claims, payments, adjustments, seen)


def read_again(archive: Path, wanted: Related) -> dict[str, pl.DataFrame]:
    """Parse the archived bytes of the files and return the tables of era_parser, the wanted payments of them.

    Raises ArchiveError where a file is missing, damaged, or no longer read by this program.
    """
    sources = [Source(name, bring_back(archive, file_hash)) for file_hash, name in wanted.names().items()]
    remittances = parse(sources)
    for refusal in remittances.refusals:
        raise ArchiveError(f"{refusal.name}: was read once and is refused now: {refusal.message}")
    tables = {}
    for name in era_registry.tables():
        frame = remittances.tables[name]
        keys = ["file_hash", "payment"]
        if name == "provider_adjustment":
            frame = frame.join(wanted.adjustments, on=["file_hash", "segment", "position"], how="semi")
        elif "payment" in frame.columns:
            frame = frame.join(wanted.payments, on=keys, how="semi")
        tables[name] = frame
    return tables
