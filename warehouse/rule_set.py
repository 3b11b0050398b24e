"""What decisions rest on beside the remittances, kept byte for byte: contracts, schedules, reference, sites, this program.

A rule set is a list of files with their hashes, named by the hash of that list. Each file is in `archive/rules/`, by its
hash and once, however many sets it is part of; the journal's book `rule_file` has the list of each set that a night
published under, and `published` names the set of each dispute. From these a decision can be made again years later.
"""

from __future__ import annotations

import functools
import hashlib
import tempfile
from dataclasses import dataclass, replace
from importlib.metadata import PackageNotFoundError, version
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import polars as pl

from contracts import Problem, TermsError, read_practice, read_reference, read_terms
from contracts.sources import contract_files, practice_from, practice_text, reference_files
from era_parser import Source
from warehouse.archive import ArchiveError, bring_back, keep

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from contracts import Practice, Reference, Terms

CONTRACTS, REFERENCE, SETTINGS, PROGRAM = "contracts", "reference", "settings", "program"
PRACTICE = "practice.json"
SCHEMA = {
    "rule_set": pl.String(),
    "folder": pl.String(),
    "path": pl.String(),
    "sha256": pl.String(),
    "byte_count": pl.Int64(),
}


@dataclass(frozen=True, order=True)
class RuleFile:
    """One file of a set. `folder`: contracts, reference, settings (sites and clinicians), program; `path` inside it."""

    folder: str
    path: str
    sha256: str
    byte_count: int


@dataclass(frozen=True)
class RuleSet:
    """Files in order of folder and path. ``RuleSet()``: it was not recorded what decisions rest on."""

    files: tuple[RuleFile, ...] = ()

    @functools.cached_property
    def name(self) -> str:
        """Return the first 16 hex digits of the hash of the list; empty for an empty one."""
        lines = [f"{one.folder}/{one.path} {one.sha256}\n" for one in self.files]
        return hashlib.sha256("".join(lines).encode()).hexdigest()[:16] if lines else ""

    def of(self, folder: str) -> dict[str, str]:
        """Return the hashes of one folder's files by path."""
        return {one.path: one.sha256 for one in self.files if one.folder == folder}

    def frame(self) -> pl.DataFrame:
        """Return one row a file, as terms.rule_file has it."""
        rows = [(self.name, one.folder, one.path, one.sha256, one.byte_count) for one in self.files]
        return pl.DataFrame(rows, schema=SCHEMA, orient="row")


@dataclass(frozen=True)
class Rules:
    """A rule set as it was read."""

    files: RuleSet
    terms: Terms
    reference: Reference
    practice: Practice


@dataclass(frozen=True)
class RuleFolders:
    """Where the rules of a home folder are."""

    contracts: Path
    reference: Path
    settings: Path

    def sources(self) -> Iterator[tuple[str, str, Path]]:
        """Return folder, name and place of each file that decisions rest on; the settings come as a whole."""
        for name in contract_files(self.contracts):
            yield CONTRACTS, name, self.contracts / name
        for name in reference_files(self.reference):
            yield REFERENCE, name, self.reference / name
        yield SETTINGS, PRACTICE, self.settings

    def stamp(self) -> list[tuple[str, str, int, int]]:
        """Return what changes when a file does."""
        stats = [(folder, name, place.stat()) for folder, name, place in self.sources()]
        return [(folder, name, stat.st_size, stat.st_mtime_ns) for folder, name, stat in stats]


def keep_rules(folders: RuleFolders, archive: Path) -> RuleSet:
    """Put the files of a home into the archive where they are not yet, and return the list of them."""
    return _listed(folders, archive)


def read_rules(folders: RuleFolders) -> Rules:
    """Read a home's rules as they are now, keeping nothing. Raises TermsError with every problem."""
    stamp = folders.stamp()
    practice = read_practice(folders.settings)
    terms, reference = read_terms(folders.contracts), read_reference(folders.reference)
    rules = Rules(_listed(folders, None), terms, reference, practice)
    unchanged_since(folders, stamp)
    return rules


def _listed(folders: RuleFolders, archive: Path | None) -> RuleSet:
    found = [_program()]
    for folder, name, place in folders.sources():
        source = Source(name, practice_text(place) if folder == SETTINGS else place.read_bytes())
        if archive is not None:
            keep(rules_archive(archive), source)
        found.append(RuleFile(folder, name, source.file_hash, len(source.data)))
    return RuleSet(tuple(sorted(found)))


def rules_archive(archive: Path) -> Path:
    """Where the archive keeps rules, apart from remittances."""
    return archive / "rules"


def unchanged_since(folders: RuleFolders, stamp: list[tuple[str, str, int, int]]) -> None:
    """Raise TermsError where a file changed while it was read: nobody could say what decisions then rest on."""
    later = folders.stamp()
    if later != stamp:
        changed = sorted({f"{one[0]}/{one[1]}" for one in {*later} ^ {*stamp}})
        message = "changed while it was read; run again when nobody writes to it"
        raise TermsError([Problem(name, None, message) for name in changed])


@functools.cache
def _program() -> RuleFile:
    """Return this program as one file: the hash of its code and data. Its bytes are not kept: a release of it is.

    DuckDB's version is part of it: its hashes of the same values, which the ledger compares, may change.
    """
    digest = hashlib.sha256(duckdb.__version__.encode())
    size = 0
    for package in ("era_parser", "contracts", "warehouse"):
        root = Path(str(files(package)))
        for path in sorted(root.rglob("*")):
            if path.is_file() and path.suffix != ".pyc":
                data = path.read_bytes()
                size += len(data)
                digest.update(str(path.relative_to(root.parent)).encode())
                digest.update(hashlib.sha256(data).digest())
    try:
        release = version("shortpay")
    except PackageNotFoundError:
        release = "of unknown version"
    return RuleFile(PROGRAM, f"shortpay {release}, DuckDB {duckdb.__version__}", digest.hexdigest(), size)


def bring_rules_back(archive: Path, rules: RuleSet, have: Rules | None = None) -> Rules:
    """Read a recorded set from its archived bytes. Raises ArchiveError where one is missing or damaged.

    `have`: rules that were read already; what is the same in them is taken as it is. The program is today's.
    """
    if not rules.files:
        raise ArchiveError("it was not recorded which contracts and tables this was decided under")
    with tempfile.TemporaryDirectory(prefix="shortpay-rules-") as folder:
        place = Path(folder)
        same = {
            name
            for name in (CONTRACTS, REFERENCE)
            if have is not None and have.files.of(name) == rules.of(name)
        }
        _write_back(archive, (one for one in rules.files if one.folder not in {*same, PROGRAM}), place)
        return Rules(
            rules,
            have.terms if have and CONTRACTS in same else read_terms(place / CONTRACTS),
            # national edits are read as they are asked for, by denials alone: no dispute rests on them
            have.reference
            if have and REFERENCE in same
            else replace(read_reference(place / REFERENCE), edit_files=()),
            practice_from((place / SETTINGS / PRACTICE).read_bytes()),
        )


def _write_back(archive: Path, wanted: Iterable[RuleFile], folder: Path) -> None:
    for name in (CONTRACTS, REFERENCE, SETTINGS):
        (folder / name).mkdir()
    for one in wanted:
        place = (folder / one.folder / one.path).resolve()
        if not place.is_relative_to(folder.resolve()):
            raise ArchiveError(
                f"{one.folder}/{one.path} is no path inside its folder: the journal was changed"
            )
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(bring_back(rules_archive(archive), one.sha256))
