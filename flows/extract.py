"""`shortpay deidentify`: an extract of what is published, for people who must not know whom it is about."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from flows.home import Home, HomeError
from flows.keys import key_text
from flows.terminal import Terminal

VARIABLE = "SHORTPAY_DEIDENTIFY_KEY"


def deidentify(
    home: Annotated[Path, typer.Option("--home", help="The home folder")] = Path(),
    key_file: Annotated[
        Path | None,
        typer.Option("--key-file", help=f"File that holds the key; left out: {VARIABLE} of the environment"),
    ] = None,
    shift_dates: Annotated[
        bool,
        typer.Option(
            "--shift-dates", help="Move each patient's dates by the same 1 to 365 days, as the key decides"
        ),
    ] = False,
) -> None:
    """Write published/deidentified.duckdb: names and ids as keyed hashes, no free text; see docs/deidentified.md.

    The key is never stored; with the same key the same person has the same hash in every extract.
    """
    from warehouse.deidentify import KeyTooShortError  # noqa: PLC0415  (start quickly)
    from warehouse.deidentify import deidentify as extract  # noqa: PLC0415
    from warehouse.sealing import is_there, sealed_name  # noqa: PLC0415

    place = Home.open(home)
    if not is_there(place.published):
        raise HomeError(f"nothing is published in {place.path}; run: shortpay run --home {place.path}")
    key = key_text(VARIABLE, key_file, place.path).encode()
    target = place.folder("published") / "deidentified.duckdb"
    try:
        rows = extract(place.published, target, key, shift=shift_dates)
    except KeyTooShortError as error:
        raise HomeError(str(error)) from None
    dates = "shifted" if shift_dates else "as they are"
    written = target if target.exists() else sealed_name(target)
    told = f"{written}: {len(rows)} tables, {sum(rows.values()):,} rows, dates {dates}"
    Terminal().print(told, markup=False, soft_wrap=True)
    Terminal().print("Pseudonymised, not anonymous: see docs/deidentified.md before you pass it on.")
