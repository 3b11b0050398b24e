"""How nights run, as shortpay.toml says it: what is refused and in which words, and when a night is due."""

import datetime as dt
import json
import subprocess
import sys
from pathlib import Path

import pytest

from contracts import TermsError
from flows.settings import Limits, Schedule, Settings, read_settings

# section and line; what the refusal says
REFUSED = [
    ("schedule", 'cron = "30 2 * *"', "'30 2 * *' is no schedule; write five fields: minute hour day"),
    ("schedule", 'cron = "*/5 30 2 * * *"', "is no schedule; write five fields"),
    ("schedule", 'cron = "61 2 * * *"', "is no schedule (Bad minute); write five fields"),
    ("schedule", 'cron = "30 2 31 2 *"', "is no schedule (Bad day-of-month)"),
    ("schedule", "cron = 2", "is not a text; put it in quotes"),
    ("schedule", 'timezone = "Texas"', "'Texas' is no time zone; write a name of the IANA list, like America/Chicago"),
    ("schedule", 'timezone = "../../etc/localtime"', "is no time zone"),
    ("schedule", 'zone = "UTC"', "unknown key 'zone'; did you mean 'timezone'?"),
    ("shedule", 'cron = "30 2 * * *"', "unknown key 'shedule'; did you mean 'schedule'?"),
    ("alerts", 'on = ["fail"]', "must be 'failed', 'missed' or 'alarm'"),
    ("alerts", 'env = "mailto://me:hunter2@host"', "addresses hold passwords and are not kept in this file"),
    ("alerts", 'url = "mailto://me:hunter2@host"', "unknown key 'url'"),
    ("alerts", 'blocks = ["nights"]', "write a block of Prefect as type/name"),
    ("alerts", "overdue_minutes = -1", "greater than or equal to 0"),
    ("conformance", "megabyte = 3", "unknown key 'megabyte'; did you mean 'megabytes'?"),
    ("conformance", "minutes = -1", "greater than or equal to 0"),
    ("conformance", 'seconds = "9"', "valid number"),
    ("conformance", "minutes = true", "valid number"),
    ("conformance", "minutes = inf", "finite number"),
]  # fmt: skip


@pytest.mark.parametrize(("section", "line", "says"), REFUSED, ids=[line for _, line, _ in REFUSED])
def test_what_is_wrong_is_named_with_file_and_line(
    tmp_path: Path, section: str, line: str, says: str
) -> None:
    (tmp_path / "shortpay.toml").write_text(f"[practice]\n[{section}]\n{line}\n")
    with pytest.raises(TermsError) as refused:
        read_settings(tmp_path / "shortpay.toml")
    (problem,) = refused.value.problems
    assert problem.file == "shortpay.toml"
    assert problem.line == (2 if section == "shedule" else 3)
    assert says in problem.message
    assert "hunter2" not in str(problem)


def test_settings_are_read_and_left_out_ones_have_defaults(tmp_path: Path) -> None:
    path = tmp_path / "shortpay.toml"
    path.write_text(
        '[schedule]\ncron = "0 4 * * MON-FRI"\n[conformance]\nminutes = 5\n[alerts]\non = ["alarm"]\n'
    )
    found = read_settings(path)
    assert found.schedule == Schedule(cron="0 4 * * MON-FRI")
    assert found.conformance == Limits(minutes=5)
    assert found.alerts.on == ("alarm",)
    path.write_text("")
    assert read_settings(path) == Settings()


def at(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text)


