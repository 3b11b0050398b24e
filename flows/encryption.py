"""Encryption at rest: what [encryption] of the settings asks for, done to the files of a home; and what the disk does."""

from __future__ import annotations

import os
import tomllib
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from flows.home import HomeError
from warehouse.durable import write_whole
from warehouse.sealing import (
    RECIPIENTS,
    SUFFIX,
    SealError,
    identities,
    is_sealed,
    read_recipients,
    recipients_of,
    seal_file,
    unseal_file,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from flows.home import Home

FOLDERS = ("archive", "quarantine", "published")
_IN_PLACE = "archive"
"""Folder whose files keep their names, which are hashes; in the others a sealed file ends with .age."""
_CLEAR = (".json", RECIPIENTS)


@dataclass(frozen=True)
class Encryption:
    """[encryption]: public keys (age1…), and the folders whose files are sealed to them."""

    recipients: tuple[str, ...] = ()
    folders: tuple[str, ...] = ("archive", "quarantine")

    @classmethod
    def read(cls, settings: Path) -> Encryption:
        """Read the section. Raises HomeError where it holds anything else, or a key that is none."""
        section = tomllib.loads(settings.read_text(encoding="utf-8-sig")).get("encryption", {})
        known = {"recipients", "folders"}
        if not isinstance(section, dict) or not section.keys() <= known:
            raise HomeError(f"{settings.name}: [encryption] takes recipients and folders")
        lists = {name: _texts(settings, name, value) for name, value in section.items()}
        chosen = cls(**lists)
        if not {*chosen.folders} <= {*FOLDERS}:
            raise HomeError(f"{settings.name}: [encryption] folders may name {', '.join(FOLDERS)}")
        try:
            read_recipients(chosen.recipients)
        except SealError as error:
            raise HomeError(f"{settings.name}: [encryption] recipients: {error}") from None
        return chosen

    def sealed(self, folder: str) -> bool:
        return bool(self.recipients) and folder in self.folders


def _texts(settings: Path, name: str, value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise HomeError(f"{settings.name}: [encryption] {name} is a list of texts")
    return tuple(value)


def prepare(home: Home) -> None:
    """Before a night: see that folders are sealed as the settings say, and that the key at hand opens what is sealed.

    A key that does not fit shows in the first night, not on the day the archive is needed. Raises HomeError.
    """
    chosen = Encryption.read(home.settings)
    for name in FOLDERS:
        stated = "\n".join(chosen.recipients) + "\n" if chosen.sealed(name) else ""
        path = home.folder(name) / RECIPIENTS
        if (path.read_text(encoding="utf-8") if path.is_file() else "") != stated:
            raise HomeError(
                f"{home.settings.name} and {name}/{RECIPIENTS} differ on encryption;"
                f" run: shortpay encrypt --home {home.path}"
            )
    if chosen.recipients:
        _check_key(chosen.recipients)


def can_open(home: Home) -> None:
    """Before sealed files are read: see that the key at hand opens each sealed folder, whatever the settings say.

    Without it every file would look damaged. Raises HomeError.
    """
    for name in FOLDERS:
        stated = home.folder(name) / RECIPIENTS
        if stated.is_file():
            _check_key(stated.read_text(encoding="utf-8").split(), f"{name}/{RECIPIENTS}")


def _check_key(recipients: Sequence[str], place: str = "[encryption] recipients") -> None:
    try:
        ours = {str(identity.to_public()) for identity in identities()}
    except SealError as error:
        raise HomeError(str(error)) from None
    if not ours & {*recipients}:
        what = "no key is set" if not ours else f"the key at hand fits none of {place}"
        raise HomeError(f"{what}: set SHORTPAY_KEY or SHORTPAY_KEY_FILE")


def encrypt(home: Home, *, anew: bool = False) -> Counter[str]:
    """Bring all files of a home to what its settings say; return counts: sealed, opened, sealed anew.

    What is done stays done where it is interrupted, and doing it again finishes it. `anew`: files that are sealed
    are sealed to the present recipients. Raises HomeError and SealError.
    """
    chosen = Encryption.read(home.settings)
    if chosen.recipients:
        _check_key(chosen.recipients)
    counts: Counter[str] = Counter()
    for name in FOLDERS:
        folder = home.folder(name)
        if chosen.sealed(name):
            write_whole(folder / RECIPIENTS, ("\n".join(chosen.recipients) + "\n").encode())
        for path in _files(folder):
            counts += _brought(path, name, folder, to_seal=chosen.sealed(name), anew=anew)
        if not chosen.sealed(name):
            (folder / RECIPIENTS).unlink(missing_ok=True)
    return counts


def _brought(path: Path, name: str, folder: Path, *, to_seal: bool, anew: bool) -> Counter[str]:
    with path.open("rb") as file:
        sealed = is_sealed(file.read(64))
    if sealed and not to_seal:
        target = path if name == _IN_PLACE else path.with_name(path.name.removesuffix(SUFFIX))
        unseal_file(path, target)
    elif to_seal and (anew or not sealed):
        target = path if name == _IN_PLACE or sealed else path.with_name(path.name + SUFFIX)
        seal_file(path, target, recipients_of(folder))
    else:
        return Counter()
    if target != path:
        path.unlink()
    return Counter({"opened" if sealed and not to_seal else "sealed anew" if sealed else "sealed": 1})


def _files(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")):
        plain = path.is_file() and not path.is_symlink() and not path.name.startswith(".")
        if plain and not path.name.endswith(_CLEAR):
            yield path


def told(home: Home) -> list[str]:
    """Say what of a home is encrypted at rest, and what is left to the disk."""
    chosen = Encryption.read(home.settings)
    sealed = [name for name in FOLDERS if chosen.sealed(name)]
    crypt = disk_encrypted(home.path)
    disk = {
        True: "the disk is encrypted",
        False: "NO DISK ENCRYPTION WAS FOUND",
        None: "whether the disk is encrypted cannot be seen from here",
    }[crypt]
    rest = [name for name in ("warehouse.duckdb", "journal", *FOLDERS) if name not in sealed]
    return [
        f"Encrypted by shortpay: {', '.join(sealed) or 'nothing'}; left to the disk: {', '.join(rest)}; {disk}",
        f"{duckdb_encryption()}; see SECURITY.md",
    ]


def duckdb_encryption() -> str:
    """Say whether DuckDB could write an encrypted warehouse safely: it needs the OpenSSL of its module httpfs."""
    with duckdb.connect() as con:
        found = con.execute(
            "select installed from duckdb_extensions() where extension_name = 'httpfs'"
        ).fetchall()
    if found and found[0][0]:
        return "DuckDB's module for safe encryption (httpfs) is there, but shortpay does not use it yet"
    return (
        "the warehouse is not encrypted by DuckDB: its module for safe encryption (httpfs) is not installed"
    )


def disk_encrypted(path: Path, devices: Path | None = None) -> bool | None:
    """Whether the file system of `path` stands on an encrypted device of this system (Linux: dm-crypt, LUKS).

    None where that cannot be seen: another system, a network share, a file system without a device of its own.
    False does not rule out a disk that encrypts itself, or a provider who does.
    """
    root = devices if devices is not None else _system_devices()
    number = path.stat().st_dev
    device = root / f"{os.major(number)}:{os.minor(number)}" if root else None
    return _crypt(device) if device is not None and device.exists() else None


def _system_devices() -> Path | None:
    root = Path("/sys/dev/block")
    return root if root.is_dir() else None


def _crypt(device: Path) -> bool:
    uuid = device / "dm" / "uuid"
    if uuid.is_file() and uuid.read_text().startswith("CRYPT-"):
        return True
    below = sorted((device / "slaves").iterdir()) if (device / "slaves").is_dir() else []
    return bool(below) and all(_crypt(one) for one in below)
