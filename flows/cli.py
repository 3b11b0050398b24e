"""The command line. Exit 0: ran; 1: could not run; 2: bad usage."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from contracts import TermsError
from flows import contracts as contract_commands
from flows.dispute import app as dispute_app
from flows.encrypt_commands import decrypt, encrypt
from flows.encryption import told
from flows.extract import deidentify
from flows.faults import StepError, opened
from flows.home import SETTINGS, Home, HomeError, local_today, make_home
from flows.letter import app as letter_app
from flows.local_server import local_server
from flows.lock import hold
from flows.private import private
from flows.progress import showing
from flows.quiet import quiet
from flows.reference import app as reference_app
from flows.terminal import Terminal, shown
from flows.trouble import in_plain_words
from warehouse.archive import ArchiveError
from warehouse.damage import DamagedError
from warehouse.explain import UnknownDisputeError
from warehouse.sealing import SealError

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Finds underpayments in 835 remittances, with proof and deadline.",
)
app.add_typer(contract_commands.app, name="contracts")
app.add_typer(reference_app, name="reference")
app.add_typer(dispute_app, name="dispute")
app.add_typer(letter_app, name="letter")
for command in (deidentify, encrypt, decrypt):
    app.command()(command)
MENDABLE = (HomeError, TermsError, ArchiveError, DamagedError, SealError, UnknownDisputeError)
"""What a person can mend says itself what is wrong and what to do."""
HomeOption = Annotated[Path, typer.Option("--home", help="The home folder; make one with: shortpay init DIR")]
AsOf = Annotated[
    dt.datetime | None,
    typer.Option("--as-of", formats=["%Y-%m-%d"], help="Run as of this day; left out: today"),
]


@app.callback()
def begin() -> None:
    """Before every command: what it makes is for its owner alone."""
    private()


@app.command()
def init(directory: Path) -> None:
    """Make a home folder: settings, inbox, contracts, reference."""
    home = make_home(directory)
    out = Terminal()
    out.print(f"Made {home.path}. Next:", markup=False, soft_wrap=True)
    out.print(f"  1. describe your sites in {home.settings}", markup=False, soft_wrap=True)
    out.print("  2. put contract terms into contracts/ and Medicare tables into reference/")
    last = f"  3. drop 835 files into inbox/ and run: shortpay run --home {home.path}"
    out.print(last, markup=False, soft_wrap=True)


@app.command()
def run(home: HomeOption = Path(), as_of: AsOf = None) -> None:
    """Read what is in the inbox, judge every line, publish the worklist."""
    place = Home.open(home)
    day = as_of.date() if as_of else None
    if day and day > local_today() and day > place.today():
        raise typer.BadParameter(f"{day} is still to come", param_hint="--as-of")
    quiet(place.path)
    with hold(place, "a night"), local_server(schedules=False) as server_is_up:
        run_night(place, day, server_is_up)
    for line in told(place):
        Terminal().print(line, markup=False, soft_wrap=True)


@app.command()
def serve(home: HomeOption = Path()) -> None:
    """Run every night on the schedule of shortpay.toml until stopped; a missed one at once."""
    from flows.serve import serve as serve_nights  # noqa: PLC0415  (start quickly)

    serve_nights(Home.open(home))


@app.command()
def status(
    home: HomeOption = Path(),
    json: Annotated[bool, typer.Option("--json", help="For a program to read")] = False,
) -> None:
    """Say how the nights stand: the last good one, what waits. Exit status 1 where somebody should look."""
    from flows.status import standing  # noqa: PLC0415  (start quickly)

    found = standing(Home.open(home))
    text = found.model_dump_json(indent=1) if json else str(found)
    Terminal().print(text, markup=False, soft_wrap=True)
    raise typer.Exit(0 if found.healthy else 1)


@app.command()
def demo(home: HomeOption = Path("demo")) -> None:
    """Run the example practice, night by night, in a fresh home folder."""
    from flows.example import AS_OF, nights, place_example  # noqa: PLC0415  (the demo alone needs it)

    place = place_example(home)
    out = Terminal()
    quiet(place.path)
    with local_server(schedules=False) as server_is_up:
        for night in nights(place):
            last = night == nights(place)[-1]
            out.print(f"\n[bold]Night of {night.name}[/bold]")
            night.drop(place)
            run_night(place, AS_OF if last else night.date, server_is_up, summary=last)


@app.command()
def rebuild(
    home: HomeOption = Path(),
    as_of: Annotated[
        dt.datetime | None,
        typer.Option(
            "--as-of", formats=["%Y-%m-%d"], help="Publish as of this day; left out: the day published last"
        ),
    ] = None,
    incomplete: Annotated[
        bool, typer.Option("--incomplete", help="Go on without files that the archive cannot give back")
    ] = False,
) -> None:
    """Make the warehouse anew from archive, journal, contracts and reference; the old file is kept aside."""
    from flows.rebuild import rebuild as make_anew  # noqa: PLC0415  (start quickly)

    console, place = Terminal(), Home.open(home)
    with showing(console), hold(place, "rebuild"):
        day, aside = make_anew(place, as_of.date() if as_of else None, incomplete=incomplete)
    console.print(f"The warehouse has been made anew and published as of {day}.")
    if aside:
        console.print(f"The old file is {aside}; remove it when you no longer want it.", soft_wrap=True)


@app.command()
def verify(home: HomeOption = Path()) -> None:
    """Compare archive, warehouse, published files and journal with each other; exit 1 where something is off."""
    from flows.verify import show_verify  # noqa: PLC0415  (start quickly)

    if show_verify(Terminal(), Home.open(home)):
        raise typer.Exit(1)


@app.command()
def explain(
    dispute: str,
    home: HomeOption = Path(),
    replay: Annotated[
        bool, typer.Option("--replay", help="Make the proof again from the archive and say whether it holds")
    ] = False,
    as_of: Annotated[
        dt.datetime | None,
        typer.Option("--as-of", formats=["%Y-%m-%d"], help="The day on which it must hold; left out: today"),
    ] = None,
) -> None:
    """Print the whole proof of a dispute (D-…), open or closed, of a row of another lane, or of any line, named FILE:SEGMENT.

    Other lanes: N-… denials, U-… units not billed, R-… risks, T-… thresholds, M-… modifiers, S-… shares of distinct
    pairs, L-… letters; a row of an encounter file is FILE:ROW.

    For an account or a payer claim number: the history of its claims, with the segments of their lines. With
    --replay: exit status 1 where the proof does not hold, or where that cannot be said.
    """
    from flows import explain as told  # noqa: PLC0415  (start quickly)

    place = Home.open(home)
    if not replay:
        told.explain(Terminal(), place, dispute)
    elif not told.explain_again(Terminal(), place, dispute, as_of.date() if as_of else place.today()):
        raise typer.Exit(1)


@app.command()
def check(
    file: Annotated[
        Path,
        typer.Argument(
            exists=True, dir_okay=False, help="Encounter file (.csv, .xlsx) or claims file (837P)"
        ),
    ],
    home: Annotated[
        Path | None, typer.Option("--home", help="The home folder; left out: this folder, if it is one")
    ] = None,
    as_of: AsOf = None,
    out: Annotated[Path | None, typer.Option("--out", help="Write every answer to this CSV")] = None,
) -> None:
    """Ask twelve points of an encounter or claims file before its claims go out: pass, fail or cannot tell.

    A home folder adds contracts, CMS's editions and what was decided already.
    """
    from flows.check import check_file, show_checked, write_checked  # noqa: PLC0415  (start quickly)
    from warehouse.encounters import NotEncountersError  # noqa: PLC0415

    here = Path() if (Path() / SETTINGS).is_file() else None
    asked = here if home is None else home
    place = None if asked is None else Home.open(asked)
    day = as_of.date() if as_of else local_today() if place is None else place.today()
    try:
        read, found = check_file(file, place, day)
    except NotEncountersError as error:
        raise HomeError(f"{file}: {error}") from None
    show_checked(Terminal(), read, found)
    if out is not None:
        write_checked(out, found)


@app.command()
def parse(
    files: Annotated[list[Path], typer.Argument(exists=True, dir_okay=False, help="835 files")],
    out: Annotated[Path, typer.Option("--out", help="Folder for the Parquet files")] = Path("parsed"),
) -> None:
    """Write 835 files as Parquet, one file a table, and print counts and findings."""
    from flows.parsing import parse_to_parquet  # noqa: PLC0415  (start quickly)

    rows, found, refusals = parse_to_parquet(files, out)
    console = Terminal()
    for name, count in rows.items():
        if count:
            text = f"{count:>10,}  {out / name}.parquet"
            console.print(text, markup=False, soft_wrap=True)
    for code, count in sorted(found.items()):
        console.print(f"{count:>10,}  finding {code}")
    for refusal in refusals:
        text = (
            f"refused: {shown(refusal.name)}: {refusal.code} at byte {refusal.byte_offset}: {refusal.message}"
        )
        console.print(text, markup=False, soft_wrap=True)


def run_night(
    place: Home, as_of: dt.date | None, server_is_up: Callable[[], None], *, summary: bool = True
) -> None:
    """Run the flow with its progress shown, then its summary."""
    from flows.nightly import nightly  # noqa: PLC0415  (Prefect reads its environment when it is imported)
    from flows.summary import Summary, show  # noqa: PLC0415

    console = Terminal()
    server_is_up()
    with showing(console):
        found = nightly(place.path.resolve(), as_of)
    if summary and isinstance(found, Summary):
        show(console, found, place.folder("published"))


def main() -> None:
    """Run the command line; an error that a person can mend is printed, of any other its kind and place."""
    try:
        app()
    except Exception as error:
        if os.environ.get("SHORTPAY_TRACEBACK"):
            raise
        _stop(_told(error))


def explained(error: BaseException, home: Path | None) -> str | None:
    """Return what has happened and what to do, in the words of this command line; None for what a person cannot mend."""
    original = error.original if isinstance(error, StepError) else error
    return str(original) if isinstance(original, MENDABLE) else in_plain_words(original, home)


def _told(error: Exception) -> str:
    home = opened.get()
    return explained(error, home) or str(
        error if isinstance(error, StepError) else StepError("shortpay", error, home)
    )


def _stop(why: str) -> NoReturn:
    Terminal(stderr=True).print(f"shortpay: {why}", markup=False, soft_wrap=True)
    raise SystemExit(1)


if __name__ == "__main__":
    main()
