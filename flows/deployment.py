"""The night as a deployment of Prefect: its schedule, its limit of one run, and what a dead server left of it."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import time
from functools import partial
from typing import TYPE_CHECKING

from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.actions import GlobalConcurrencyLimitUpdate
from prefect.client.schemas.filters import (
    DeploymentFilter,
    DeploymentFilterId,
    FlowRunFilter,
    FlowRunFilterState,
    FlowRunFilterStateType,
)
from prefect.client.schemas.objects import (
    ConcurrencyLimitConfig,
    ConcurrencyLimitStrategy,
    StateType,
)
from prefect.deployments.runner import RunnerDeployment
from prefect.exceptions import ObjectNotFound
from prefect.runner import Runner
from prefect.schedules import Cron
from prefect.states import Cancelled, Crashed, Scheduled
from prefect.types.entrypoint import EntrypointType

from flows.nightly import nightly

if TYPE_CHECKING:
    from collections.abc import Callable

    from prefect.client.schemas.responses import DeploymentResponse

    from flows.home import Home
    from flows.settings import Schedule

APPEARS_SECONDS = 120.0
_AT_WORK = (StateType.RUNNING, StateType.PENDING, StateType.CANCELLING)


def serve_deployment(home: Home, name: str, schedule: Schedule) -> None:
    """Serve the night on its schedule until told to stop: one run at a time, here and wherever else it is served."""
    deployment = nightly.to_deployment(
        name=name,
        schedule=Cron(schedule.cron, timezone=schedule.timezone),
        parameters={"home": str(home.path.resolve())},
        concurrency_limit=ConcurrencyLimitConfig(
            limit=1, collision_strategy=ConcurrencyLimitStrategy.ENQUEUE
        ),
        entrypoint_type=EntrypointType.MODULE_PATH,  # imported by each night's process, like a work pool does
    )
    assert isinstance(deployment, RunnerDeployment)  # noqa: S101  (a coroutine only where a loop runs)
    runner = _Runner(limit=1, pause_on_shutdown=False)
    runner.add_deployment(deployment)
    with contextlib.suppress(KeyboardInterrupt, asyncio.CancelledError):
        asyncio.run(runner.start())


class _Runner(Runner):
    """What `prefect.serve` starts, but for SIGTERM: Prefect's own answer to it leaves tracebacks and waits for nobody."""

    _stop: Callable[[], object]

    async def start(self, run_once: bool = False, webserver: bool | None = None) -> None:
        loop, task = asyncio.get_running_loop(), asyncio.current_task()
        if task is not None:
            self._stop = partial(loop.call_soon_threadsafe, task.cancel)
        await super().start(run_once, webserver)

    def handle_sigterm(self, *_args: object, **_more: object) -> None:
        self._stop()


def plan_now(name: str) -> None:
    """Plan a night for now, once the deployment is there."""
    until = time.monotonic() + APPEARS_SECONDS
    with get_client(sync_client=True) as client:
        while (deployment := _deployment(client, name)) is None and time.monotonic() < until:
            time.sleep(0.5)
        if deployment is not None:
            client.create_flow_run_from_deployment(
                deployment.id, state=Scheduled(scheduled_time=dt.datetime.now(dt.UTC)), name="caught-up"
            )


def tidy(name: str) -> None:
    """Clear away what a server that died left, on a server that is ours alone.

    Runs that it took for running are dead; what was planned while it was off is done once, by `plan_now`; the
    slot under the limit of one is given back.
    """
    with get_client(sync_client=True) as client:
        deployment = _deployment(client, name)
        if deployment is None:
            return
        own = DeploymentFilter(id=DeploymentFilterId(any_=[deployment.id]))
        for run in client.read_flow_runs(flow_run_filter=_of_state(*_AT_WORK), deployment_filter=own):
            client.set_flow_run_state(run.id, Crashed(message="the server died"), force=True)
        for run in client.read_flow_runs(
            flow_run_filter=_of_state(StateType.SCHEDULED), deployment_filter=own
        ):
            if run.expected_start_time and run.expected_start_time <= dt.datetime.now(dt.UTC):
                client.set_flow_run_state(
                    run.id, Cancelled(message="a later night does its work"), force=True
                )
        with contextlib.suppress(ObjectNotFound):
            client.update_global_concurrency_limit(
                f"deployment:{deployment.id}", GlobalConcurrencyLimitUpdate(active_slots=0)
            )


def _of_state(*states: StateType) -> FlowRunFilter:
    return FlowRunFilter(state=FlowRunFilterState(type=FlowRunFilterStateType(any_=list(states))))


def _deployment(client: SyncPrefectClient, name: str) -> DeploymentResponse | None:
    try:
        return client.read_deployment_by_name(f"{nightly.name}/{name}")
    except ObjectNotFound:
        return None
