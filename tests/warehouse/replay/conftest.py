"""The example practice after two nights, and a copy of it for tests that change something."""

from __future__ import annotations

import datetime as dt
import shutil
from typing import TYPE_CHECKING

import pytest

from era_parser import Source
from flows.home import Home
from tests.conftest import AS_OF, EXAMPLES
from tests.warehouse.replay.homes import example_home, run

if TYPE_CHECKING:
    from pathlib import Path

FIRST = dt.date(2026, 6, 26)


@pytest.fixture(scope="package")
def nights(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A home after the nights to 26 June and from 29 June on; not to be changed."""
    home = example_home(tmp_path_factory.mktemp("replay") / "home")
    folders = sorted((EXAMPLES / "nights").iterdir())
    for day, own in ((FIRST, folders[:3]), (AS_OF, folders[3:])):
        run(home, day, [Source.from_path(path) for folder in own for path in sorted(folder.iterdir())])
    return home


@pytest.fixture
def home(nights: Home, tmp_path: Path) -> Home:
    shutil.copytree(nights.path, tmp_path / "home")
    return Home(tmp_path / "home")
