"""Prefect's task and flow, letting nothing out but what a failure may say (see `flows.faults`)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar

import prefect

from flows.faults import sheltered

P = ParamSpec("P")
R = TypeVar("R")


def task(
    **options: Any,
) -> Callable[[Callable[Concatenate[Path, P], R]], prefect.Task[Concatenate[Path, P], R]]:
    """Make a Prefect task of a function whose first argument is the home folder; options as Prefect's own."""
    return lambda function: prefect.task(**options)(sheltered(function))


def flow(
    **options: Any,
) -> Callable[[Callable[Concatenate[Path, P], R]], prefect.Flow[Concatenate[Path, P], R]]:
    """Make a Prefect flow of a function whose first argument is the home folder; options as Prefect's own."""
    return lambda function: prefect.flow(**options)(sheltered(function))
