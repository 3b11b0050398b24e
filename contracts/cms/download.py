"""A download of CMS as it comes: a file, or a zip with files and zips in it. Nothing is ever written to disk.

A zip is a stranger's: its members are counted, measured while they are unpacked, and refused with what they are
in (Limits in releases.toml) before they can fill the memory. Names that would lead out of a folder, links and
encrypted members are no part of any CMS download: the whole download is refused.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import re
import stat
import zipfile
import zlib
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import PurePosixPath
from typing import IO, TYPE_CHECKING

from contracts.problems import Problem, TermsError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from .rules import Limits, Rules

_CHUNK = 1 << 20
_MEGABYTE = 1 << 20
_ZIP_MARK = b"PK\x03\x04"
_GZIP_MARK = b"\x1f\x8b"


@dataclass(frozen=True)
class Member:
    """A file of a download: `path` as the download names it (zips in zips joined by '/'), and its bytes."""

    path: str
    data: bytes

    @property
    def name(self) -> str:
        return PurePosixPath(self.path).name

    @cached_property
    def sha256(self) -> str:
        return hashlib.sha256(self.data).hexdigest()


@dataclass(frozen=True)
class Download:
    """A file that a person fetched: its name, its hash, what is in it, and the names passed over with the reason."""

    name: str
    sha256: str
    members: tuple[Member, ...]
    passed_over: tuple[tuple[str, str], ...] = ()


def open_download(path: Path, rules: Rules) -> Download:
    """Read a download. Raises TermsError where it is no readable file or goes beyond the limits."""
    name = printable(path.name)
    try:
        size = path.stat().st_size
        if size > rules.limits.download_bytes:
            raise TermsError([_beyond(name, f"{size:,} bytes", f"{rules.limits.download_bytes:,}")])
        data = path.read_bytes()
    except OSError as error:
        raise TermsError([Problem(name, None, f"cannot be read: {error.strerror}")]) from None
    return unpack(name, data, rules)


def unpack(name: str, data: bytes, rules: Rules) -> Download:
    """Return what is in a file of that name and content. Raises TermsError as open_download."""
    sha256 = hashlib.sha256(data).hexdigest()
    if data.startswith(_GZIP_MARK):
        return Download(
            name, sha256, (Member(re.sub(r"(?i)\.gz$", "", name), _gunzipped(name, data, rules)),)
        )
    if not data.startswith(_ZIP_MARK) or name.casefold().endswith(".xlsx"):
        return Download(name, sha256, (Member(name, data),))
    budget = _Budget(rules.limits, rules.passed_over)
    members = tuple(_members(name, name, data, budget, 1))
    return Download(name, sha256, members, tuple(budget.passed))


def check_spreadsheet(member: Member, limits: Limits) -> None:
    """Unpack a worksheet's parts within the limits, keeping none. Raises TermsError where they go beyond."""
    for _ in _members(member.path, member.path, member.data, _Budget(limits), limits.depth):
        pass


@dataclass
class _Budget:
    """What was unpacked of one download, and what was passed over."""

    limits: Limits
    passed_over: tuple[tuple[str, str], ...] = ()
    members: int = 0
    total: int = 0
    passed: list[tuple[str, str]] = field(default_factory=list)

    def take(self, size: int) -> bool:
        self.total += size
        return self.total <= self.limits.total_bytes


def _members(download: str, path: str, data: bytes, budget: _Budget, depth: int) -> Iterator[Member]:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            infos = [info for info in archive.infolist() if not info.is_dir()]
            _check_names(download, infos)
            for info in infos:
                name = printable(info.filename.replace("\\", "/"))
                base = PurePosixPath(name).name.casefold()
                why = next((why for like, why in budget.passed_over if re.search(like, base)), None)
                if why:
                    budget.passed.append((f"{path}/{name}", why))
                    continue
                inner = Member(f"{path}/{name}", _unpacked(download, archive, info, budget))
                if base.endswith(".zip"):
                    if depth == budget.limits.depth:
                        raise TermsError([Problem(download, None, f"{name} is a zip too deep inside others")])
                    yield from _members(download, inner.path, inner.data, budget, depth + 1)
                else:
                    yield inner
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, EOFError, OSError) as error:
        message = f"is no readable zip ({error}): download it again"
        raise TermsError([Problem(download, None, message)]) from None


def _check_names(download: str, infos: list[zipfile.ZipInfo]) -> None:
    problems = []
    seen: set[str] = set()
    for info in infos:
        name = info.filename
        parts = re.split(r"[/\\]", name)
        if name.startswith(("/", "\\")) or ".." in parts or ":" in name or "\0" in info.orig_filename:
            problems.append(f"has a member named {printable(name)!r}, which leads out of its folder")
        elif stat.S_ISLNK(info.external_attr >> 16):
            problems.append(f"has a link in it ({printable(name)!r})")
        elif info.flag_bits & 1:
            problems.append(f"has an encrypted member ({printable(name)!r})")
        elif name.casefold() in seen:
            problems.append(f"has two members named {printable(name)!r}")
        seen.add(name.casefold())
    if problems:
        hint = ": no download of CMS has; take it from cms.gov again"
        raise TermsError([Problem(download, None, text + hint) for text in problems])


def _unpacked(download: str, archive: zipfile.ZipFile, info: zipfile.ZipInfo, budget: _Budget) -> bytes:
    """Unpack one member, measuring what comes out rather than what its header promises."""
    limits = budget.limits
    budget.members += 1
    if budget.members > limits.members:
        raise TermsError([_beyond(download, "its number of files", f"{limits.members:,}")])
    with archive.open(info) as file:
        return _measured(download, printable(info.filename), file, info.compress_size, budget)


def _measured(
    download: str, name: str, file: IO[bytes] | gzip.GzipFile, packed: int, budget: _Budget
) -> bytes:
    parts: list[bytes] = []
    size = 0
    while chunk := file.read(_CHUNK):
        size += len(chunk)
        if size > budget.limits.member_bytes or not budget.take(len(chunk)):
            raise TermsError([_beyond(download, f"{name} unpacked", "what is allowed")])
        if size > _MEGABYTE and size > budget.limits.ratio * max(packed, 1):
            raise TermsError([_beyond(download, f"{name} unpacked", f"{budget.limits.ratio} times")])
        parts.append(chunk)
    return b"".join(parts)


def _gunzipped(name: str, data: bytes, rules: Rules) -> bytes:
    """Unpack a file that was compressed by itself, within the limits of one member."""
    budget = _Budget(rules.limits)
    try:
        with gzip.open(io.BytesIO(data)) as file:
            return _measured(name, name, file, len(data), budget)
    except (OSError, EOFError, zlib.error) as error:
        message = f"is no readable gzip file ({error}): download it again"
        raise TermsError([Problem(name, None, message)]) from None


def _beyond(name: str, what: str, limit: str) -> Problem:
    return Problem(
        name, None, f"{what} goes beyond the limit ({limit}): this is no download of CMS as it is known"
    )


def printable(name: str) -> str:
    """Return a stranger's file name without what a terminal or a log would act on."""
    return "".join(letter if letter.isprintable() else "?" for letter in name)[:200]