# cron in America/Chicago; now; next and last time due, in UTC
DUE = [
    ("30 2 * * *", "2026-07-01T12:00-05:00", "2026-07-02T07:30+00:00", "2026-07-01T07:30+00:00"),
    ("30 2 * * *", "2026-07-01T02:29:59-05:00", "2026-07-01T07:30+00:00", "2026-06-30T07:30+00:00"),
    ("30 2 * * *", "2026-07-01T02:30-05:00", "2026-07-02T07:30+00:00", "2026-07-01T07:30+00:00"),
    # 2026-03-08: 2:00 to 3:00 is left out; what is due in it comes right after
    ("30 2 * * *", "2026-03-08T01:59-06:00", "2026-03-08T08:00+00:00", "2026-03-07T08:30+00:00"),
    ("30 2 * * *", "2026-03-08T03:00-05:00", "2026-03-09T07:30+00:00", "2026-03-08T08:00+00:00"),
    # 2026-11-01: 1:00 to 2:00 comes twice; the first counts
    ("30 1 * * *", "2026-11-01T01:10-05:00", "2026-11-01T06:30+00:00", "2026-10-31T06:30+00:00"),
    ("30 1 * * *", "2026-11-01T01:10-06:00", "2026-11-02T07:30+00:00", "2026-11-01T06:30+00:00"),
    ("30 2 * * *", "2026-11-01T01:10-06:00", "2026-11-01T08:30+00:00", "2026-10-31T07:30+00:00"),
    ("30 2 * * 1-5", "2026-07-04T12:00-05:00", "2026-07-06T07:30+00:00", "2026-07-03T07:30+00:00"),
]


@pytest.mark.parametrize(("cron", "now", "following", "before"), DUE)
def test_when_a_night_is_due(cron: str, now: str, following: str, before: str) -> None:
    schedule = Schedule(cron=cron)
    assert schedule.next_due(at(now)).astimezone(dt.UTC) == at(following)
    assert schedule.last_due(at(now)).astimezone(dt.UTC) == at(before)


# the alarm looks at days up to the one before the next night
NEXT_NIGHT = [
    ("30 2 * * *", "2026-07-01", "2026-07-02"),
    ("0 2,14 * * *", "2026-07-01", "2026-07-02"),
    ("30 2 * * 1-5", "2026-07-03", "2026-07-06"),  # Friday: the next one is Monday's
    ("30 2 * * *", "2026-03-07", "2026-03-08"),
    ("0 5 1 * *", "2026-07-01", "2026-08-01"),
]


@pytest.mark.parametrize(("cron", "as_of", "following"), NEXT_NIGHT)
def test_the_day_of_the_next_night(cron: str, as_of: str, following: str) -> None:
    assert Schedule(cron=cron).next_night(dt.date.fromisoformat(as_of)) == dt.date.fromisoformat(following)


PLANNED = """
import asyncio, datetime as dt, itertools, json, sys, zoneinfo
from prefect.server.schemas.schedules import CronSchedule
crons, zones = json.loads(sys.argv[1])
for cron, zone in itertools.product(crons, zones):
    start = dt.datetime(2026, 1, 1, tzinfo=zoneinfo.ZoneInfo(zone))
    dates = asyncio.run(CronSchedule(cron=cron, timezone=zone).get_dates(n=366, start=start))
    print(json.dumps([cron, zone, [date.timestamp() for date in dates]]))
"""


def test_every_run_that_prefect_plans_is_the_night_that_was_due() -> None:
    """A year with both clock changes: two hours after each planned run the last night due is that one.

    Prefect is asked in a process of its own: its server and DuckDB in one process make noise when it ends.
    """
    crons = ["30 2 * * *", "0 2 * * *", "30 1 * * *", "15 2,14 * * *", "0 3 * * 0"]
    zones = ["America/Chicago", "Europe/Berlin", "Australia/Lord_Howe", "UTC"]
    asked = [sys.executable, "-c", PLANNED, json.dumps([crons, zones])]
    answers = subprocess.run(asked, capture_output=True, text=True, check=True).stdout.splitlines()
    assert len(answers) == 20
    for cron, zone, planned in map(json.loads, answers):
        schedule = Schedule(cron=cron, timezone=zone)
        for time in planned:
            began = dt.datetime.fromtimestamp(time - 10, dt.UTC)  # Prefect looks ten seconds ahead
            due = schedule.last_due(began + dt.timedelta(hours=2))
            assert schedule.covers(began, due), (cron, zone, began, due)
            assert not schedule.covers(began - dt.timedelta(hours=2), due), (cron, zone, began, due)
