"""What a row of a lane beside the disputes rests on: its rule, the rows and segments behind it, the arithmetic.

Every row has a name: U-… units that were not billed, R-… a risk, T-… a patient's threshold of a year, M-… a
modifier, S-… how often a pair of codes is distinct, L-… a payer's letter. N-… and D-… are denials and disputes
(warehouse.denial_proof, warehouse.explain), which have more to tell.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from warehouse.archive import bring_back
from warehouse.database import model_sql
from warehouse.explain import UnknownDisputeError, line_segments, one_row

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import duckdb

STEP_COLUMNS = ("step", "arithmetic", "source", "after")


@dataclass(frozen=True)
class Section:
    """A part of a proof: a title, sentences, and a table (none where it has no columns)."""

    title: str
    texts: list[str] = field(default_factory=list)
    columns: tuple[str, ...] = ()
    rows: list[tuple[Any, ...]] = field(default_factory=list)


@dataclass(frozen=True)
class LaneProof:
    """A row of a lane by its name, what it is and whom it is about, and what it rests on."""

    name: str
    what: str
    about: str
    sections: list[Section]


def named_row(con: duckdb.DuckDBPyConnection, table: str, column: str, name: str) -> dict[str, Any]:
    """Return the row of a published table that bears a name. Raises UnknownDisputeError."""
    row = one_row(con, f'select * from {table} where "{column}" = ?', [name.upper()])
    if row is None:
        raise UnknownDisputeError(f"{name}: no row has this name; see the column {column} of {table}")
    return row


def page(con: duckdb.DuckDBPyConnection, model: str, asked: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Run a query of sql/page/ and return its rows by column."""
    relation = con.sql(model_sql(f"page.{model}"), params=dict(asked))
    return [dict(zip(relation.columns, row, strict=True)) for row in relation.fetchall()]


def table_of(title: str, rows: list[dict[str, Any]], *texts: str, leave: tuple[str, ...] = ()) -> Section:
    """Show rows as a table, without the columns to `leave` and those that nothing stands in."""
    names = [name for name in rows[0] if name not in leave] if rows else []
    names = [name for name in names if any(row[name] is not None for row in rows)]
    return Section(title, [*texts], tuple(names), [tuple(row[name] for name in names) for row in rows])


def segments_of(con: duckdb.DuckDBPyConnection, archive: Path, lines: list[dict[str, Any]]) -> Section:
    """Show lines of remittances with their segments as received; `lines` have source_file, source_segment and keys.

    Raises ArchiveError where a file is gone.
    """
    texts = list[str]()
    for line in lines:
        texts.append(f"{line['source_file']}, segment {line['source_segment']}: {line['verdict']}")
        key = [line["file_hash"], line["claim"], line["line"]]
        texts += [f"  {segment}" for segment in line_segments(con, archive, key)]
    return Section("What the remittances say" if texts else "No remittance shows it", texts)


def rule_of(rule: str, source: str | None) -> Section:
    return Section("The rule", [rule, *([f"source: {source}"] if source else [])])


def archived(archive: Path, file_hash: str) -> None:
    """See that the archive still has a file as it came. Raises ArchiveError."""
    bring_back(archive, file_hash)
