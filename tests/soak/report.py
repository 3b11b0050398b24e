"""What a soak prints: a line a night, and its figures."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.soak.plan import all_drops

if TYPE_CHECKING:
    from tests.soak.nights import Lived, Soak
    from tests.soak.plan import Night


def told_of_night(night: Night, lived: Lived) -> str:
    """One line: what came, how long it took, what stands in the warehouse."""
    brought = [f"{len(night.drops)} files"]
    brought += [f"{back.name} of night {back.edition}" for back in night.returns]
    brought += [f"amended: {name}" for name in night.amendments]
    brought += [f"killed {lived.kills} times"] * bool(lived.kills)
    return (
        f"night {night.number:>2}, {night.as_of}: {lived.ended},"
        f" {lived.lines:>9,} lines {lived.disputes:>6,} open; {', '.join(brought)}"
        + "".join(f"\n  OFF: {fault}" for fault in lived.faults)
    )


def figures(soak: Soak) -> str:
    """What all nights brought, as a table."""
    drops = list(all_drops(soak.nights))
    shas = [
        soak.files[drop.file].sha256 for drop in drops if not drop.spoiled
    ]  # a damaged one is one of a kind
    last = soak.lived[-1]
    rows = {
        "nights": len(soak.nights),
        "files that came": len(drops),
        "distinct contents that can be read": len(soak.loaded),
        "lines": last.lines,
        "late by 1-10 nights": sum(night.late_count for night in soak.nights),
        "came again": len(shas) - len(set(shas)),
        "of them on a later night by plan": sum(night.again_count for night in soak.nights),
        "cut off, in quarantine": len(soak.refused),
        "without a head, read all the same": sum(drop.headless for drop in drops),
        "claims taken back": sum(file.reversals for file in soak.files.values()),
        "workbooks that came back": sum(len(night.returns) for night in soak.nights),
        "edits taken": last.edits,
        "rows not taken": last.refused_rows,
        "contracts amended or added": sum(len(night.amendments) for night in soak.nights),
        "nights killed": sum(bool(one.kills) for one in soak.lived),
        "kills": sum(one.kills for one in soak.lived),
    }
    return "\n".join(
        [
            "",
            "| what | count |",
            "|---|--:|",
            *(f"| {name} | {count:,} |" for name, count in rows.items()),
            "",
        ]
    )
