"""Remittances to Parquet, for someone who wants only that: one file a table."""

from __future__ import annotations

from collections import Counter
from contextlib import ExitStack
from typing import TYPE_CHECKING

import polars as pl
import pyarrow.parquet as pq

from era_parser import Refusal, parse_chunks
from era_parser.registry import tables

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


def parse_to_parquet(paths: Sequence[Path], out: Path) -> tuple[dict[str, int], Counter[str], list[Refusal]]:
    """Write `<table>.parquet` for every table into `out`, replacing what is there, in bounded memory.

    Return rows by table, findings by code, and the refused files. Raises OSError where a file cannot be read
    or a folder not written.
    """
    out.mkdir(parents=True, exist_ok=True)
    rows: Counter[str] = Counter()
    found: Counter[str] = Counter()
    refusals: list[Refusal] = []
    with ExitStack() as open_files:
        writers = {
            name: open_files.enter_context(
                pq.ParquetWriter(out / f"{name}.parquet", spec.empty().to_arrow().schema, compression="zstd")
            )
            for name, spec in tables().items()
        }
        for remittances in parse_chunks(paths):
            refusals += remittances.refusals
            found.update(remittances.tables["finding"]["code"].to_list())
            for name, frame in remittances.tables.items():
                rows[name] += frame.height
                writers[name].write_table(frame.to_arrow())
    for name, removed in _taken_back(out, {refusal.file_hash for refusal in refusals}).items():
        rows[name] -= removed
    return {name: rows[name] for name in tables()}, found, refusals


def _taken_back(out: Path, refused: set[str]) -> Counter[str]:
    """Remove rows of files whose refusal came after some of their parts; return how many by table."""
    removed: Counter[str] = Counter()
    for name in tables() if refused else ():
        path = out / f"{name}.parquet"
        own = pl.col("file_hash").is_in(sorted(refused))
        removed[name] = pl.scan_parquet(path).filter(own).select(pl.len()).collect().item()
        if removed[name]:
            partial = path.with_suffix(".partial")
            pl.scan_parquet(path).filter(~own).sink_parquet(partial)
            partial.replace(path)
    return removed
