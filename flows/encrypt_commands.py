"""`shortpay encrypt` and `decrypt`: files sealed at rest, opened again, keys made and changed."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from flows.encryption import encrypt as bring
from flows.encryption import told
from flows.home import SETTINGS, Home, HomeError
from flows.lock import hold
from flows.terminal import Terminal
from warehouse.sealing import SUFFIX, SealError, unseal_file

HomeOption = Annotated[Path, typer.Option("--home", help="The home folder")]


def encrypt(
    home: HomeOption = Path(),
    new_key: Annotated[
        Path | None,
        typer.Option("--new-key", help="Make a key, write it to this file and print its public part"),
    ] = None,
    anew: Annotated[
        bool,
        typer.Option("--anew", help="Seal sealed files again, to the present recipients (keys were changed)"),
    ] = False,
) -> None:
    r"""Bring the files of a home to what \[encryption] of its settings says: seal them, or open them for good."""
    if new_key is not None:
        _make_key(new_key)
        return
    place = Home.open(home)
    try:
        with hold(place, "encrypt"):
            counts = bring(place, anew=anew)
    except SealError as error:
        raise HomeError(str(error)) from None
    out = Terminal()
    said = ", ".join(f"{number:,} {what}" for what, number in sorted(counts.items())) or "nothing to do"
    for line in (f"Files: {said}", *told(place)):
        out.print(line, markup=False, soft_wrap=True)


def decrypt(
    files: Annotated[list[Path], typer.Argument(exists=True, dir_okay=False, help="Sealed files (.age)")],
    out: Annotated[Path, typer.Option("--out", help="Folder for the opened files")] = Path(),
) -> None:
    """Open sealed files into a folder, with the key of SHORTPAY_KEY or SHORTPAY_KEY_FILE."""
    out.mkdir(parents=True, exist_ok=True)
    targets = [out / path.name.removesuffix(SUFFIX) for path in files]
    for target in targets:
        if target.exists() or targets.count(target) > 1:
            raise HomeError(f"{target} is there already, or asked for twice; nothing was written")
    for path, target in zip(files, targets, strict=True):
        try:
            unseal_file(path, target)
        except SealError as error:
            raise HomeError(f"{path}: {error}") from None
        Terminal().print(str(target), markup=False, soft_wrap=True)


def _is_home(folder: Path) -> bool:
    return (folder / SETTINGS).is_file() and (folder / "archive").is_dir()


def _make_key(file: Path) -> None:
    from pyrage.x25519 import Identity  # noqa: PLC0415

    if any(_is_home(folder) for folder in file.resolve().parents):
        raise HomeError(f"{file} stands in a home folder, beside what it protects; keep the key elsewhere")
    identity = Identity.generate()
    try:
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
            out.write(f"# public key: {identity.to_public()}\n{identity}\n")
    except FileExistsError:
        raise HomeError(f"{file} is there already; nothing was written") from None
    out_lines = (
        f"The secret key is in {file}. Keep a copy away from this machine: without it nothing sealed can be opened.",
        "For shortpay.toml:",
        "[encryption]",
        f'recipients = ["{identity.to_public()}"]',
        'folders = ["archive", "quarantine"]',
    )
    for line in out_lines:
        Terminal().print(line, markup=False, soft_wrap=True)
