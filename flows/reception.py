"""Files that are read whole, workbooks and encounters: archived; turned away with the reason where they are none."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn, TypeVar

from warehouse.archive import keep, keep_file, set_aside
from warehouse.journal import ARRIVAL
from warehouse.load import told

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable
    from pathlib import Path

    from era_parser import Source
    from flows.home import Home
    from flows.inbox import Waiting
    from warehouse.journal import Journal

T = TypeVar("T")
MOST_BYTES = 64_000_000
"""A larger file is turned away without being read."""


class TurnedAwayError(Exception):
    """The file is in quarantine now, with the reason."""


class Reception:
    """Where files of one kind are received: a home, its journal, the day, the kind's code and error of refusal."""

    def __init__(
        self, home: Home, journal: Journal, seen: dt.date, code: str, refusal: type[Exception]
    ) -> None:
        self.archive, self.quarantine = home.folder("archive"), home.folder("quarantine")
        self.journal, self.seen, self.code, self.refusal = journal, seen, code, refusal

    def take(self, file: Waiting, read: Callable[[Source], T]) -> tuple[Source, T]:
        """Archive a file and read it. Raises ChangedWhileReadError (it waits) and TurnedAwayError."""
        if file.state[0] > MOST_BYTES:
            file_hash = keep_file(self.archive, file.path)
            reason = f"larger than {MOST_BYTES // 1_000_000} MB, which none of this kind is; split it"
            self._turn_away(file, file.path, file_hash, reason)
        source = file.read()
        keep(self.archive, source)
        try:
            return source, read(source)
        except self.refusal as error:
            self._turn_away(file, source, source.file_hash, str(error))

    def _turn_away(self, file: Waiting, content: Source | Path, file_hash: str, reason: str) -> NoReturn:
        set_aside(self.quarantine, content, (file.name, file_hash, self.seen), self.code, reason)
        message = f"{self.code}: {reason}"
        entry = told(file.name, file_hash, self.seen, "refused", message, file.ticket)
        self.journal.add(ARRIVAL, [entry])
        raise TurnedAwayError(self.code)
