"""The nights of a plan, in a home: what comes is dropped, the night is run, killed where planned, done again, and looked at."""

from __future__ import annotations

import hashlib
import shutil
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from benchmarks.year.pipeline import make_home
from tests.crash.plain import run_night
from tests.crash.scenes import NO_OPINIONS
from tests.soak import agreements
from tests.soak.posters import bring_back
from tests.soak.process import ask, run
from tests.soak.year import list_year

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flows.home import Home
    from tests.soak.plan import Drop, Night
    from tests.soak.process import Ended
    from tests.soak.year import Made

_CHECKS = Path(__file__).with_name("night.sql")
_FIRST_GUESS = 4.0
"""Seconds that the first night may take, of which its kills are shares."""


@dataclass
class Lived:
    """What became of a night. `lines`: in the warehouse after it; `faults`: what its check found."""

    number: int
    ended: Ended | None = None
    kills: int = 0
    lines: int = 0
    disputes: int = 0
    edits: int = 0
    refused_rows: int = 0
    faults: list[str] = field(default_factory=list)


@dataclass
class Soak:
    """A home, and the folder of the year that is dropped into it."""

    home: Home
    year: Path
    work: Path
    nights: Sequence[Night]
    files: dict[str, Made]
    lived: list[Lived] = field(default_factory=list)
    loaded: set[str] = field(default_factory=set)
    """Hashes of the files that came so far."""
    refused: set[tuple[str, str]] = field(default_factory=set)
    """Hashes and names of those that cannot be read: each has its place in quarantine."""

    @classmethod
    def begin(cls, folder: Path, year: Path, nights: Sequence[Night]) -> Soak:
        """Make the home as it stands before the first night."""
        home = make_home(folder / "home")
        home.settings.write_text(home.settings.read_text() + NO_OPINIONS)
        agreements.begin(home.folder("contracts"))
        (folder / "editions").mkdir()
        return cls(home, year, folder, nights, {file.name: file for file in list_year(year)})

    def readable(self, drop: Drop) -> bool:
        """Whether it must be loaded; else it must be in quarantine."""
        return drop.cut == 1 and not self.files[drop.file].refused

    def live(self, night: Night) -> Lived:
        """Bring what the night brings, run it however often it is killed, and look at what it left."""
        told = self.work / "told.json"
        for drop in night.drops:
            data = drop.content(self.year)
            (self.home.folder("inbox") / drop.name).write_bytes(data)
            sha256 = hashlib.sha256(data).hexdigest()
            if self.readable(drop):
                self.loaded.add(sha256)
            else:
                self.refused.add((sha256, drop.name))
        for back in night.returns:
            edition = self.work / "editions" / f"{back.edition}.xlsx"
            target = self.home.folder("inbox") / back.name
            ask(partial(bring_back, edition, target, back.seed, night.as_of), told)
        for name in night.amendments:
            agreements.amend(self.home.folder("contracts"), name)
        lived = self._run(night)
        if any(back.edition == night.number for later in self.nights for back in later.returns):
            shutil.copyfile(
                self.home.folder("published") / "worklist.xlsx",
                self.work / "editions" / f"{night.number}.xlsx",
            )
        for name, value in ask(lambda: look(self.home, self.loaded, len(self.refused)), told).items():
            setattr(lived, name, value)
        return lived

    def _run(self, night: Night) -> Lived:
        lived = Lived(night.number)
        work = partial(run_night, self.home.path, night.as_of)
        before = self.lived[-1].ended if self.lived else None
        usual = before.seconds if before else _FIRST_GUESS
        for share in night.kills:
            ended = run(work, usual * share)
            lived.kills += ended.code < 0
        ended = run(work)
        lived.ended = ended
        if ended.code:
            raise RuntimeError(f"night {night.number} ended with exit status {ended.code}")
        self.lived.append(lived)
        return lived


def look(home: Home, loaded: set[str], refused: int) -> dict[str, object]:
    """The cheap check after a night: what came is loaded or in quarantine, every line has one verdict, all are counted."""
    with duckdb.connect(str(home.published), read_only=True) as con:
        faults = [f"{what}: {count}" for what, count in con.execute(_CHECKS.read_text()).fetchall() if count]
        counts = dict(con.execute(COUNTS).fetchall())
        there = {row[0] for row in con.execute("select file_hash from era.file").fetchall()}
    aside = len(list(home.folder("quarantine").glob("*.json")))
    left = [path.name for path in home.folder("inbox").rglob("*") if path.is_file()]
    if there != loaded:
        faults.append(
            f"{len(loaded - there)} files that came are not loaded, {len(there - loaded)} are that did not"
        )
    if aside != refused:
        faults.append(f"{aside} files in quarantine, where {refused} came that cannot be read")
    if left:
        faults.append(f"{len(left)} files are left in the inbox")
    return {**counts, "faults": faults}


COUNTS = """
select 'lines', count(*) from core.verdict
union all select 'disputes', count(*) from out.worklist
union all select 'edits', count(*) from life.event
union all select 'refused_rows', count(*) from life.refused_edit
"""
