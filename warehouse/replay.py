"""The proof of a dispute made again: whether it comes out as it was published, and whether it still holds.

Two questions, answered apart. The first takes what was recorded: the remittances that had arrived, the contracts, tables
and sites by their archived bytes, what people had entered. The second takes what there is now. Where they differ, each
thing that changed is put in alone, so that what is named as the reason is one.
"""

from __future__ import annotations

import datetime as dt
import functools
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from contracts import TermsError
from warehouse.archive import ArchiveError
from warehouse.changes import changes_between
from warehouse.explain import UnknownDisputeError
from warehouse.recompute import Case, Place, recompute
from warehouse.related import read_again, related
from warehouse.rule_set import CONTRACTS, REFERENCE, SETTINGS, RuleFile, Rules, RuleSet, bring_rules_back

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import duckdb
    import polars as pl

    from warehouse.changes import Change
    from warehouse.journal import Entry, Journal
    from warehouse.related import Related

Outcome = dict[str, Any]
COMPARED = ("standing", "allowed_amount", "expected_amount", "shortfall_amount", "cause", "dispute_by")
_DISPUTED = ("short", "taken back")
_CANNOT = (ArchiveError, TermsError)


@dataclass(frozen=True)
class Comparison:
    """One figure as published and as made again."""

    name: str
    published: Any
    found: Any

    @property
    def holds(self) -> bool:
        return bool(self.published == self.found)


@dataclass(frozen=True)
class Answer:
    """The answer to one question. `problem`: why there is none; then `found` is None and nothing is compared."""

    as_of: dt.date
    comparisons: list[Comparison] = field(default_factory=list)
    found: Outcome | None = None
    problem: str = ""

    @property
    def holds(self) -> bool:
        return not self.problem and all(one.holds for one in self.comparisons)


@dataclass(frozen=True)
class State:
    """All that the outcome of a line comes from: what was sent and entered, contracts and tables, the day."""

    place: Place
    case: Case
    rules: Rules
    as_of: dt.date


@dataclass(frozen=True)
class Reason:
    """Something that changed since, and what a figure becomes with that alone: `effects`, empty where it changes none."""

    change: Change
    effects: list[Comparison]


@dataclass(frozen=True)
class Replay:
    """Both answers. `entry`: the dispute as last published while it was one; `rules`, `file_names`: what it rests on."""

    dispute_id: str
    entry: Entry
    rules: RuleSet
    file_names: list[str]
    as_published: Answer
    today: Answer
    reasons: list[Reason]

    @property
    def holds(self) -> bool:
        return self.as_published.holds and self.today.holds


class Records:
    """What a home has of a dispute: archive, journal, and the published database, asked only where things are."""

    def __init__(
        self, con: duckdb.DuckDBPyConnection, archive: Path, journal: Journal, dispute_id: str
    ) -> None:
        """Raises UnknownDisputeError."""
        self.con, self.archive, self.journal = con, archive, journal
        self.entry = self.entry_of(journal, dispute_id)

    @staticmethod
    def entry_of(journal: Journal, dispute_id: str) -> Entry:
        """Return how a dispute was last published while it was one. Raises UnknownDisputeError."""
        own = [one for one in journal.read("published") if one["dispute_id"] == dispute_id]
        disputed = [one for one in own if one["standing"] in _DISPUTED]
        if not disputed:
            message = "no night has published it; see the column dispute_id of worklist.csv"
            raise UnknownDisputeError(f"{dispute_id}: {message}")
        return max(disputed, key=lambda one: (one["when_date"], one["number"]))

    @property
    def place(self) -> Place:
        """The line that it was published for."""
        return self.entry["file_hash"], self.entry["claim"], self.entry["line"]

    def rule_set(self) -> RuleSet:
        """Return the list of files that the dispute was published under; empty where none was recorded."""
        name = self.entry.get("rule_set")
        rows = [one for one in self.journal.read("rule_file") if one["rule_set"] == name]
        listed = {RuleFile(one["folder"], one["path"], one["sha256"], one["byte_count"]) for one in rows}
        return RuleSet(tuple(sorted(listed)))

    @functools.cached_property
    def related(self) -> Related:
        """What the dispute is decided with today. Raises ArchiveError."""
        return related(self.con, *self.place[:2])

    def case(self, wanted: Related) -> Case:
        """Return the case with all that was sent and entered. Raises ArchiveError."""
        claims = set(wanted.claims.iter_rows())
        events, published = (
            [one for one in self.journal.read(book) if (one.get("file_hash"), one.get("claim")) in claims]
            for book in ("event", "published")
        )
        company: pl.DataFrame = self.con.sql("from core.company").pl()
        return Case(read_again(self.archive, wanted), wanted, events, published, company)

    def case_then(self, wanted: Related) -> Case:
        """Return the case as it was when it was published. Raises ArchiveError."""
        arrival, number = self.entry.get("last_arrival"), self.entry["number"]
        case = self.case(wanted if arrival is None else wanted.arrived_by(arrival))
        return replace(
            case,
            events=[one for one in case.events if (one.get("after") or 0) < number],
            published=[one for one in case.published if one["number"] < number],
        )


