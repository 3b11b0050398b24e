"""Remittances to Parquet, for someone who wants only that: one file a table."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import polars as pl

from era_parser import Refusal, Source, parse_chunks
from era_parser.registry import tables

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


def parse_to_parquet(paths: Sequence[Path], out: Path) -> tuple[dict[str, int], Counter[str], list[Refusal]]:
    """Write `<table>.parquet` for every table into `out`, replacing what is there.

    Return rows by table, findings by code, and the refused files. Raises OSError where a file cannot be read
    or a folder not written.
    """
    out.mkdir(parents=True, exist_ok=True)
    parts: dict[str, list[pl.DataFrame]] = {name: [] for name in tables()}
    refusals: list[Refusal] = []
    for remittances in parse_chunks(Source.from_path(path) for path in paths):
        refusals += remittances.refusals
        for name, frame in remittances.tables.items():
            parts[name].append(frame)
    rows = {}
    for name, spec in tables().items():
        frame = pl.concat(parts[name]) if parts[name] else spec.empty()
        frame.write_parquet(out / f"{name}.parquet")
        rows[name] = frame.height
    found: Counter[str] = Counter()
    for frame in parts["finding"]:
        found.update(frame["code"].to_list())
    return rows, found, refusals
