"""`shortpay explain`: the proof of a dispute or a line, the history of a claim, and a proof made again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.markup import escape

from flows.denial_proof import show_denial
from flows.home import HomeError
from flows.lane_proof import show_lane
from flows.proof import show_history, show_proof
from flows.replay import replayed, show_replay
from flows.terminal import command
from warehouse.archive import ArchiveError
from warehouse.claim_history import histories
from warehouse.denial_proof import prove_denial
from warehouse.encounter_proof import encounter_file, prove_risk, prove_row, prove_units
from warehouse.explain import UnknownDisputeError, prove
from warehouse.journal import Journal
from warehouse.publish import readable
from warehouse.sealing import is_there
from warehouse.therapy_proof import prove_letter, prove_modifier, prove_share, prove_threshold

if TYPE_CHECKING:
    import datetime as dt
    from pathlib import Path

    import duckdb
    from rich.console import Console

    from flows.home import Home

LANES = {
    "U-": prove_units,
    "R-": prove_risk,
    "T-": prove_threshold,
    "M-": prove_modifier,
    "S-": prove_share,
    "L-": prove_letter,
}
"""How rows beside disputes (D-) and denials (N-) are named, and what proves them."""


def explain(console: Console, home: Home, name: str) -> None:
    """Print what is known of a dispute, a row of another lane, a line, an account or a payer claim number.

    Raises HomeError, UnknownDisputeError, ArchiveError.
    """
    with readable(_published(home).published) as con:
        found = histories(con, name)
        for history in found:
            show_history(console, history)
        if found:
            place = escape(found[0].decisions[0].source_file)
            console.print(f"\nThe proof of one line: {command()} explain '{place}:SEGMENT'")
            return
        try:
            _explain_row(console, con, home.folder("archive"), name)
        except UnknownDisputeError:
            if not _is_new_letter(home, name):
                raise
            raise HomeError(
                f"{name}: a letter written down since the last night; the next one shows it"
            ) from None


def _is_new_letter(home: Home, name: str) -> bool:
    entries = Journal(home.folder("journal")).read("letter")
    return any(entry.get("letter_id") == name.upper() for entry in entries)


def _explain_row(console: Console, con: duckdb.DuckDBPyConnection, archive: Path, name: str) -> None:
    """Print the proof of what a name stands for: an id by its first letters, a row of an encounter file, a line."""
    if name.upper().startswith("N-"):
        show_denial(console, prove_denial(con, archive, name))
    elif name[:2].upper() in LANES:
        show_lane(console, LANES[name[:2].upper()](con, archive, name))
    elif place := encounter_file(con, name):
        show_lane(console, prove_row(con, archive, name, place))
    else:
        for proof in prove(con, archive, name):
            show_proof(console, proof)


def explain_again(console: Console, home: Home, dispute_id: str, today: dt.date) -> bool:
    """Print the proof of a dispute and whether it holds, made again; return that.

    Raises HomeError, UnknownDisputeError. An archive that is damaged is an answer.
    """
    with readable(_published(home).published) as con:
        told = replayed(con, home, dispute_id, today)
    try:
        explain(console, home, dispute_id)
    except ArchiveError as error:
        console.print(str(error), markup=False, soft_wrap=True)
    show_replay(console, told)
    return told.holds


def _published(home: Home) -> Home:
    if not is_there(home.published):
        raise HomeError(f"nothing is published in {home.path}; run: shortpay run --home {home.path}")
    return home
