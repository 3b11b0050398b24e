"""Terms tried out: all history judged anew in a scratch copy, and what would differ."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from warehouse import judge, night
from warehouse.database import model_sql, open_warehouse
from warehouse.sealing import plain

if TYPE_CHECKING:
    import polars as pl

    from contracts import Practice, Reference, Terms


def try_terms(
    published: Path, scratch: Path, terms: Terms, reference: Reference, practice: Practice
) -> pl.DataFrame:
    """Judge everything under other terms; one row a line that differs (see sql/trial/change.sql).

    `published` is the database that the last night left; it is only read. The copy is made in a folder of its
    own under `scratch` and removed at the end. Raises OSError where there is no room for it.
    """
    with tempfile.TemporaryDirectory(dir=scratch, prefix=".trial-") as folder, plain(published) as clear:
        copy = Path(folder) / "warehouse.duckdb"
        shutil.copyfile(clear, copy)
        with open_warehouse(copy) as con:
            judge.store_terms(con, terms, reference)
        night.run(copy, "tried", terms, reference, practice)
        with open_warehouse(copy) as con:
            con.execute(f"attach '{str(clear).replace(chr(39), chr(39) * 2)}' as before (read_only)")
            changes: pl.DataFrame = con.sql(model_sql("trial.change")).pl()
    return changes
