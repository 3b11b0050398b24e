"""Proofs made again: they come out as published, and whatever changes since is named as what it is."""

from __future__ import annotations

import datetime as dt
import io
from collections import defaultdict
from decimal import Decimal
from typing import TYPE_CHECKING

import polars as pl
import pytest
from rich.console import Console
from typer.testing import CliRunner

from flows.cli import app
from flows.replay import show_replay
from tests.conftest import AS_OF
from tests.warehouse.replay.conftest import FIRST
from tests.warehouse.replay.homes import ask, run
from warehouse.archive import archive_path
from warehouse.explain import UnknownDisputeError
from warehouse.journal import Journal
from warehouse.publish import readable
from warehouse.recompute import Case, recompute
from warehouse.related import Related, read_again
from warehouse.replay import Records, replay
from warehouse.rule_set import read_rules, rules_archive

if TYPE_CHECKING:
    from pathlib import Path

    from flows.home import Home
    from warehouse.replay import Replay

RATES = "uhc-choice-plus-2026.csv"
NEXT = dt.date(2026, 7, 2)


def one(home: Home, where: str, table: str = "out.worklist") -> str:
    """The dispute that the test is about."""
    with readable(home.published) as con:
        found = con.table(table).filter(where).order("shortfall_amount desc, dispute_id").limit(1)
        return str(found.fetchall()[0][0])


def uhc(home: Home) -> str:
    """A line of 97110 that is judged by itself under UnitedHealthcare's schedule of 2026 (40.05 a unit)."""
    return one(home, f"procedure_code = '97110' and units = 2 and rate_row like '{RATES}%'", "out.dispute")


def won(home: Home) -> str:
    return one(home, "standing = 'paid'", "out.life")


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert text.count(old) == 1
    path.write_text(text.replace(old, new))


def raise_rate(home: Home) -> None:
    edit(home.folder("contracts") / RATES, "\n97110,,,40.05,,", "\n97110,,,41.05,,")


def differing(told: Replay) -> dict[str, tuple[object, object]]:
    return {c.name: (c.published, c.found) for c in told.today.comparisons if not c.holds}


def telling(told: Replay) -> dict[str, str]:
    """What changed with an effect, by kind, in words."""
    return {reason.change.what: reason.change.told for reason in told.reasons if reason.effects}


def shown(told: Replay) -> str:
    console = Console(record=True, width=100, file=io.StringIO())
    show_replay(console, told)
    return console.export_text()


def test_every_dispute_comes_out_as_published_and_every_open_one_holds(nights: Home) -> None:
    """All that two nights published, made again night by night from what had arrived by then."""
    rules, journal, archive = (
        read_rules(nights.rules),
        Journal(nights.folder("journal")),
        nights.folder("archive"),
    )
    with readable(nights.published) as con:
        listed = [row[0] for row in con.execute("select dispute_id from out.life").fetchall()]
        records = [Records(con, archive, journal, dispute) for dispute in listed]
        by_night: dict[str, list[Records]] = defaultdict(list)
        for record in records:
            by_night[record.entry["when_date"]].append(record)
        company = con.sql("from core.company").pl()
        for night, own in by_night.items():
            parts = [record.related.arrived_by(record.entry["last_arrival"]) for record in own]
            wanted = Related(
                *(
                    pl.concat([getattr(part, name) for part in parts]).unique(maintain_order=True)
                    for name in ("claims", "payments", "adjustments", "seen")
                )
            )
            case = Case(read_again(archive, wanted), wanted, [], [], company)
            made = recompute(case, rules, dt.date.fromisoformat(night), [record.place for record in own])
            for record, found in zip(own, made, strict=True):
                assert found is not None
                for name in (
                    "allowed_amount",
                    "expected_amount",
                    "shortfall_amount",
                    "cause",
                    "dispute_by",
                    "standing",
                ):
                    assert str(found[name]) == record.entry[name], (record.entry["dispute_id"], name)
    assert len(records) > 50
    assert sorted(by_night) == [FIRST.isoformat(), AS_OF.isoformat()]


def test_an_open_dispute_holds_today(nights: Home) -> None:
    """Judged on a visit of two lines; asked by the command."""
    dispute = one(nights, "payer like 'Gotham%' and shortfall_amount = 7").lower()
    place = ["--replay", "--as-of", NEXT.isoformat(), "--home", str(nights.path)]
    answer = CliRunner().invoke(app, ["explain", dispute, *place])
    assert answer.exit_code == 0, answer.output
    assert answer.output.count("Yes, in every figure.") == 2
    assert "short: allowed $50.00, expected $82.00, short by $7.00" in answer.output
    assert "GOTHAM_835_20260622.835" in answer.output
    assert "The last day to dispute it, 2026-07-01, has passed." in answer.output


def test_a_changed_schedule_is_named_where_it_changes_the_amount(home: Home) -> None:
    """A dollar more a unit: two units are short by $2 more; the recorded schedule is in the archive."""
    dispute = uhc(home)
    raise_rate(home)
    told = ask(home, dispute, NEXT)
    assert told.as_published.holds
    assert not told.holds
    published, found = differing(told)["shortfall_amount"]
    assert found == published + Decimal(2)  # type: ignore[operator]
    assert telling(told) == {"contracts": f"contracts/ differs: {RATES} (changed)"}


