"""What happens to files on their way: copies under another name, payments sent again, files cut off or dressed otherwise."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import TYPE_CHECKING

from benchmarks.year.decisions import Truth
from benchmarks.year.remittances import Remittance

if TYPE_CHECKING:
    import random
    from collections.abc import Iterable, Iterator


def on_the_way(files: Iterable[Remittance], rng: random.Random) -> Iterator[Remittance]:
    """The files as they arrive, and what arrives beside them."""
    for file in files:
        roll = rng.random()
        if roll < 0.02:
            yield file
            yield Remittance(f"z_copy_of_{file.name}", file.day + dt.timedelta(days=3), file.text)
        elif roll < 0.035:
            yield file
            yield _sent_again(file)
        elif roll < 0.045:
            yield Remittance(
                f"{file.name[:-4]}.cut.835", file.day, file.text[: len(file.text) * 2 // 3], refused=True
            )
            yield file
        elif roll < 0.06:
            yield replace(file, text=_miscounted(file.text))
        elif roll < 0.075:
            yield replace(file, text=file.text.replace("~\n", "~\r\n"))
        elif roll < 0.09:
            yield replace(file, text="\ufeff" + file.text)
        else:
            yield file


def _sent_again(file: Remittance) -> Remittance:
    """The same payments under another envelope, the next day: they count once."""
    name = f"z_again_{file.name}"
    head, rest = file.text[:103], file.text[103:]
    told = [replace(one, file=name, truth=Truth("SUPERSEDED")) for one in file.told]
    later = head.replace("0330", "0945", 1)
    return Remittance(name, file.day + dt.timedelta(days=1), later + rest, told)


def _miscounted(text: str) -> str:
    """A wrong count of segments in the first SE: told, and read all the same."""
    before, mark, after = text.partition("\nSE*")
    if not mark:
        return text
    count, star, rest = after.partition("*")
    return f"{before}{mark}{int(count) + 1}{star}{rest}"
