"""The second opinion: new files checked by pyx12 once the night is published, within what the settings allow."""

from __future__ import annotations

from collections import Counter
from itertools import islice
from typing import TYPE_CHECKING

from era_parser.conformance import NotChecked, not_checked, pyx12_version
from flows.conformance_workers import WORKERS, Job, opinions
from warehouse.conformance import Unjudged, keep_opinions, unjudged
from warehouse.database import build, open_warehouse
from warehouse.journal import Journal
from warehouse.publish import publish_database

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from era_parser.conformance import Conformance
    from flows.home import Home
    from flows.settings import Limits

KEPT_AT_ONCE = 50
FILES_WORTH_A_WORKER = 20  # to start one takes as long as some 20 usual files


def check_new_files(home: Home, limits: Limits) -> Counter[str]:
    """Judge the files without an opinion, keep the opinions, publish the database again where there are any.

    Return files by opinion; those that the night's minutes leave over wait for the next one. Raises
    WorkerError where no process can be started; then nothing is judged.
    """
    counts: Counter[str] = Counter()
    if not limits.minutes:
        return counts
    most = int(limits.megabytes * 1_000_000)
    journal = Journal(home.folder("journal"))
    with open_warehouse(home.warehouse) as con:
        waiting = unjudged(con, pyx12_version(), most)
        found = _judged(home.folder("archive"), waiting, limits, most)
        while batch := list(islice(found, KEPT_AT_ONCE)):
            keep_opinions(con, batch, pyx12_version(), journal)
            counts.update(conformance.opinion.value for _, conformance in batch)
        if counts:
            build(con, "out.conformance")
            publish_database(con, home.folder("published"))
    return counts


def _judged(
    archive: Path, waiting: list[Unjudged], limits: Limits, most: int
) -> Iterator[tuple[Unjudged, Conformance]]:
    """Opinions as they come; what is too large gets none, and costs nothing."""
    jobs = []
    for file in waiting:
        if file.byte_count > most:
            detail = f"larger than {limits.megabytes:g} MB ([conformance] megabytes)"
            yield file, not_checked(NotChecked.TOO_LARGE, detail)
        else:
            jobs.append(Job(archive, file.file_hash, file.segment_count, file.interchange_count))
    by_hash = {file.file_hash: file for file in waiting}
    workers = min(WORKERS, 1 + len(jobs) // FILES_WORTH_A_WORKER)
    for job, conformance in opinions(jobs, limits.seconds, limits.minutes * 60, workers):
        yield by_hash[job.file_hash], conformance