@pytest.mark.slow
def test_changed_reference_tables_are_named(home: Home) -> None:
    """Another conversion factor."""
    dispute = one(home, "payer = 'Medicare' and cause <> 'unexplained'")
    factors = home.folder("reference") / "conversion_factor.csv"
    factors.write_text(factors.read_text().replace("33.4009", "35.4009").replace("33.5675", "35.5675"))
    told = ask(home, dispute, NEXT)
    assert told.as_published.holds
    assert not told.today.holds
    assert telling(told) == {"reference": "reference/ differs: conversion_factor.csv (changed)"}


@pytest.mark.slow
def test_the_recorded_set_is_found_after_contracts_were_amended_and_a_night_has_run(home: Home) -> None:
    medicare, schedule = one(home, "payer = 'Medicare'"), uhc(home)
    before = read_rules(home.rules).files.name
    raise_rate(home)
    run(home, NEXT)
    told = ask(home, medicare, NEXT)
    assert told.rules.name == before != read_rules(home.rules).files.name
    assert told.holds
    assert "contracts" in {reason.change.what for reason in told.reasons}
    assert not telling(told)
    again = ask(home, schedule, NEXT)
    assert again.entry["when_date"] == NEXT.isoformat()
    assert again.rules.name == read_rules(home.rules).files.name
    assert again.holds
    with readable(home.published) as con:
        sets = con.execute("select count(distinct rule_set) from life.rule_file").fetchall()
        assert con.execute("select distinct rule_set from out.dispute").fetchall() == [(again.rules.name,)]
    assert sets == [(2,)]


def test_a_later_decision_that_pays_is_said(nights: Home) -> None:
    """As published it was short; since then a remittance has paid it, and that alone makes the difference."""
    told = ask(nights, won(nights), NEXT)
    assert told.as_published.holds
    assert not told.today.holds
    assert told.today.found is not None
    assert told.today.found["standing"] == "paid"
    assert told.today.found["recovered_amount"] == Decimal("2.90")
    assert differing(told)["standing"] == ("short", "paid")
    assert set(telling(told)) == {"remittance"}
    assert "UHC_87726_ERA_20260626.edi" in telling(told)["remittance"]
    assert told.file_names == ["UHC_87726_ERA_20260611.edi"]
    assert "A later decision pays it: $75.10 allowed now; $2.90 recovered." in shown(told)


def test_an_answer_of_the_payer_moves_the_deadline(home: Home) -> None:
    """Lost on the first level: the next one counts, 5 + 180 days from the day it was sent (no day of the answer is known)."""
    dispute = one(home, "payer = 'Medicare'")
    runner = CliRunner()
    for status, day in (("sent", "2026-07-01"), ("lost", "2026-07-02")):
        arguments = ["dispute", "set", dispute, "--status", status, "--on", day, "--home", str(home.path)]
        assert runner.invoke(app, arguments).exit_code == 0
    told = ask(home, dispute, NEXT)
    assert told.as_published.holds
    assert set(differing(told)) == {"dispute_by"}
    assert "edits were entered on 2026-07-01, 2026-07-02" in telling(told)["calendar"]
    assert "The level is now reconsideration, by 2027-01-02; published: redetermination" in shown(told)


def test_a_damaged_remittance_is_said(home: Home) -> None:
    dispute = uhc(home)
    file_hash = Records.entry_of(Journal(home.folder("journal")), dispute)["file_hash"]
    path = archive_path(home.folder("archive"), file_hash)
    path.write_bytes(path.read_bytes()[:-20])
    told = ask(home, dispute, NEXT)
    assert not told.holds
    assert path.name in told.as_published.problem
    assert path.name in told.today.problem
    answer = CliRunner().invoke(app, ["explain", dispute, "--replay", "--home", str(home.path)])
    assert answer.exit_code == 1
    assert "Cannot be said" in answer.output


def test_a_lost_schedule_leaves_the_second_question_answered(home: Home) -> None:
    dispute = uhc(home)
    (kept,) = (one for one in ask(home, dispute, NEXT).rules.files if one.path == RATES)
    raise_rate(home)
    archive_path(rules_archive(home.folder("archive")), kept.sha256).unlink()
    told = ask(home, dispute, NEXT)
    assert kept.sha256 in told.as_published.problem
    assert told.today.found is not None
    assert not told.holds


def test_contracts_that_cannot_be_read_leave_the_first_question_answered(home: Home) -> None:
    dispute = uhc(home)
    edit(home.folder("contracts") / RATES, "\n97110,,,40.05,,", "\n97110,,,forty,,")
    told = ask(home, dispute, NEXT)
    assert told.as_published.holds
    assert RATES in told.today.problem


def test_a_changed_journal_does_not_come_out(home: Home) -> None:
    """A figure of the journal altered by hand: the first question says so."""
    dispute = uhc(home)
    with readable(home.published) as con:
        records = Records(con, home.folder("archive"), Journal(home.folder("journal")), dispute)
        records.entry["expected_amount"] = "999.00"
        told = replay(records, read_rules(home.rules), NEXT)
    assert [c.name for c in told.as_published.comparisons if not c.holds] == ["expected_amount"]
    assert not told.holds


def test_a_dispute_of_nobody(nights: Home) -> None:
    place = ["--replay", "--as-of", NEXT.isoformat(), "--home", str(nights.path)]
    assert isinstance(
        CliRunner().invoke(app, ["explain", "D-0000000000", *place]).exception, UnknownDisputeError
    )
