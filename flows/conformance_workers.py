"""Processes that check files with pyx12; any of them may hang or die and costs one file its opinion.

A process is told where a file is archived, never its bytes, so that handing out work cannot block. It says nothing
but the opinion: what it or pyx12 might print goes nowhere.
"""

from __future__ import annotations

import multiprocessing
import os
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from typing import TYPE_CHECKING

from era_parser.conformance import Conformance, NotChecked, check, not_checked, ready
from warehouse.archive import ArchiveError, bring_back

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

WORKERS = 2
MEMORY = 1_000_000_000
START_SECONDS = 60.0
_SPAWN = multiprocessing.get_context(
    "spawn"
)  # a fork would copy the threads and locks of Polars, DuckDB, Prefect


class WorkerError(Exception):
    """No process for the second opinion can be started."""


@dataclass(frozen=True)
class Job:
    """A file to check: where it is archived and what our reader counted in it."""

    archive: Path
    file_hash: str
    segment_count: int
    interchange_count: int


class _Worker:
    """One process and the job it has; it is ready once it has said anything."""

    def __init__(self, job: Job) -> None:
        self.connection, theirs = _SPAWN.Pipe()
        self.process = _SPAWN.Process(target=_serve, args=(theirs,), daemon=True)
        self.process.start()
        theirs.close()
        self.ready = False
        self.give(job, START_SECONDS)

    def give(self, job: Job, seconds: float) -> None:
        """Hand out a job; that the process is dead shows when its answer is awaited."""
        self.job: Job | None = job
        self.until = time.monotonic() + seconds
        with suppress(OSError):
            self.connection.send(job)

    def answer(self) -> object:
        """Return what the process sent. Raises EOFError or OSError where it has died."""
        answer = self.connection.recv()
        self.ready = True
        return answer

    def end(self) -> None:
        self.process.kill()
        self.process.join()
        self.connection.close()


def opinions(
    jobs: Iterable[Job], seconds: float, budget: float, workers: int = WORKERS
) -> Iterator[tuple[Job, Conformance]]:
    """Check files in `workers` processes; give each job with its opinion, in the order they are done.

    A job that takes longer than `seconds`, or whose process dies, is given as NOT_CHECKED. After `budget` seconds
    no more jobs are handed out; those are not given, nor is a file that the archive cannot return. Raises WorkerError.
    """
    left, closing = iter(jobs), time.monotonic() + budget
    crew: list[_Worker] = []
    try:
        while _employ(
            crew, lambda: next(left, None) if time.monotonic() < closing else None, seconds, workers
        ):
            for worker in _stirred(crew):
                job, found = worker.job, _settle(worker, crew, seconds)
                if job is not None and found is not None:
                    yield job, found
    finally:
        for worker in crew:
            worker.end()


def _employ(
    crew: list[_Worker], next_job: Callable[[], Job | None], seconds: float, workers: int
) -> list[_Worker]:
    """Give a job to each worker that has none, or let it go; take on more while there are jobs."""
    for worker in [worker for worker in crew if worker.job is None]:
        job = next_job()
        if job is None:
            crew.remove(worker)
            worker.end()
        else:
            worker.give(job, seconds)
    while len(crew) < workers and (job := next_job()) is not None:
        crew.append(_Worker(job))
    return crew


def _stirred(crew: list[_Worker]) -> list[_Worker]:
    """Wait for workers that have answered or died, or whose time is up."""
    patience = max(min(worker.until for worker in crew) - time.monotonic(), 0)
    heard = wait([worker.connection for worker in crew], timeout=patience)
    now = time.monotonic()
    return [worker for worker in crew if worker.connection in heard or worker.until <= now]


def _settle(worker: _Worker, crew: list[_Worker], seconds: float) -> Conformance | None:
    """Take a worker's answer; one that died or is out of time is replaced, its file not checked."""
    failure = not_checked(NotChecked.TIMED_OUT, f"not done after {seconds:g} s ([conformance] seconds)")
    if worker.connection.poll():
        was_ready = worker.ready
        try:
            answer = worker.answer()
        except (EOFError, OSError):
            failure = not_checked(NotChecked.WORKER_DIED, "the process that checked the file died")
        else:
            if was_ready:
                worker.job = None
            else:
                worker.until = time.monotonic() + seconds
            return answer if isinstance(answer, Conformance) else None
    crew.remove(worker)
    worker.end()
    if not worker.ready:
        raise WorkerError("no process for the second opinion can be started; the next night tries again")
    return failure


def _serve(connection: Connection) -> None:
    """Check one job after the other until the other side is gone."""
    _hush()
    _bound_memory()
    ready()
    with suppress(EOFError, OSError):
        connection.send("ready")
        while True:
            connection.send(_opinion(connection.recv()))


def _opinion(job: Job) -> Conformance | str:
    try:
        return check(bring_back(job.archive, job.file_hash), job.segment_count, job.interchange_count)
    except MemoryError:
        return not_checked(NotChecked.STOPPED, f"pyx12 wants more than {MEMORY // 1_000_000} MB")
    except ArchiveError:
        return "not in the archive"


def _hush() -> None:
    """Send what this process prints nowhere: a traceback may quote a remittance."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            os.dup2(nowhere, stream.fileno())


def _bound_memory() -> None:
    """Let a file with a fault on every other byte fail instead of filling the machine (where the system can)."""
    with suppress(ImportError, OSError, ValueError):
        import resource  # noqa: PLC0415  (not on Windows)

        resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))
