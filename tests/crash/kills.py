"""Kill nights with SIGKILL, run them again, and compare all that is left with an undisturbed night.

    python -m tests.crash.kills [--steps 1] [--operations 1] [--random 40] [--real 6] [--scene "first night"]

For each scene: at step boundaries (every `--steps`-th of them); before file operations (every `--operations`-th of
them: opening to write, renaming, removing …); at `--random` instants spread over the whole duration; and `--real` times
`shortpay run` itself, Prefect and all. Prints a table; exit status 1 where anything differs.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from flows import progress
from tests.crash.plain import do, finish, kill_after, kill_group, start
from tests.crash.scenes import FIRST, Scene, scenes
from tests.crash.state import State, differences, state

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_OPERATIONS = {
    "open",
    "os.rename",
    "os.remove",
    "os.mkdir",
    "os.rmdir",
    "os.truncate",
    "os.link",
    "shutil.copyfile",
}
SEED = 835


class Count:
    """Counts what happens in this process, and kills its group before a given one; `killing` None: only counts."""

    def __init__(self, killing: int | None, told: Path) -> None:
        self.killing, self.told, self.seen = killing, told, 0

    def step(self, name: str, detail: str = "") -> None:
        del name, detail
        self.happened()

    def note(self, text: str) -> None:
        """Told of what a night says beside its steps, which is nothing to count."""

    def operation(self, home: str, event: str, arguments: tuple[object, ...]) -> None:
        if event in _OPERATIONS and str(arguments[0]).startswith(home) and _writes(event, arguments):
            self.happened()

    def happened(self) -> None:
        self.seen += 1
        if self.seen == self.killing:
            os.killpg(0, signal.SIGKILL)

    def tell(self) -> None:
        self.told.write_text(str(self.seen))


def _writes(event: str, arguments: tuple[object, ...]) -> bool:
    flags = arguments[2] if event == "open" and len(arguments) > 2 else os.O_WRONLY
    return isinstance(flags, int) and bool(flags & (os.O_WRONLY | os.O_RDWR))


def at_step(work: Callable[[Path], object], home: Path, count: Count) -> None:
    progress._current.append(count)  # type: ignore[arg-type]
    work(home)
    count.tell()


def at_operation(work: Callable[[Path], object], home: Path, count: Count) -> None:
    own = partial(count.operation, str(home))
    sys.addaudithook(own)
    work(home)
    count.tell()


class Trial:
    """One scene: an undisturbed run, and what kills leave against it."""

    def __init__(self, scene: Scene, folder: Path) -> None:
        self.scene, self.folder = scene, folder
        self.outcomes: Counter[str] = Counter()
        self.failures: list[str] = []
        home = scene.copy(folder / "undisturbed")
        began = time.monotonic()
        do(lambda: scene.work(home))
        self.seconds = time.monotonic() - began
        self.expected = self.look(home)

    def look(self, home: Path) -> State:
        """Take the state in a process of its own: this one must not have used DuckDB before it forks."""
        told = self.folder / "state.json"
        do(lambda: told.write_text(json.dumps(state(home))))
        found: State = json.loads(told.read_text())
        return found

    def again(self, home: Path, kind: str, instant: str) -> None:
        """Run the night again after a kill and compare."""
        code = finish(start(lambda: self.scene.work(home)))
        found = ["the next run failed"] if code else differences(self.expected, self.look(home))
        self.tell(kind, instant, found)

    def tell(self, kind: str, instant: str, found: list[str]) -> None:
        self.outcomes[f"{kind}: {'differs' if found else 'same'}"] += 1
        told = f"{self.scene.name}, {kind} {instant}: " + ("; ".join(found[:4]) or "same")
        print(told, file=sys.stderr, flush=True)
        if found:
            self.failures.append(told)

    def counted(self, kind: str, watch: Callable[..., None], every: int) -> None:
        """Kill at every so many happenings that `watch` counts."""
        told = self.folder / "count"
        home = self.scene.copy(self.folder / "home")
        do(lambda: watch(self.scene.work, home, Count(None, told)))
        for number in range(1 + every // 2, int(told.read_text()) + 1, every):
            home = self.scene.copy(self.folder / "home")
            code = finish(start(lambda n=number, at=home: watch(self.scene.work, at, Count(n, told))))  # type: ignore[misc]
            if code != -signal.SIGKILL:
                self.failures.append(f"{self.scene.name}, {kind} {number}: not killed (exit status {code})")
            self.again(home, kind, str(number))

    def instants(self, kills: int, chance: random.Random) -> None:
        """Kill at instants spread over the whole duration, one in each of as many equal parts."""
        for part in range(kills):
            seconds = (part + chance.random()) / kills * self.seconds
            home = self.scene.copy(self.folder / "home")
            if kill_after(start(partial(self.scene.work, home)), seconds):
                self.again(home, "instant", f"{seconds:.3f} s")
            else:
                self.outcomes["instant: done before"] += 1

    def real(self, kills: int, chance: random.Random) -> None:
        """Kill `shortpay run` itself, and run it again."""
        seconds = 0.0
        for part in range(-1, kills):
            home = self.scene.copy(self.folder / "home")
            began = time.monotonic()
            child = _shortpay(home)
            if part < 0:
                child.wait()
                seconds = time.monotonic() - began
                continue
            time.sleep((part + chance.random()) / kills * seconds)
            kill_group(child.pid)
            killed = child.wait() == -signal.SIGKILL
            code = _shortpay(home).wait()
            found = [f"the next run failed: {code}"] if code else differences(self.expected, self.look(home))
            self.tell("shortpay run" if killed else "shortpay run, done before", str(part), found)


def _shortpay(home: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "flows.cli", "run", "--home", str(home), "--as-of", FIRST.isoformat()]
    return subprocess.Popen(
        command, start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )


def run(folder: Path, arguments: argparse.Namespace) -> Iterator[Trial]:
    chance = random.Random(SEED)
    for name, made in scenes(folder).items():
        if arguments.scene and name != arguments.scene:
            continue
        trial = Trial(made(), folder)
        if arguments.steps:
            trial.counted("step", at_step, arguments.steps)
        if arguments.operations:
            trial.counted("file operation", at_operation, arguments.operations)
        trial.instants(arguments.random, chance)
        if name == "first night":
            trial.real(arguments.real, chance)
        yield trial


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--random", type=int, default=40, help="instants a scene")
    parser.add_argument("--operations", type=int, default=1, help="every so many file operations; 0: none")
    parser.add_argument("--real", type=int, default=6, help="kills of shortpay run itself")
    parser.add_argument("--scene", help="this one alone")
    parser.add_argument("--steps", type=int, default=1, help="every so many step boundaries; 0: none")
    arguments = parser.parse_args()
    began = dt.datetime.now()
    failures: list[str] = []
    memory = Path("/dev/shm")  # what kills leave is the same there, and nobody waits for a disk
    with tempfile.TemporaryDirectory(prefix="crash-", dir=memory if memory.is_dir() else None) as folder:
        print("| scene | undisturbed | killed at | same | differs |\n|---|--:|---|--:|--:|")
        for trial in run(Path(folder), arguments):
            failures += trial.failures
            kinds = dict.fromkeys(kind.rpartition(":")[0] for kind in trial.outcomes)
            for kind in kinds:
                same, differs = (trial.outcomes[f"{kind}: {how}"] for how in ("same", "differs"))
                print(
                    f"| {trial.scene.name} | {trial.seconds:.1f} s | {kind} | {same} | {differs} |",
                    flush=True,
                )
    print(f"\n{(dt.datetime.now() - began).seconds} s")
    print(*failures, sep="\n")
    sys.exit(bool(failures))


if __name__ == "__main__":
    main()
