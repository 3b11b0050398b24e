"""The command line. Exit 0: ran; 1: could not run; 2: bad usage."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from contracts import TermsError
from flows import contracts as contract_commands
from flows.dispute import app as dispute_app
from flows.home import SETTINGS, Home, HomeError, local_today, make_home
from flows.letter import app as letter_app
from flows.progress import showing
from flows.quiet import quiet
from flows.reference import app as reference_app

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    help="Finds underpayments in 835 remittances, with proof and deadline.",
)
app.add_typer(contract_commands.app, name="contracts")
app.add_typer(reference_app, name="reference")
app.add_typer(dispute_app, name="dispute")
app.add_typer(letter_app, name="letter")
HomeOption = Annotated[Path, typer.Option("--home", help="The home folder; make one with: shortpay init DIR")]
AsOf = Annotated[
    dt.datetime | None,
    typer.Option("--as-of", formats=["%Y-%m-%d"], help="Run as of this day; left out: today"),
]


@app.command()
def init(directory: Path) -> None:
    """Make a home folder: settings, inbox, contracts, reference."""
    home = make_home(directory)
    out = Console()
    out.print(f"Made {home.path}. Next:", soft_wrap=True)
    out.print(f"  1. describe your sites in {home.settings}", soft_wrap=True)
    out.print("  2. put contract terms into contracts/ and Medicare tables into reference/")
    out.print(f"  3. drop 835 files into inbox/ and run: shortpay run --home {home.path}", soft_wrap=True)


@app.command()
def run(home: HomeOption = Path(), as_of: AsOf = None) -> None:
    """Read what is in the inbox, judge every line, publish the worklist."""
    place = Home.open(home)
    run_night(place, as_of.date() if as_of else place.today())


@app.command()
def demo(home: HomeOption = Path("demo")) -> None:
    """Run the example practice, night by night, in a fresh home folder."""
    from flows.example import AS_OF, nights, place_example  # noqa: PLC0415  (the demo alone needs it)

    place = place_example(home)
    out = Console()
    for night in nights(place):
        last = night == nights(place)[-1]
        out.print(f"\n[bold]Night of {night.name}[/bold]")
        night.drop(place)
        run_night(place, AS_OF if last else night.date, summary=last)


@app.command()
def explain(dispute: str, home: HomeOption = Path()) -> None:
    """Print the proof of a dispute (D-…) or a denial (N-…); for an account or a payer claim number, the history of its claims."""
    from flows.denial_proof import show_denial  # noqa: PLC0415
    from flows.proof import show_history, show_proof  # noqa: PLC0415
    from warehouse.claim_history import histories  # noqa: PLC0415  (start quickly)
    from warehouse.denial_proof import prove_denial  # noqa: PLC0415
    from warehouse.explain import prove  # noqa: PLC0415
    from warehouse.publish import readable  # noqa: PLC0415

    place = Home.open(home)
    if not place.published.exists():
        raise HomeError(f"nothing is published in {place.path}; run: shortpay run --home {place.path}")
    with readable(place.published) as con:
        found = histories(con, dispute)
        for history in found:
            show_history(Console(), history)
        if not found and dispute.upper().startswith("N-"):
            show_denial(Console(), prove_denial(con, place.folder("archive"), dispute))
        elif not found:
            show_proof(Console(), prove(con, place.folder("archive"), dispute))


@app.command()
def check(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="Encounter file, .csv or .xlsx")],
    home: HomeOption = Path(),
    as_of: AsOf = None,
    out: Annotated[Path | None, typer.Option("--out", help="Write every answer to this CSV")] = None,
) -> None:
    """Ask twelve points of an encounter file before its claims go out: pass, fail or cannot tell.

    A home folder adds contracts, CMS's editions and what was decided already.
    """
    from flows.check import check_file, show_checked, write_checked  # noqa: PLC0415  (start quickly)

    day = as_of.date() if as_of else Home(home).today() if (home / SETTINGS).is_file() else local_today()
    read, found = check_file(file, home, day)
    show_checked(Console(), read, found)
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
    console = Console()
    for name, count in rows.items():
        if count:
            console.print(f"{count:>10,}  {out / name}.parquet", highlight=False, soft_wrap=True)
    for code, count in sorted(found.items()):
        console.print(f"{count:>10,}  finding {code}", highlight=False)
    for refusal in refusals:
        text = f"refused: {refusal.name}: {refusal.code} at byte {refusal.byte_offset}: {refusal.message}"
        console.print(text, highlight=False, markup=False, soft_wrap=True)


def run_night(place: Home, as_of: dt.date, *, summary: bool = True) -> None:
    """Run the flow with its progress shown, then its summary."""
    quiet(place.path)
    from flows.nightly import nightly  # noqa: PLC0415  (Prefect reads its environment when it is imported)
    from flows.summary import show  # noqa: PLC0415

    console = Console()
    with showing(console):
        found = nightly(place.path.resolve(), as_of)
    if summary:
        show(console, found, place.folder("published"))


def main() -> None:
    """Run the command line; an error that a person can mend is printed without a traceback."""
    from warehouse.archive import ArchiveError  # noqa: PLC0415
    from warehouse.encounters.reading import NotEncountersError  # noqa: PLC0415
    from warehouse.explain import UnknownDisputeError  # noqa: PLC0415

    try:
        app()
    except (HomeError, TermsError, ArchiveError, NotEncountersError, UnknownDisputeError) as error:
        Console(stderr=True).print(f"shortpay: {error}", markup=False, highlight=False, soft_wrap=True)
        raise SystemExit(1) from None


if __name__ == "__main__":
    main()
