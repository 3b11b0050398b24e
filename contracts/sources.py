"""The files that prices rest on, so that they can be kept: what `read_terms`, `read_reference` and `read_practice` read."""

from __future__ import annotations

import json
import tomllib
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from .loaded import FOLDER, MANIFEST, read_manifest
from .practice import Practice

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def contract_files(folder: Path) -> list[str]:
    """Return the names of all contracts and of the files that they name, sorted; what cannot be read names none.

    Fee schedules ([[rate]]), a payer's own edits ([[edit]]): whatever table of a contract has a `file`. Other files of
    the folder (letters, older schedules) have no part in any decision.
    """
    contracts = [path.name for path in folder.glob("[!.]*.toml")]
    named = {name for file in contracts for name in _named(folder / file)}
    return sorted({*contracts, *(name for name in named if (folder / name).is_file())})


def _named(contract: Path) -> Iterator[str]:
    try:
        stated = tomllib.loads(contract.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError):
        return  # read_terms says what is wrong with it
    tables = [table for value in stated.values() if isinstance(value, list) for table in value]
    for table in tables:
        name = table.get("file") if isinstance(table, dict) else None
        if isinstance(name, str):
            yield PurePosixPath(name.replace("\\", "/")).as_posix()


def reference_files(folder: Path) -> list[str]:
    """Return the names of all tables that people wrote, and of what was loaded: its list and the tables in effect.

    The rows of each single file of CMS, from which a load makes those tables, are left out.
    """
    if not folder.is_dir():
        return []
    tables = [f"{FOLDER}/{table.file}" for table in read_manifest(folder).tables.values()]
    written = [path.name for path in folder.glob("[!.]*.csv")]
    return sorted([*written, *tables, *([MANIFEST] if (folder / MANIFEST).is_file() else [])])


def practice_text(settings: Path) -> bytes:
    """Return what settings say of sites and clinicians, as JSON in one form; nothing else of them bears on a price."""
    stated = tomllib.loads(settings.read_text(encoding="utf-8-sig"))
    kept: dict[str, Any] = {name: stated.get(name, []) for name in ("site", "clinician")}
    kept["practice"] = {"name": stated.get("practice", {}).get("name", "")}
    return json.dumps(kept, sort_keys=True, indent=1, ensure_ascii=False, default=str).encode() + b"\n"


def practice_from(text: bytes) -> Practice:
    """Return the practice that `practice_text` kept. Raises pydantic's ValidationError."""
    return Practice.from_settings(json.loads(text))
