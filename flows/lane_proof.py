"""Printing the proof of a row of a lane beside the disputes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.markup import escape

from flows.proof_parts import say, show_table

if TYPE_CHECKING:
    from rich.console import Console

    from warehouse.lane_proof import LaneProof


def show_lane(console: Console, proof: LaneProof) -> None:
    """Print what a row rests on, part by part."""
    console.print(f"[bold]{escape(proof.name)}[/bold]  {escape(proof.what)}")
    say(console, proof.about)
    for section in proof.sections:
        console.print(f"\n[bold]{escape(section.title)}[/bold]")
        for text in section.texts:
            say(console, f"  {text}")
        if section.rows:
            show_table(console, section.columns, section.rows)
