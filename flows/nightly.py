"""The night: discover, archive, parse and load, adjudicate, compare, price, judge, rank, encounters, publish, second opinion.

Tasks are given the home folder, the date and what people wrote (terms, reference, settings); what a remittance
contains stays in the warehouse.
"""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from prefect import flow, task
from prefect.artifacts import create_markdown_artifact
from prefect.cache_policies import NO_CACHE

from contracts import Practice, Reference, Terms, read_practice, read_reference, read_terms
from flows import edits, intake
from flows import encounters as encounter_files
from flows.conformance import Limits, check_new_files
from flows.home import Home
from flows.progress import step
from flows.summary import Summary, as_markdown, summarise
from warehouse import judge as models
from warehouse import night
from warehouse.database import open_warehouse
from warehouse.encounters.models import show, weigh
from warehouse.encounters.store import open_store
from warehouse.journal import Journal
from warehouse.publish import publish


@task(cache_policy=NO_CACHE, persist_result=False)
def read_contracts(home: Path) -> tuple[Practice, Terms, Reference]:
    """Everything that people wrote; a problem in it stops the night before anything is touched."""
    step("terms")
    place = Home(home)
    return (
        read_practice(place.settings),
        read_terms(place.folder("contracts")),
        read_reference(place.folder("reference")),
    )


@task(cache_policy=NO_CACHE, persist_result=False)
def take_edits(home: Path, as_of: dt.date) -> dict[str, int]:
    """Take in workbooks that came back."""
    step("edits")
    return dict(edits.take_in_edits(Home(home), as_of))


@task(cache_policy=NO_CACHE, persist_result=False)
def take_encounters(home: Path, as_of: dt.date) -> dict[str, int]:
    """Take in encounter files."""
    step("encounters")
    return dict(encounter_files.take_in_encounters(Home(home), as_of))


@task(cache_policy=NO_CACHE, persist_result=False, retries=2, retry_delay_seconds=5)
def discover(home: Path) -> list[Path]:
    """Complete files of the inbox; tried again, for a share may be away for a moment."""
    step("discover")
    return intake.discover(Home(home).folder("inbox"))


@task(cache_policy=NO_CACHE, persist_result=False, retries=2, retry_delay_seconds=5)
def archive(home: Path, count: int) -> None:
    """Keep the bytes of what waits in the inbox."""
    step("archive", f"{count} files")
    intake.archive(Home(home), intake.discover(Home(home).folder("inbox")))


@task(cache_policy=NO_CACHE, persist_result=False)
def parse_and_load(home: Path, as_of: dt.date, count: int) -> dict[str, int]:
    """Read, load, quarantine."""
    step("parse and load", f"{count} files")
    place = Home(home)
    return dict(intake.read_in(place, intake.discover(place.folder("inbox")), as_of))


@task(cache_policy=NO_CACHE, persist_result=False)
def touch(home: Path, terms: Terms, reference: Reference) -> int:
    """Find the claims that the night's files touch; all of them where terms, reference or the program changed."""
    step("touched claims")
    place = Home(home)
    rules = night.fingerprint([place.folder("contracts"), place.folder("reference"), place.settings])
    with open_warehouse(place.warehouse) as con:
        night.settle_rules(con, rules, terms, reference)
    return night.begin(place.warehouse, rules)


@task(cache_policy=NO_CACHE, persist_result=False)
def adjudicate(home: Path, count: int) -> None:
    """Run the ledger."""
    step("adjudicate", f"{count} claims")
    with night.open_night(Home(home).warehouse) as con:
        models.decide(con)


@task(cache_policy=NO_CACHE, persist_result=False)
def compare(home: Path) -> None:
    """Derive the allowed amounts."""
    step("compare")
    with night.open_night(Home(home).warehouse) as con:
        models.compare(con)


@task(cache_policy=NO_CACHE, persist_result=False)
def price(home: Path, terms: Terms, reference: Reference, practice: Practice) -> int:
    """Price what was decided as primary."""
    step("price")
    with night.open_night(Home(home).warehouse) as con:
        return models.price(con, terms, reference, practice)


@task(cache_policy=NO_CACHE, persist_result=False)
def judge(home: Path) -> None:
    """Give each line its verdict, and put the night into the warehouse."""
    step("judge")
    with night.open_night(Home(home).warehouse) as con:
        models.judge(con)
    night.merge(Home(home).warehouse)


@task(cache_policy=NO_CACHE, persist_result=False)
def rank(home: Path, as_of: dt.date) -> None:
    """Work out deadlines and rank the disputes."""
    step("rank")
    with open_warehouse(Home(home).warehouse) as con:
        journal = Journal(Home(home).folder("journal"))
        models.rank(con, as_of, journal)


@task(cache_policy=NO_CACHE, persist_result=False)
def weigh_encounters(
    home: Path, as_of: dt.date, terms: Terms, reference: Reference, practice: Practice
) -> int:
    """Hold minutes and notes against what was billed."""
    step("units and notes")
    with open_warehouse(Home(home).warehouse) as con, open_store(Home(home).warehouse) as encounters:
        days = weigh(con, encounters, terms, reference, practice)
        show(con, as_of)
        return days


@task(cache_policy=NO_CACHE, persist_result=False, retries=2, retry_delay_seconds=5)
def put_out(home: Path, as_of: dt.date) -> Summary:
    """Publish, and sum up the night."""
    step("publish")
    with open_warehouse(Home(home).warehouse) as con:
        summary = summarise(con)
        publish(con, Home(home).folder("published"), as_of)
        return summary


@task(cache_policy=NO_CACHE, persist_result=False)
def ask_second_opinion(home: Path, limits: Limits) -> dict[str, int]:
    """Check new files against the implementation guide; the night is published whatever comes of it."""
    step("second opinion")
    return dict(check_new_files(Home(home), limits))


@flow(name="nightly", persist_result=False, log_prints=False)
def nightly(home: Path, as_of: dt.date) -> Summary:
    """Run one night over a home folder as of a date. Raises TermsError where contracts cannot be used.

    HomeError where settings cannot. The second opinion comes last, and its failure is said, not raised.
    """
    limits = Limits.read(Home(home).settings)
    practice, terms, reference = read_contracts(home)
    edited = take_edits(home, as_of)
    take_encounters(home, as_of)
    paths = discover(home)
    archive(home, len(paths))
    counts = parse_and_load(home, as_of, len(paths))
    touched = touch(home, terms, reference)
    adjudicate(home, touched)
    compare(home)
    price(home, terms, reference, practice)
    judge(home)
    rank(home, as_of)
    weigh_encounters(home, as_of, terms, reference, practice)
    summary = put_out(home, as_of).with_files(counts).with_edits(edited)
    create_markdown_artifact(markdown=as_markdown(summary), key="night", description=f"as of {as_of}")
    opinion = ask_second_opinion(home, limits, return_state=True)
    return summary.with_opinions(opinion.result() if opinion.is_completed() else None)
