"""`explain` of what is no dispute, or none any more."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from flows.cli import app
from warehouse.explain import UnknownDisputeError
from warehouse.publish import readable

if TYPE_CHECKING:
    from flows.home import Home


def explained(home: Home, name: str) -> str:
    answer = CliRunner().invoke(app, ["explain", name, "--home", str(home.path)])
    assert answer.exit_code == 0, answer.output
    return " ".join(answer.output.split())


def rows(home: Home, query: str) -> list[tuple[str, ...]]:
    with readable(home.published) as con:
        return con.execute(query).fetchall()


def test_a_closed_dispute_tells_what_became_of_it(nights: Home) -> None:
    ((dispute,),) = rows(nights, "select dispute_id from out.life where standing = 'paid'")
    told = explained(nights, dispute)
    assert f"Dispute {dispute} UnitedHealthcare, won" in told
    assert "Short by $2.90 when first published on 2026-06-26; $2.90 recovered since" in told
    assert "Allowed: $75.10" in told
    assert "SUPERSEDED" in told
    assert "Dispute by" not in told


def test_every_kind_of_line_is_explained_by_its_place(nights: Home) -> None:
    """One line of each verdict, named as file and segment; what it prints begins with that verdict or its dispute."""
    lines = rows(
        nights,
        "select any_value(concat(source_file, ':', source_segment)), verdict from core.verdict group by verdict order by 2",
    )
    assert len(lines) == 17
    for place, verdict in lines:
        told = explained(nights, place)
        if verdict == "UNDERPAID":
            assert told.startswith("Dispute D-")
        else:
            assert verdict in told.split("What the remittance says")[0]


def test_the_history_of_an_account_names_the_segments(nights: Home) -> None:
    told = explained(nights, "M2025")
    assert "segment 22: 97110 on 2026-01-02" in told
    assert "explain 'GOTHAM_835_20260622.835:SEGMENT'" in told
    assert "Dispute D-" in explained(nights, "GOTHAM_835_20260622.835:22")


@pytest.mark.parametrize(
    "name", ["D-0000000000", "GOTHAM_835_20260622.835:1", "nobody.835:22", "x:99999999999", ":", ""]
)
def test_what_nobody_knows_is_said(nights: Home, name: str) -> None:
    answer = CliRunner().invoke(app, ["explain", name, "--home", str(nights.path)])
    assert isinstance(answer.exception, UnknownDisputeError)
