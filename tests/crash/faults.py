"""Let a night meet a full disk, folders it may not write, files that come and go, a clock that jumps, damaged files.

    python -m tests.crash.faults [--only full]

After each the fault is taken away and the night run again: everything must be as after an undisturbed night. Prints a
table; exit status 1 where anything differs. What needs a mount is left out, and said, where mounting is not allowed.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import random
import resource
import shutil
import subprocess
import sys
import tempfile
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from flows import progress
from flows.cli import explained
from flows.clock import tonight
from flows.home import Home
from tests.crash.plain import do, finish, run_night, start
from tests.crash.scenes import SECOND, Scene, rebuild_it, scenes
from tests.crash.state import State, differences, state

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Row = tuple[str, str, str]
"""Fault, what the night did, what the next one left."""
MB = 1_000_000


class Bench:
    """The scene that meets the faults, and what it leaves undisturbed."""

    def __init__(self, scene: Scene, folder: Path) -> None:
        self.scene, self.folder = scene, folder
        home = scene.copy(folder / "undisturbed")
        do(lambda: scene.work(home))
        self.expected = self.look(home)

    def home(self) -> Path:
        return self.scene.copy(self.folder / "home")

    def look(self, home: Path) -> State:
        told = self.folder / "state.json"
        do(lambda: told.write_text(json.dumps(state(home))))
        found: State = json.loads(told.read_text())
        return found

    def attempt(self, home: Path, work: Callable[[], object]) -> str:
        """Run something that may fail; return what it said, in the words that the command line uses."""
        told = self.folder / "said"
        told.write_text("done")

        def tried() -> None:
            try:
                work()
            except Exception as error:  # noqa: BLE001  (its words are what is looked at)
                told.write_text(explained(error, home) or f"NOT EXPLAINED: {error}")

        finish(start(tried))
        return told.read_text().replace(str(home), "HOME")

    def again(self, home: Path, but: tuple[str, ...] = ()) -> str:
        """Run the night again; return whether all is as after an undisturbed one, `but` for some things."""
        if finish(start(lambda: self.scene.work(home))):
            return "FAILED"
        found = [text for text in differences(self.expected, self.look(home)) if not text.startswith(but)]
        return "the same" if not found or (but and not found) else "DIFFERS: " + "; ".join(found[:3])


def full_disk(bench: Bench) -> Iterator[Row]:
    """A small file system with more room from try to try, so that another step meets its end."""
    filled = sum(path.stat().st_size for path in bench.scene.home.rglob("*") if path.is_file())
    for room in (0.4, 0.7, 1.5, 3, 5, 8, 12, 16, 20, 24):
        with mounted(bench.folder / "disk", filled + int(room * MB)) as disk:
            home = disk / "home"
            shutil.copytree(bench.scene.home, home)
            said = bench.attempt(home, partial(bench.scene.work, home))
            subprocess.run(["mount", "-o", "remount,size=500m", disk], check=True)
            yield f"disk full after {room} MB", said, bench.again(home)


@contextlib.contextmanager
def mounted(disk: Path, size: int) -> Iterator[Path]:
    disk.mkdir(exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "none", disk], check=True)
    try:
        yield disk
    finally:
        subprocess.run(["umount", "-l", disk], check=True)


def limited_files(bench: Bench) -> Iterator[Row]:
    """No file may grow beyond a limit: the same to the program, and needs no rights."""
    for limit in (0.05, 0.2, 1, 3, 6, 10, 15, 19):
        home = bench.home()

        def work(at: Path = home, most: int = int(limit * MB)) -> None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (most, resource.RLIM_INFINITY))
            bench.scene.work(at)

        yield f"no file above {limit} MB", bench.attempt(home, work), bench.again(home)


def read_only_folders(bench: Bench) -> Iterator[Row]:
    for name in ("inbox", "archive", "quarantine", "journal", "published", ""):
        home = bench.home()
        with read_only(home / name):
            said = bench.attempt(home, partial(bench.scene.work, home))
        yield f"read-only {name or 'home'}", said, bench.again(home)


@contextlib.contextmanager
def read_only(folder: Path) -> Iterator[None]:
    subprocess.run(["mount", "--bind", folder, folder], check=True)
    try:
        subprocess.run(["mount", "-o", "remount,bind,ro", folder], check=True)
        yield
    finally:
        subprocess.run(["umount", "-l", folder], check=True)


def meddled(bench: Bench) -> Iterator[Row]:
    """A file that grows, or is taken away, when a night begins to read it."""
    for step in ("archive", "parse and load"):
        for what in ("grows", "is taken away"):
            home = bench.home()
            victim = min((home / "inbox").glob("UHC*"))
            data = victim.read_bytes()

            def work(at: Path = home, path: Path = victim, when: str = step, how: str = what) -> None:
                progress._current.append(_Meddler(when, path, how))  # type: ignore[arg-type]
                bench.scene.work(at)

            said = bench.attempt(home, work)
            left = victim.exists()
            victim.write_bytes(data)
            gone = "taken in as it is then" if what == "grows" else "nothing of it is loaded"
            told = "it waits in the inbox" if left else gone
            yield f"a file {what} at step {step}", f"{said}: {told}", _same_verdicts(bench, home)


class _Meddler:
    """Does something to a file right after a step has found it."""

    def __init__(self, when: str, path: Path, how: str) -> None:
        self.when, self.path, self.how = when, path, how

    def step(self, name: str, detail: str = "") -> None:
        del detail
        if name == self.when:
            own = [False]
            sys.addaudithook(partial(self._opened, own))

    def note(self, text: str) -> None:
        """Told of what a night says beside its steps."""

    def _opened(self, own: list[bool], event: str, arguments: tuple[object, ...]) -> None:
        if event == "open" and str(arguments[0]) == str(self.path) and not own[0]:
            own[0] = True
            if self.how == "grows":
                with self.path.open("ab") as out:
                    out.write(b"ST*835*0001~")
            else:
                self.path.unlink(missing_ok=True)


def _same_verdicts(bench: Bench, home: Path) -> str:
    """Whether the lists are the same once the file has come again; it came later, and the list of arrivals says so."""
    later = ("warehouse", "published", "journal", "files")
    kept = [
        name
        for name in bench.expected
        if name.startswith(later) and not name.endswith((".csv", "core.verdict"))
    ]
    return bench.again(home, tuple(f"{name}:" for name in [*kept, "published/worklist.xlsx"]))


def clocks(bench: Bench) -> Iterator[Row]:
    home = bench.home()
    for path in (home / "inbox").iterdir():
        os.utime(path, (2_082_758_400, 2_082_758_400))
    yield "files dated 2036", bench.attempt(home, lambda: bench.scene.work(home)), bench.again(home)
    home = bench.home()
    mark = home / ".clock"  # what a night leaves that took its day from the clock
    mark.write_text("2999-12-31")

    def unattended() -> None:
        run_night(home, tonight(Home(home), None))

    said = bench.attempt(home, unattended)
    mark.unlink()
    yield "the clock is behind the last night", said, bench.again(home)


def damage(bench: Bench) -> Iterator[Row]:
    """Damage the warehouse after the night; the next one or verify says so, and a rebuild gives the same."""
    ready = bench.home()
    do(lambda: bench.scene.work(ready))
    keep = bench.folder / "ready"
    shutil.copytree(ready, keep)
    data = (keep / "warehouse.duckdb").read_bytes()
    for what, spoiled in damaged_files(data, random.Random(835)):
        home = bench.folder / "home"
        shutil.rmtree(home)
        shutil.copytree(keep, home)
        if spoiled is None:
            (home / "warehouse.duckdb").unlink()
        else:
            (home / "warehouse.duckdb").write_bytes(spoiled)
        said = bench.attempt(home, lambda at=home: run_night(at, SECOND))  # type: ignore[misc]
        if said == "done":
            said = f"done; verify: {_verified(bench, home)}"
        after = "FAILED" if finish(start(lambda at=home: rebuild_it(at))) else _compared(bench, home)  # type: ignore[misc]
        yield what, said, f"rebuilt: {after}"


def damaged_files(data: bytes, chance: random.Random) -> Iterator[tuple[str, bytes | None]]:
    for number in range(1, 7):
        spoiled = bytearray(data)
        for _ in range(64):
            spoiled[chance.randrange(len(data))] ^= 1 + chance.randrange(255)
        yield f"64 random bytes changed ({number})", bytes(spoiled)
    for _ in range(6):
        at = chance.randrange(len(data) - 4096)
        yield f"4 KB of noise at {at:,}", data[:at] + chance.randbytes(4096) + data[at + 4096 :]
    for share in (0.1, 0.5, 0.9, 0.999):
        yield f"cut to {share:.1%}", data[: int(len(data) * share)]
    yield "zero length", b""
    yield "missing", None


def _verified(bench: Bench, home: Path) -> str:
    def look() -> None:
        from warehouse.journal import Journal  # noqa: PLC0415
        from warehouse.verify import verify  # noqa: PLC0415

        at = Home(home)
        looks = list(
            verify(at.folder("archive"), at.folder("published"), Journal(at.folder("journal")), at.warehouse)
        )
        faults = [str(fault) for looked in looks for fault in looked.faults]
        (bench.folder / "said").write_text(faults[0] if faults else "good: no byte that is in use")

    finish(start(look))
    return (bench.folder / "said").read_text().replace(str(home), "HOME")


def _compared(bench: Bench, home: Path) -> str:
    for aside in home.glob("warehouse.old-*"):
        aside.unlink()
    found = differences(bench.expected, bench.look(home))
    return "DIFFERS: " + "; ".join(found[:3]) if found else "the same"


FAULTS = {
    "full": full_disk,
    "limit": limited_files,
    "read-only": read_only_folders,
    "meddled": meddled,
    "clock": clocks,
    "damage": damage,
}
MOUNTS = ("full", "read-only")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", choices=FAULTS)
    arguments = parser.parse_args()
    bad = 0
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(prefix="faults-", dir=memory if memory.is_dir() else None) as folder:
        bench = Bench(scenes(Path(folder))["night with workbooks"](), Path(folder))
        print("| fault | that night | after the next one |\n|---|---|---|")
        for name, fault in FAULTS.items():
            if arguments.only in (None, name):
                if name in MOUNTS and os.geteuid() != 0:
                    print(f"| {name} | left out: mounting needs root | |")
                    continue
                for row in fault(bench):
                    bad += any(sign in row[1] + row[2] for sign in ("DIFFERS", "FAILED", "NOT EXPLAINED"))
                    print("| " + " | ".join(row) + " |", flush=True)
    sys.exit(bool(bad))


if __name__ == "__main__":
    main()
