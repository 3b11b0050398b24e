"""What goes in and what comes out: sources, refusals, remittances."""

import enum
import hashlib
import os
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import polars as pl


@dataclass(frozen=True)
class Source:
    """One file: `name` is what people call it, `data` its bytes as received."""

    name: str
    data: bytes = field(repr=False)

    @cached_property
    def file_hash(self) -> str:
        """SHA-256 of the bytes, hex."""
        return hashlib.sha256(self.data).hexdigest()

    @classmethod
    def known(cls, name: str, data: bytes, file_hash: str) -> "Source":
        """Part of a file whose hash is known."""
        source = cls(name, data)
        source.__dict__["file_hash"] = file_hash
        return source

    @classmethod
    def from_path(cls, path: str | Path) -> "Source":
        """Read a file; a name that is no UTF-8 is kept as far as it is. Raises OSError as `Path.read_bytes` does."""
        name = os.fsencode(Path(path).name).decode("utf-8", "replace")
        return cls(name, Path(path).read_bytes())


class RefusalCode(enum.StrEnum):
    """Why a file was refused as a whole."""

    EMPTY = "EMPTY"
    """No byte but white space: the transfer failed or the payer sent a placeholder."""
    NOT_X12 = "NOT_X12"
    """No ISA, GS or ST segment anywhere: binary, PDF, prose, or another format."""
    NO_835 = "NO_835"
    """X12, but without an 835 transaction: an acknowledgment, a claim file, an empty envelope."""
    TRUNCATED = "TRUNCATED"
    """The data end inside an ISA or inside the last 835 transaction (see `segments.truncated`)."""
    DELIMITERS = "DELIMITERS"
    """Delimiters cannot be told apart, or interchanges leave no free byte to unify theirs with."""
    TOO_LARGE = "TOO_LARGE"
    """A single transaction, or a file that cannot be cut, of more bytes than are read at once; or interchanges beyond measure."""
    UNACCOUNTED = "UNACCOUNTED"
    """Segments in and rows out do not add up: a fault of ours, so the file is not half-read."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """A file that was not read; `byte_offset` is where reading had to stop."""

    file_hash: str
    name: str
    code: RefusalCode
    byte_offset: int
    message: str


@dataclass(frozen=True)
class Remittances:
    """Tables by registry name (always all, exact schema) and the refused files."""

    tables: dict[str, pl.DataFrame]
    refusals: list[Refusal]
