"""Files sealed at rest in the age format (age-encryption.org/v1), by the library pyrage.

    SealError (an Exception)  - a sealed file cannot be opened: no key, or not its key, or damaged

A folder is sealed when it holds `recipients.txt`, the public keys that its files are sealed to, one a line. So nothing
secret is needed to write, and a night that lacks the setting cannot write in the clear by mistake. To open a file a
secret key is needed: SHORTPAY_KEY (the key itself, `AGE-SECRET-KEY-1…`, several parted by blanks or line ends) or
SHORTPAY_KEY_FILE of the environment. The tool `age` opens and makes the same files.
"""

from __future__ import annotations

import contextlib
import os
import stat
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pyrage
from pyrage.x25519 import Identity, Recipient

from warehouse.durable import PARTIAL, put_in_place

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from typing import BinaryIO

RECIPIENTS = "recipients.txt"
SUFFIX = ".age"
_MARK = b"age-encryption.org/v1\n"
_SECRET = "AGE-SECRET-KEY-1"  # noqa: S105  (how a secret key begins)
_MOST = 100_000


class SealError(Exception):
    """A sealed file cannot be opened; the message says why and what to do."""


def recipients_of(folder: Path) -> list[Recipient]:
    """Return the public keys that a folder's files are sealed to, its own or those of the folder it is in; none: not sealed.

    Raises SealError.
    """
    stated = next(
        (path for path in (folder / RECIPIENTS, folder.parent / RECIPIENTS) if path.is_file()), None
    )
    if stated is None:
        return []
    found = read_recipients(stated.read_text(encoding="utf-8").split())
    if not found:
        raise SealError(f"{folder.name}/{RECIPIENTS} holds no key; run: shortpay encrypt")
    return found


def read_recipients(texts: Sequence[str]) -> list[Recipient]:
    """Return public keys of their texts (age1…). Raises SealError naming the first that is none."""
    found = []
    for text in texts:
        try:
            found.append(Recipient.from_str(text))
        except pyrage.RecipientError:
            raise SealError(f"{text!r} is no public key of age; one begins with age1") from None
    return found


def identities() -> list[Identity]:
    """Return the secret keys of the environment; none where there are none. Raises SealError where one cannot be used."""
    text = os.environ.get("SHORTPAY_KEY", "")
    file = os.environ.get("SHORTPAY_KEY_FILE", "")
    if file:
        text += "\n" + _read_key(Path(file))
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    keys = [word for line in lines for word in line.split() if word.startswith(_SECRET)]
    try:
        return [Identity.from_str(key) for key in keys]
    except pyrage.IdentityError:
        raise SealError("a key of SHORTPAY_KEY or SHORTPAY_KEY_FILE is no secret key of age") from None


def _read_key(file: Path) -> str:
    try:
        status = file.stat()
        if stat.S_ISREG(status.st_mode) and status.st_size <= _MOST:
            return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        pass
    raise SealError("the file that SHORTPAY_KEY_FILE names cannot be read")


def is_sealed(data: bytes) -> bool:
    """Whether bytes, or the first of them, are those of a sealed file."""
    return data.startswith(_MARK)


def seal(folder: Path, data: bytes) -> bytes:
    """Return bytes as they are to be written into a folder: sealed, or as they are. Raises SealError."""
    recipients = recipients_of(folder)
    return bytes(pyrage.encrypt(data, recipients)) if recipients else data


def unseal(data: bytes) -> bytes:
    """Return what was sealed; bytes that are not sealed as they are. Raises SealError."""
    if not is_sealed(data):
        return data
    try:
        return bytes(pyrage.decrypt(data, _needed()))
    except pyrage.DecryptError:
        raise SealError("it is sealed to another key, or damaged") from None


def _needed() -> list[Identity]:
    keys = identities()
    if not keys:
        raise SealError("it is sealed, and there is no key: set SHORTPAY_KEY or SHORTPAY_KEY_FILE")
    return keys


def seal_file(source: Path, target: Path, recipients: list[Recipient]) -> None:
    """Write a file sealed, in bounded memory, whole or not at all; a sealed one is sealed anew. Raises SealError."""
    with source.open("rb") as first:
        again = is_sealed(first.read(len(_MARK)))
    if not again:
        with source.open("rb") as clear:
            _write(target, lambda out: pyrage.encrypt_io(clear, out, recipients))
        return
    with tempfile.TemporaryDirectory(dir=source.parent, prefix=".open-") as folder:
        unseal_file(source, Path(folder) / "clear")
        seal_file(Path(folder) / "clear", target, recipients)


def unseal_file(source: Path, target: Path) -> None:
    """Write a file as it was before it was sealed, in bounded memory, whole or not at all. Raises SealError."""
    keys = _needed()
    with source.open("rb") as sealed:
        _write(target, lambda out: pyrage.decrypt_io(sealed, out, keys))


def _write(target: Path, fill: Callable[[BinaryIO], None]) -> None:
    # a name of its own: what is to be sealed may itself stand in the partial of `target`
    partial = target.with_name(f".{target.name}.sealing{PARTIAL}")
    try:
        with partial.open("wb") as out:
            fill(out)
            out.flush()
            os.fsync(out.fileno())
    except (pyrage.DecryptError, OSError) as error:
        partial.unlink(missing_ok=True)
        if isinstance(error, OSError) and error.errno is not None:
            raise
        raise SealError(f"{target.name}: it is sealed to another key, or damaged") from None
    put_in_place(partial, target)


@contextlib.contextmanager
def plain(path: Path) -> Iterator[Path]:
    """Give a published file in the clear: itself, or a copy for the owner alone that is removed at the end.

    Raises SealError, and FileNotFoundError where there is neither.
    """
    sealed = sealed_name(path)
    if path.exists() or not sealed.exists():
        yield path
        return
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=".open-") as folder:
        copy = Path(folder) / path.name
        unseal_file(sealed, copy)
        yield copy


def is_there(path: Path) -> bool:
    """Whether a published file is there, in the clear or sealed."""
    return path.exists() or sealed_name(path).exists()


def sealed_name(path: Path) -> Path:
    """Return where the sealed form of a published file stands."""
    return path.with_name(path.name + SUFFIX)
