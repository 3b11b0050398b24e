"""Runs nights in one process, each stopped at another step by a real error of DuckDB, Polars or Python on real rows.

Called by test_leaks: failing_nights.py HOME MARKS, where MARKS is a file that the marks planted are written to.
"""

import contextlib
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest import mock

import polars as pl

from flows import cli
from flows.home import Home
from flows.local_server import local_server
from flows.quiet import quiet
from tests import marks
from warehouse.database import open_warehouse
from warehouse.encounters.store import open_store

Fault = Callable[[Home, list[str]], object]


def conversion(home: Home, _: list[str]) -> object:
    with open_warehouse(home.warehouse) as con:
        return con.execute("select cast(patient_control_number as integer) from era.claim").fetchall()


def duplicate_key(home: Home, _: list[str]) -> object:
    with open_warehouse(home.warehouse) as con:
        con.execute("create or replace temp table one (name varchar primary key)")
        twice = "select name from era.party where entity_code = 'PR'"
        return con.execute(f"insert into one {twice} union all {twice}")


def strict_cast(_: Home, names: list[str]) -> object:
    return pl.Series("patient", names).cast(pl.Int64)


def note_cast(home: Home, _: list[str]) -> object:
    with open_store(home.warehouse) as con:
        return con.execute("select cast(note as integer) from row where note is not null").fetchall()


def key_error(_: Home, names: list[str]) -> object:
    return dict.fromkeys(names[1:])[names[0]]


def chained(_: Home, names: list[str]) -> object:
    try:
        return int(names[0])
    except ValueError as error:
        raise RuntimeError(f"while reading {names[1]}") from error


NIGHTS: list[tuple[str, Fault]] = [
    ("flows.edits.take_edits", strict_cast),
    ("flows.intake.load", conversion),
    ("flows.nightly.models.compare", chained),
    ("flows.nightly.weigh", note_cast),
    ("flows.nightly.check_new_files", duplicate_key),
    ("flows.nightly.as_markdown", key_error),
]


def night(
    home: Home, planted: marks.Marks, notes: marks.Marks, target: str = "", fault: Fault | None = None
) -> int:
    accounts = marks.drop_all(home.folder("inbox"), planted)
    marks.drop_encounters(home.folder("encounters"), accounts, planted, notes)
    sys.argv = ["shortpay", "run", "--home", str(home.path), "--as-of", "2026-07-01"]

    def stopped(*_: Any, **__: Any) -> object:
        return fault(home, planted.names[-50:]) if fault else None

    try:
        with mock.patch(target, stopped) if fault else contextlib.nullcontext():
            cli.main()
    except SystemExit as stop:
        return int(stop.code or 0)
    return 0


def main() -> None:
    home, planted, kept = Home.open(Path(sys.argv[1])), marks.Marks(), Path(sys.argv[2])
    quiet(home.path)
    # Prefect asks for its server once a process: one for all nights
    with (
        local_server(schedules=False) as is_up,
        mock.patch.object(cli, "local_server", return_value=contextlib.nullcontext(is_up)),
    ):
        outcomes = all_nights(
            home, planted, written := marks.Marks(first=400_000), notes := marks.Marks(first=800_000)
        )
    told = {"planted": planted.all, "written": written.all, "notes": notes.all, "outcomes": outcomes}
    kept.write_text(json.dumps(told))


def all_nights(home: Home, planted: marks.Marks, written: marks.Marks, notes: marks.Marks) -> dict[str, int]:
    outcomes = {"whole": night(home, planted, notes)}
    settings = home.settings.read_text()
    home.settings.write_text(settings + "\n[conformance]\nminutes = 0\n")
    for target, fault in NIGHTS:
        outcomes[target] = night(home, planted, notes, target, fault)
    contract = written.planted('contract = "{N}"\n{N} = "{D}"\n')
    (home.folder("contracts") / f"{written.name()}.toml").write_text(contract)
    outcomes["contract"] = night(home, planted, notes)
    return outcomes


if __name__ == "__main__":
    main()
