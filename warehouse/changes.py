"""What changed between two states of a dispute: remittances, contracts, reference, sites, the program, the calendar."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import polars as pl

from warehouse.rule_set import CONTRACTS, PROGRAM, REFERENCE, SETTINGS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from warehouse.recompute import Case
    from warehouse.rule_set import Rules

_SHOWN = 6


@dataclass(frozen=True)
class Change:
    """One kind of change. `what`: remittance, contracts, reference, settings, program, calendar; `told`: in words."""

    what: str
    told: str


def changes_between(
    before: Case,
    case: Case,
    then: Rules,
    now: Rules,
    outcomes: tuple[Mapping[str, Any], Mapping[str, Any]],
) -> Iterator[Change]:
    """Return what changed, in the order in which it is told. `outcomes`: the dispute then and now."""
    later = case.related.seen.join(before.related.seen, on="arrival", how="anti")
    news = later.filter(~pl.col("file_hash").is_in(before.related.seen["file_hash"].to_list()))
    if not news.is_empty():
        yield Change("remittance", _arrivals(news))
    own = _own_files(outcomes)
    for folder, name in ((CONTRACTS, "contracts"), (REFERENCE, "reference"), (SETTINGS, "settings")):
        changed = _changed(then.files.of(folder), now.files.of(folder))
        if changed:
            yield Change(name, _files(folder, changed, own) + _releases(then, now, folder))
    if then.files.of(PROGRAM) != now.files.of(PROGRAM):
        yield Change("program", _program(then, now))
    words = [one for one in case.events if one not in before.events]
    days = sorted({str(one["when_date"]) for one in words})
    said = f"edits were entered on {', '.join(days)}" if words else "only the days that went by"
    yield Change("calendar", f"what people entered, and the calendar ({said})")


def _arrivals(news: pl.DataFrame) -> str:
    told = [
        f"{name} (arrived {day})"
        for name, day in news.select("name", "seen_date").unique().sort("name").iter_rows()
    ]
    head = (
        "a remittance that bears on the claim has"
        if len(told) == 1
        else "remittances that bear on the claim have"
    )
    return f"{head} arrived: {_first(told)}"


def _own_files(outcomes: tuple[Mapping[str, Any], Mapping[str, Any]]) -> set[str]:
    """Return the contract files that the line was priced by, and the schedules: "file row 3" names one."""
    named = [str(one[name]) for one in outcomes for name in ("contract_file", "rate_row") if one.get(name)]
    return {name.partition(" row ")[0] for name in named}


def _changed(then: Mapping[str, str], now: Mapping[str, str]) -> dict[str, str]:
    """Return the paths that differ, each with how."""
    return {
        path: "new" if path not in then else "removed" if path not in now else "changed"
        for path in sorted({*then, *now})
        if then.get(path) != now.get(path)
    }


def _files(folder: str, changed: Mapping[str, str], own: set[str]) -> str:
    if folder == SETTINGS:
        return "sites or clinicians in shortpay.toml were changed"
    ordered = sorted(changed, key=lambda path: (path not in own, path))
    return f"{folder}/ differs: " + _first([f"{path} ({changed[path]})" for path in ordered])


def _releases(then: Rules, now: Rules, folder: str) -> str:
    """Return the releases of CMS that are in effect now and were not, and the reverse."""
    if folder != REFERENCE:
        return ""
    keys = ["kind", "release", "part", "source_sha256"]
    old, new = then.reference.release.select(keys), now.reference.release.select(keys)
    told = []
    for said, one, other in (("loaded since", new, old), ("no longer in effect", old, new)):
        names = (
            one.join(other, on=keys, how="anti")
            .sort(keys)
            .select("kind", "release")
            .unique(maintain_order=True)
        )
        if not names.is_empty():
            told.append(f"{said}: {_first([f'{kind} {release}' for kind, release in names.iter_rows()])}")
    return f" ({'; '.join(told)})" if told else ""


def _program(then: Rules, now: Rules) -> str:
    (old,), (new,) = then.files.of(PROGRAM), now.files.of(PROGRAM)
    return (
        f"the program was {old}, and is {new}" if old != new else f"the files of the program changed ({new})"
    )


def _first(told: list[str]) -> str:
    rest = len(told) - _SHOWN
    return ", ".join(told[:_SHOWN]) + (f" and {rest} more" if rest > 0 else "")