def replay(records: Records, now: Rules | TermsError, today: dt.date) -> Replay:
    """Answer both questions. `now`: today's contracts and tables, or why they cannot be read."""
    entry, recorded = records.entry, records.rule_set()
    published_on = dt.date.fromisoformat(entry["when_date"])
    first, then = _answer(entry, published_on, lambda: _then(records, recorded, now, published_on))
    second, current = _answer(entry, today, lambda: _now(records, now, today))
    reasons = _reasons(entry, then, current, (first, second)) if then and current else []
    names = list(then.case.related.names().values()) if then else []
    return Replay(entry["dispute_id"], entry, recorded, names, first, second, reasons)


def _then(records: Records, recorded: RuleSet, now: Rules | TermsError, day: dt.date) -> State:
    known = now if isinstance(now, Rules) else None
    rules = bring_rules_back(records.archive, recorded, known)
    return State(records.place, records.case_then(records.related), rules, day)


def _now(records: Records, now: Rules | TermsError, day: dt.date) -> State:
    if isinstance(now, TermsError):
        raise now
    return State(records.place, records.case(records.related), now, day)


def _answer(entry: Entry, day: dt.date, gather: Callable[[], State]) -> tuple[Answer, State | None]:
    try:
        state = gather()
    except _CANNOT as error:
        return Answer(day, problem=str(error)), None
    (found,) = recompute(state.case, state.rules, day, [state.place])
    if found is None:
        return Answer(day, problem="the line is not in the archived remittance any more"), None
    published = {name: _typed(name, entry[name]) for name in COMPARED if name in entry}
    return Answer(day, _compared(published, found), found), state


def _compared(published: Outcome, found: Outcome) -> list[Comparison]:
    """Return the figures side by side; one that is no dispute any more has no cause and no last day to compare."""
    names = COMPARED if found["standing"] in _DISPUTED else COMPARED[:4]
    return [Comparison(name, published[name], found[name]) for name in names if name in published]


def _typed(name: str, text: str | None) -> Any:
    if text is None:
        return None
    if name.endswith("_amount"):
        return Decimal(text)
    return dt.date.fromisoformat(text) if name == "dispute_by" else text


def _reasons(entry: Entry, then: State, current: State, answers: tuple[Answer, Answer]) -> list[Reason]:
    """Return what changed since, each with the figures that it changes by itself."""
    first, second = answers
    outcomes = (first.found or {}, second.found or {})
    changes = changes_between(then.case, current.case, then.rules, current.rules, outcomes)
    if second.holds:
        return [Reason(change, []) for change in changes]
    told = replace(then, case=replace(then.case, published=[*then.case.published, entry]))
    return [Reason(change, _effects(_with(told, current, change.what), outcomes[0])) for change in changes]


def _with(then: State, current: State, what: str) -> State:
    """Return the state as it was with one kind of change."""
    if what == "remittance":
        case = replace(then.case, tables=current.case.tables, related=current.case.related)
        return replace(then, case=case)
    if what == "calendar":
        case = replace(then.case, events=current.case.events, published=current.case.published)
        return replace(then, case=case, as_of=current.as_of)
    rules = {
        CONTRACTS: replace(then.rules, terms=current.rules.terms),
        REFERENCE: replace(then.rules, reference=current.rules.reference),
        SETTINGS: replace(then.rules, practice=current.rules.practice),
    }
    return replace(then, rules=rules.get(what, then.rules))


def _effects(state: State, first: Outcome) -> list[Comparison]:
    (found,) = recompute(state.case, state.rules, state.as_of, [state.place])
    return [one for one in _compared(first, found) if not one.holds] if found else []
