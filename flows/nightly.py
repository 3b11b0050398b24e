"""The night: recover, take in, adjudicate, compare, price, judge, rank, weigh encounters, publish, second opinion.

Tasks are given the home folder, the date and what people wrote (terms, reference, settings); what a remittance
contains stays in the warehouse.
"""

from __future__ import annotations

import datetime as dt
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from pathlib import Path

from prefect import runtime
from prefect.artifacts import create_markdown_artifact
from prefect.client.schemas.objects import State
from prefect.states import Completed

from contracts import Practice, Reference, Terms, read_practice, read_reference, read_terms
from flows import alerts, edits, intake, recovery
from flows import encounters as encounter_files
from flows.clock import tonight
from flows.conformance import check_new_files
from flows.encryption import prepare
from flows.home import Home
from flows.leftovers import left_alone, left_open
from flows.lock import hold
from flows.passing import step_of_a_night
from flows.private import tighten
from flows.progress import note, showing, step, watched
from flows.record import read_record, recorded
from flows.saved import bring_in_saved
from flows.settings import Limits, Settings, read_settings
from flows.summary import Summary, as_markdown, summarise
from flows.tasks import flow
from flows.terminal import Terminal
from warehouse import judge as models
from warehouse import night
from warehouse.database import open_warehouse
from warehouse.encounters.models import look_at_lanes, show, weigh
from warehouse.encounters.store import open_store
from warehouse.journal import Journal
from warehouse.publish import publish
from warehouse.rule_set import RuleSet, keep_rules, unchanged_since

PATIENCE = 1800.0
"""Seconds that a planned night waits for another run in the home."""


@step_of_a_night
def read_contracts(home: Path) -> tuple[Practice, Terms, Reference, RuleSet]:
    """Everything that people wrote, kept byte for byte; a problem in it stops the night before anything is touched."""
    step("terms")
    place = Home(home)
    stamp = place.rules.stamp()
    practice = read_practice(place.settings)
    terms, reference = read_terms(place.rules.contracts), read_reference(place.rules.reference)
    rules = keep_rules(place.rules, place.folder("archive"))
    unchanged_since(place.rules, stamp)
    return practice, terms, reference, rules


@step_of_a_night
def recover(home: Path) -> list[str]:
    """Finish what a run that died has begun, and look at the warehouse."""
    step("recover")
    return recovery.recover(Home(home))


@step_of_a_night
def take_edits(home: Path, as_of: dt.date) -> dict[str, int]:
    """Take in workbooks that came back."""
    step("edits")
    return dict(edits.take_in_edits(Home(home), as_of))


@step_of_a_night
def take_encounters(home: Path, as_of: dt.date) -> dict[str, int]:
    """Take in encounter files."""
    step("encounters")
    return dict(encounter_files.take_in_encounters(Home(home), as_of))


@step_of_a_night
def discover(home: Path) -> int:
    """Count the complete files of the inbox; tried again, for a share may be away for a moment."""
    step("discover")
    return len(intake.remittances(Home(home).folder("inbox")))


@step_of_a_night
def archive(home: Path, count: int) -> None:
    """Keep the bytes of what waits in the inbox."""
    step("archive", f"{count} files")
    intake.archive(Home(home), intake.remittances(Home(home).folder("inbox")))


@step_of_a_night
def parse_and_load(home: Path, as_of: dt.date, count: int) -> dict[str, int]:
    """Read, load, quarantine."""
    step("parse and load", f"{count} files")
    place = Home(home)
    return dict(intake.read_in(place, intake.remittances(place.folder("inbox")), as_of))


@step_of_a_night
def touch(home: Path, terms: Terms, reference: Reference, rules: RuleSet) -> int:
    """Find the claims that the night's files touch; all of them where terms, reference or the program changed."""
    step("touched claims")
    place = Home(home)
    with open_warehouse(place.warehouse) as con:
        night.settle_rules(con, rules, terms, reference)
    return night.begin(place.warehouse, rules.name)


@step_of_a_night
def adjudicate(home: Path, count: int) -> None:
    """Run the ledger."""
    step("adjudicate", f"{count} claims")
    with night.open_night(Home(home).warehouse) as con:
        models.decide(con)


@step_of_a_night
def compare(home: Path) -> None:
    """Derive the allowed amounts."""
    step("compare")
    with night.open_night(Home(home).warehouse) as con:
        models.compare(con)


@step_of_a_night
def price(home: Path, terms: Terms, reference: Reference, practice: Practice) -> int:
    """Price what was decided as primary."""
    step("price")
    with night.open_night(Home(home).warehouse) as con:
        return models.price(con, terms, reference, practice)


