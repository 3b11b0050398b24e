"""The practice-year of a soak, on the disk: its files, a list of them, and the truth of every line.

Made in shares, so that memory does not grow with the year.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import polars as pl

from benchmarks.year.make import make_year
from benchmarks.year.score import truth_frame

if TYPE_CHECKING:
    from pathlib import Path

SHARE_LINES = 125_000
_LIST = "files.jsonl"


@dataclass(frozen=True)
class Made:
    """A file of the year. `day`: when its payer sends it; `refused`: it is cut off already; `reversals`: claims taken back."""

    name: str
    sha256: str
    day: dt.date
    lines: int
    reversals: int
    refused: bool


def write_year(folder: Path, lines: int, seed: int) -> None:
    """Make about `lines` service lines and write all there is of them."""
    shares = -(-lines // SHARE_LINES)
    (folder / "files").mkdir(parents=True)
    with (folder / _LIST).open("w", encoding="utf-8") as out:
        for share in range(shares):
            files = make_year(lines // shares, seed, share)
            for file in files:
                (folder / "files" / file.name).write_bytes(file.data)
                taken_back = {told.claim for told in file.told if told.decision.status == "22"}
                sha256 = hashlib.sha256(file.data).hexdigest()
                made = Made(file.name, sha256, file.day, len(file.told), len(taken_back), file.refused)
                out.write(json.dumps(asdict(made), default=str) + "\n")
            truth_frame(files).write_parquet(folder / f"truth-{share:02d}.parquet")


def list_year(folder: Path) -> list[Made]:
    """All files of the year, as they were made."""
    rows = [json.loads(line) for line in (folder / _LIST).read_text(encoding="utf-8").splitlines()]
    return [Made(**{**row, "day": dt.date.fromisoformat(row["day"])}) for row in rows]


def truth_of(folder: Path) -> pl.DataFrame:
    """One row a line that stands in a readable file: `benchmarks.year.score.truth_frame`."""
    return pl.concat([pl.read_parquet(path) for path in sorted(folder.glob("truth-*.parquet"))])
