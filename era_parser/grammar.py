"""The grammar of the 835, read from grammar.csv, the one table that says what stands where.

Guides: 005010X221A1, and 004010X091A1 where it differs (`guide` 5010 or 4010; blank: both). `section` is that of
the guide: 2.3.1 with table and position of its transaction set listing, or the appendix.
"""

import csv
import functools
from dataclasses import dataclass
from pathlib import Path

ENVELOPE_TAGS = ("ISA", "GS", "GE", "IEA")


@dataclass(frozen=True, slots=True)
class Rule:
    """A segment in a loop: `qualifiers` it takes there (empty: any), how often (None: any number).

    `starts` says that it opens the loop, `parent` inside which one; `guide` is empty for both guides.
    """

    loop: str
    segment: str
    qualifiers: tuple[str, ...]
    usage: str
    repeats: int | None
    starts: bool
    parent: str
    guide: str
    section: str


@functools.cache
def rules() -> list[Rule]:
    """All rules in the order of the guide."""
    path = Path(__file__).parent / "grammar.csv"
    with path.open(encoding="utf-8", newline="") as file:
        return [
            Rule(
                row["loop"],
                row["segment"],
                tuple(row["qualifier"].split()),
                row["usage"],
                int(row["repeats"]) if row["repeats"] else None,
                row["starts"] == "yes",
                row["parent"],
                row["guide"],
                row["section"],
            )
            for row in csv.DictReader(file)
        ]


@functools.cache
def segment_tags() -> list[str]:
    """Tags that the grammar knows, each once, in its order. A tag's code is its place here plus one."""
    return list(dict.fromkeys(rule.segment for rule in rules()))


@functools.cache
def loops() -> list[str]:
    """Loops in the order of the guide. A loop's code is its place here plus one."""
    return list(dict.fromkeys(rule.loop for rule in rules()))


def tag_code(tag: str) -> int:
    """Code of a tag; 0 stands for a tag that the grammar does not know."""
    return segment_tags().index(tag) + 1 if tag in segment_tags() else 0


def loop_code(loop: str) -> int:
    return loops().index(loop) + 1
