"""What each public sample remittance showed: docs/samples.md.

All samples go into one warehouse, as files of one practice would: copies of one remittance count once. There
are no contracts for them, so a line that could be compared stands under NO_CONTRACT (built-in Medicare: its
price, or why there is none).
"""

from __future__ import annotations

import datetime as dt
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from contracts import Practice, Reference, Terms
from era_parser import Source, parse
from warehouse import judge
from warehouse.database import model_sql, open_warehouse
from warehouse.load import load

if TYPE_CHECKING:
    import duckdb

AS_OF = dt.date(2026, 7, 1)
HEAD = """\
# The public samples, judged

Every file of a folder of public sample remittances, loaded into one warehouse as one practice's files would be, without
contracts. A claim's state is the ledger's; a line that could be compared stands under NO_CONTRACT, for there is nothing to hold
it against. Files whose numbers were masked (every account and claim number the same nines) hold many decisions that cannot be
told apart: IN_DOUBT. Copies of one remittance in several collections count once (RESENT, SUPERSEDED). Line findings are units
cut, recodes, changed modifiers, splits; a payment is off where BPR02 is not the claims less the PLB. Made by `make samples`.
"""


def judge_samples(con: duckdb.DuckDBPyConnection, folder: Path) -> int:
    """Load and judge every .835 of the folder; return how many files there are."""
    sources = [Source.from_path(path) for path in sorted(folder.glob("*.835"))]
    load(con, sources, parse(sources), AS_OF)
    terms, reference = Terms(), Reference()
    judge.store_terms(con, terms, reference)
    judge.adjudicate(con)
    judge.compare(con)
    judge.price(con, terms, reference, Practice())
    judge.judge(con)
    judge.rank(con, AS_OF)
    return len(sources)


def samples_page(con: duckdb.DuckDBPyConnection) -> str:
    """Write the page from a warehouse that judge_samples filled: totals, then a row a file."""
    lines = [HEAD, "| | claims |", "|---|---|"]
    lines += [f"| {state} | {count} |" for state, count in _counts(con, "state", "core.adjudication")]
    lines += ["", "| | lines |", "|---|---|"]
    lines += [f"| {verdict} | {count} |" for verdict, count in _counts(con, "verdict", "core.verdict")]
    lines += [
        "",
        "| file | claims by state | lines by verdict | line findings | payments | off |",
        "|---|---|---|---|---|---|",
    ]
    rows = con.execute(model_sql("page.samples")).fetchall()
    lines += ["| " + " | ".join(str("none" if cell is None else cell) for cell in row) + " |" for row in rows]
    return "\n".join(lines) + "\n"


def _counts(con: duckdb.DuckDBPyConnection, column: str, table: str) -> list[tuple[str, int]]:
    return con.execute(f"select {column}, count(*) from {table} group by 1 order by 2 desc, 1").fetchall()


def main() -> None:
    """Print the page for the folder that the command line names."""
    with tempfile.TemporaryDirectory() as place, open_warehouse(Path(place) / "samples.duckdb") as con:
        judge_samples(con, Path(sys.argv[1]))
        sys.stdout.write(samples_page(con))


if __name__ == "__main__":
    main()
