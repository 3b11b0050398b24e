"""Alerts, sent for real to a mail server and a web hook on this machine."""

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from uuid import uuid4

import pytest
from prefect.client.schemas.objects import FlowRun
from prefect.states import Completed, Crashed, Failed

from flows import alerts
from flows.home import Home, make_home
from flows.record import recorded
from flows.summary import Summary
from tests.flows.sinks import Sinks, sinks

ALARMING = Summary(
    coverage=[],
    payers=[("Payer of DOE, JANE", 1, 1, 0, 0, None)],
    next_up=[],
    open_count=3,
    open_amount=Decimal("1250.00"),
    expired_count=0,
    expired_amount=Decimal(0),
    alarm_count=2,
    alarm_amount=Decimal("1004.00"),
)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return make_home(tmp_path / "home")


@pytest.fixture
def sunk(monkeypatch: pytest.MonkeyPatch) -> Iterator[Sinks]:
    with sinks() as found:
        monkeypatch.setenv("SHORTPAY_ALERTS", found.urls)
        monkeypatch.setattr(alerts, "TRIES", (0.0, 0.0))
        yield found


def run_of(home: Home) -> FlowRun:
    started = dt.datetime.now(dt.UTC) - dt.timedelta(minutes=1)
    run = FlowRun(flow_id=uuid4(), parameters={"home": str(home.path)})
    return run.model_copy(update={"start_time": started})


def fail(home: Home) -> None:
    with pytest.raises(ValueError, match="DOE"), recorded(home, None):
        raise ValueError("Could not convert 'DOE^JANE'")


def test_a_failed_night_is_told_by_its_kind(home: Home, sunk: Sinks) -> None:
    fail(home)
    alerts.on_failure(None, run_of(home), Failed(message="DOE^JANE"))  # type: ignore[arg-type]
    ((subject, text),) = sunk.mails
    assert subject == "shortpay: the night failed"
    assert "ValueError" in text
    assert str(home.path) in text
    (hook,) = sunk.hooks
    assert '"title": "shortpay: the night failed"' in hook
    assert "DOE" not in text + hook


def test_a_process_that_died_is_told_apart_from_an_earlier_failure(home: Home, sunk: Sinks) -> None:
    fail(home)
    later = run_of(home).model_copy(update={"start_time": dt.datetime.now(dt.UTC) + dt.timedelta(hours=1)})
    alerts.on_failure(None, later, Crashed(message="exit code -9"))  # type: ignore[arg-type]
    assert "its process died" in sunk.mails[0][1]
    alerts.on_failure(None, later, Failed(message="DOE^JANE"))  # type: ignore[arg-type]
    assert "it could not begin" in sunk.mails[1][1]


def test_the_alarm_of_disputes_is_told_in_counts(home: Home, sunk: Sinks) -> None:
    with recorded(home, dt.date(2026, 7, 1)) as report:
        report(ALARMING)
    alerts.on_completion(None, run_of(home), Completed())  # type: ignore[arg-type]
    ((subject, text),) = sunk.mails
    assert subject == "shortpay: last chance for 2 disputes"
    assert "2 disputes, $1,004.00, expire before the next night" in " ".join(text.split())
    assert "DOE" not in text
    alerts.on_completion(None, run_of(home), Completed(name=alerts.NOT_DUE))  # type: ignore[arg-type]
    assert len(sunk.mails) == 1


def test_what_is_not_asked_for_is_not_told(home: Home, sunk: Sinks) -> None:
    home.settings.write_text('[alerts]\non = ["failed"]\n')
    alerts.missed(home, dt.datetime.now(dt.UTC), now_run=True)
    assert not sunk.mails
    home.settings.write_text('[alerts]\non = ["missed"]\nenv = "OTHER"\n')
    alerts.missed(home, dt.datetime.now(dt.UTC), now_run=True)
    assert not sunk.mails


def test_settings_that_cannot_be_used_are_no_reason_to_be_silent(home: Home, sunk: Sinks) -> None:
    home.settings.write_text("[shedule]\n")
    alerts.missed(home, dt.datetime.now(dt.UTC), now_run=False)
    assert len(sunk.mails) == len(sunk.hooks) == 1


def test_an_address_that_cannot_be_reached_is_said_without_its_password(
    home: Home, sunk: Sinks, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SHORTPAY_ALERTS", f"json://me:hunter2@127.0.0.1:9/ nonsense://hunter2 {sunk.urls}")
    assert not alerts.tell(home, "failed", "the night failed", "why")
    told = capsys.readouterr()
    assert "did not reach address 1 of [alerts]" in told.err
    assert "did not reach address 2 of [alerts]" in told.err
    assert "hunter2" not in told.out + told.err
    assert len(sunk.mails) == len(sunk.hooks) == 1