@step_of_a_night
def judge(home: Path) -> None:
    """Give each line its verdict, and put the night into the warehouse."""
    step("judge")
    with night.open_night(Home(home).warehouse) as con:
        models.judge(con)
    night.merge(Home(home).warehouse)


@step_of_a_night
def rank(home: Path, as_of: dt.date, next_night: dt.date) -> None:
    """Work out deadlines and rank the disputes; raise the alarm for what expires before the next night."""
    step("rank")
    with open_warehouse(Home(home).warehouse) as con:
        journal = Journal(Home(home).folder("journal"))
        models.rank(con, as_of, journal, next_night)


@step_of_a_night
def weigh_encounters(
    home: Path, as_of: dt.date, terms: Terms, reference: Reference, practice: Practice
) -> int:
    """Hold minutes and notes against what was billed."""
    step("units and notes")
    with open_warehouse(Home(home).warehouse) as con, open_store(Home(home).warehouse) as encounters:
        days = weigh(con, encounters, terms, reference, practice)
        show(con, as_of)
        look_at_lanes(con)
        return days


@step_of_a_night
def put_out(home: Path, as_of: dt.date) -> Summary:
    """Publish, and sum up the night."""
    step("publish")
    with open_warehouse(Home(home).warehouse) as con:
        summary = summarise(con)
        # what was saved since the night began waits in the inbox for the next
        publish(con, Home(home).folder("published"), as_of, partial(bring_in_saved, Home(home)))
        return summary


@step_of_a_night
def ask_second_opinion(home: Path, limits: Limits) -> dict[str, int]:
    """Check new files against the implementation guide; the night is published whatever comes of it."""
    step("second opinion")
    return dict(check_new_files(Home(home), limits))


@flow(
    name="nightly",
    persist_result=False,
    log_prints=False,
    on_failure=[alerts.on_failure],
    on_crashed=[alerts.on_failure],
    on_completion=[alerts.on_completion],
)
def nightly(home: Path, as_of: dt.date | None = None) -> Summary | State[None]:
    """Run one night over a home folder as of a date (left out: today); alone, and written down whatever becomes of it.

    A run that the scheduler planned for a time since which a night has been done ends at once, as NotDue: late runs
    of a machine that was off are done once. Raises TermsError where contracts or settings cannot be used, HomeError
    where the home cannot or another run is at work in it (a planned run waits for that one first).
    """
    place = Home.open(home)
    with watching(), hold(place, "a night", patience=PATIENCE if runtime.deployment.id else 0):
        if _done_since_planned(place):
            return Completed(name=alerts.NOT_DUE, message="a night has been done since this one was due")
        with recorded(place, as_of) as report:
            settings = read_settings(place.settings)
            summary = do_night(home, tonight(place, as_of), settings)
            report(summary)
        return summary


def _done_since_planned(place: Home) -> bool:
    record = read_record(place) if runtime.deployment.id else None
    if record is None or record.last_good is None:
        return False
    return bool(record.last_good.started >= runtime.flow_run.scheduled_start_time)


def watching() -> AbstractContextManager[None]:
    """Show the steps as lines where nobody does yet: what a service logs."""
    return nullcontext() if watched() else showing(Terminal())


def do_night(home: Path, as_of: dt.date, settings: Settings) -> Summary:
    """Do the steps in their order. The second opinion comes last, and its failure is said, not raised."""
    note(*tighten(home).told(), *left_alone(Home(home).folder("inbox")))
    prepare(Home(home))
    note(*left_open(Home(home).folder("inbox")), *left_open(Home(home).folder("encounters")))
    practice, terms, reference, rules = read_contracts(home)
    recover(home)
    edited = take_edits(home, as_of)
    encounters = take_encounters(home, as_of)
    waiting = discover(home)
    archive(home, waiting)
    counts = parse_and_load(home, as_of, waiting)
    touched = touch(home, terms, reference, rules)
    adjudicate(home, touched)
    compare(home)
    price(home, terms, reference, practice)
    judge(home)
    rank(home, as_of, settings.schedule.next_night(as_of))
    weigh_encounters(home, as_of, terms, reference, practice)
    summary = put_out(home, as_of).with_files(counts).with_edits(edited).with_encounters(encounters)
    create_markdown_artifact(markdown=as_markdown(summary), key="night", description=f"as of {as_of}")
    opinion = ask_second_opinion(home, settings.conformance, return_state=True)
    return summary.with_opinions(opinion.result() if opinion.is_completed() else None)
