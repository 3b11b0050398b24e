"""The commands about contracts."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from flows.home import Home, HomeError
from flows.terminal import Terminal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from contracts import Problem

app = typer.Typer(no_args_is_help=True, help="Check contracts and fee schedules before a night does.")


@app.command()
def check(
    home: Annotated[Path, typer.Option("--home", help="The home folder")] = Path(),
) -> None:
    """List every problem of settings, contracts, schedules and reference tables, with file, line and what to do.

    Exit status 1 where a night could not run; warnings alone leave it 0.
    """
    from contracts.check import check_home  # noqa: PLC0415  (start quickly)

    place = Home.open(home)
    day, errors = _day_of(place)
    found = check_home(place.path, day)
    errors += [problem for problem in found.errors if problem not in errors]
    console = Terminal()
    _list(console, "error", errors)
    _list(console, "warning", found.warnings)
    console.print(_counts(len(errors), len(found.warnings)))
    raise typer.Exit(1 if errors else 0)


def _day_of(place: Home) -> tuple[dt.date, list[Problem]]:
    """Return today where the practice is, and what is wrong with the sections of the settings that say how nights run."""
    from contracts import TermsError  # noqa: PLC0415  (start quickly)

    try:
        return place.today(), []
    except TermsError as error:
        return dt.datetime.now(dt.UTC).date(), error.problems


@app.command("try")
def try_(
    folder: Annotated[Path, typer.Argument(help="Folder of contracts to try, as contracts/ would be")],
    home: Annotated[Path, typer.Option("--home", help="The home folder")] = Path(),
    out: Annotated[
        Path | None, typer.Option("--out", help="Write every line that differs to this CSV")
    ] = None,
) -> None:
    """Judge all history under edited contracts, in a scratch copy, and show what would differ; nothing goes live."""
    from contracts import read_practice, read_reference, read_terms  # noqa: PLC0415  (start quickly)
    from flows.trial import show_trial  # noqa: PLC0415
    from warehouse.plain_text import harmless  # noqa: PLC0415
    from warehouse.sealing import is_there  # noqa: PLC0415
    from warehouse.trial import try_terms  # noqa: PLC0415

    place = Home.open(home)
    if not is_there(place.published):
        raise HomeError(f"nothing is published in {place.path}; run: shortpay run --home {place.path}")
    practice, reference = read_practice(place.settings), read_reference(place.folder("reference"))
    changes = try_terms(place.published, place.path, read_terms(folder), reference, practice)
    show_trial(Terminal(), changes)
    if out is not None:
        harmless(changes).write_csv(out)


def _list(console: Console, kind: str, problems: Sequence[Problem]) -> None:
    for problem in problems:
        console.print(f"{kind}: {problem}", markup=False, soft_wrap=True)


def _counts(errors: int, warnings: int) -> str:
    def count(number: int, name: str) -> str:
        return f"{number} {name}{'' if number == 1 else 's'}"

    said = f"{count(errors, 'error')}, {count(warnings, 'warning')}"
    return f"{said}: a night can run" if not errors else f"{said}: mend the errors, then check again"
