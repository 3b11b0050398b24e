"""After the last night: verify, rebuild, the single clean run over everything, and the truth."""

from __future__ import annotations

import hashlib
import shutil
from functools import partial
from typing import TYPE_CHECKING

import duckdb
import polars as pl

from benchmarks.year.pipeline import make_home
from benchmarks.year.score import score_against
from flows.rebuild import rebuild
from tests.crash.plain import run_night
from tests.crash.scenes import NO_OPINIONS
from tests.crash.state import SCHEMAS, State, beside_rows
from tests.soak import history
from tests.soak.agreements import as_in_the_end
from tests.soak.compare import LeftOut, compare, digests
from tests.soak.plan import HEADLESS, all_drops
from tests.soak.process import Ended, run
from tests.soak.year import truth_of
from warehouse.journal import Journal
from warehouse.verify import verify

if TYPE_CHECKING:
    from pathlib import Path

    from flows.home import Home
    from tests.soak.nights import Soak
    from tests.soak.plan import Drop

LEFT_OUT = LeftOut(
    frozenset(history.TABLES),
    {table: frozenset(columns) for table, columns in history.COLUMNS.items()},
    {table: where for table, (where, _) in history.ROWS.items()},
)


def verified(home: Home) -> dict[str, list[str]]:
    """What `shortpay verify` looked at, and what it found off."""
    looks = verify(
        home.folder("archive"), home.folder("published"), Journal(home.folder("journal")), home.warehouse
    )
    return {looked.what: [str(fault) for fault in looked.faults] for looked in looks}


def state_of(home: Home) -> State:
    """As tests.crash.state, in little memory: tables by a sum of hashes."""
    found = {f"warehouse {name}": told for name, told in digests(home.warehouse, SCHEMAS).items()}
    found |= {f"published {name}": told for name, told in digests(home.published, SCHEMAS).items()}
    return found | beside_rows(home.path)


def rebuilt(home: Home, aside: Path) -> Ended:
    """Rebuild the warehouse in its home; what was there before goes to `aside`."""
    ended = run(lambda: rebuild(home, None))
    if ended.code:
        raise RuntimeError(f"rebuild ended with exit status {ended.code}")
    home.warehouse.with_name("warehouse.old-1.duckdb").replace(aside)
    return ended


def clean_run(soak: Soak, folder: Path) -> tuple[Home, Ended]:
    """One night over all distinct files, with the contracts as they are in the end and what people entered."""
    home = make_home(folder)
    home.settings.write_text(home.settings.read_text() + NO_OPINIONS)
    if not (as_in_the_end(home.folder("contracts")) and as_in_the_end(soak.home.folder("contracts"))):
        raise RuntimeError("the contracts of the soaked home are not those of the year")
    drop_all(soak, home)
    shutil.copyfile(soak.home.folder("journal") / "event.jsonl", home.folder("journal") / "event.jsonl")
    ended = run(partial(run_night, home.path, soak.nights[-1].as_of))
    if ended.code:
        raise RuntimeError(f"the clean run ended with exit status {ended.code}")
    return home, ended


def drop_all(soak: Soak, home: Home) -> None:
    """Put each content into the inbox once, under the first by name of the names that it came under."""
    named: dict[str, Drop] = {}
    for drop in all_drops(soak.nights):
        sha256 = hashlib.sha256(drop.content(soak.year)).hexdigest()
        named[sha256] = min(named.get(sha256, drop), drop, key=lambda one: one.name)
    damaged = home.folder("inbox") / "damaged"
    damaged.mkdir()
    for drop in named.values():
        folder = home.folder("inbox") if soak.readable(drop) else damaged
        (folder / drop.name).write_bytes(drop.content(soak.year))


def compared(soaked: Home, clean: Home) -> dict[str, dict[str, object]]:
    """All tables of the two homes but what is the history of nights."""
    return compare(soaked.warehouse, clean.warehouse, SCHEMAS, LEFT_OUT)


def scored(home: Home, year: Path) -> dict[str, tuple[str, str]]:
    """Each measure in percent with what it was made of, and the lines that stand in one of the two alone."""
    names = (
        "line_id, cause, source_file, claim, line, payer_claim_number, verdict, reason, charge_amount, allowed_amount,"
        " expected_amount, shortfall_amount"
    )
    with duckdb.connect(str(home.published), read_only=True) as con:
        verdicts: pl.DataFrame = con.sql(f"select {names} from core.verdict").pl()
        causes: pl.DataFrame = con.sql("select line_id, cause from core.cause where borne_out").pl()
    # what stands in a file without a head stands in the whole one too, and counts there
    twice = verdicts.filter(pl.col("source_file").str.starts_with(HEADLESS))
    wrong = twice.filter(pl.col("verdict") != "SUPERSEDED").height
    found = score_against(truth_of(year), verdicts.join(twice, on="line_id", how="anti"), causes)
    told = {name: (f"{percent:.3f}", made) for name, (percent, made) in found.numbers().items()}
    failed = found.failed() + [f"{wrong} lines of files without a head count"] * bool(wrong)
    return told | {"missed": (", ".join(failed), "")}
