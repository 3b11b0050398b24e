"""Nothing of a remittance, a workbook or a file name leaves the folders that are meant for it, whatever fails."""

import errno
import json
import os
import shutil
import stat
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from flows.example import place_example
from flows.home import Home, make_home
from flows.private import Tightened, private, tighten
from tests.flows.failing_nights import NIGHTS
from warehouse.encounters.store import open_store, store_path

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples"


@dataclass(frozen=True)
class Nights:
    """What nights with marked files left: the home, what was printed, the marks, the exit statuses."""

    home: Home
    said: dict[str, bytes]
    planted: list[str]
    written: list[str]
    notes: list[str]
    outcomes: dict[str, int]


@pytest.fixture(scope="module")
def nights(tmp_path_factory: pytest.TempPathFactory) -> Nights:
    """Run a whole night, one that fails at each of six steps, and one with a bad contract."""
    folder = tmp_path_factory.mktemp("leaks")
    home = make_home(folder / "home")
    shutil.copy(EXAMPLES / "shortpay.toml", home.settings)
    for name in ("contracts", "reference"):
        shutil.copytree(EXAMPLES / name, home.folder(name), dirs_exist_ok=True)
    (folder / "tmp").mkdir()
    done = subprocess.run(
        [sys.executable, "-m", "tests.flows.failing_nights", home.path, folder / "marks.json"],
        cwd=ROOT,
        env=os.environ | {"TMPDIR": str(folder / "tmp")},
        capture_output=True,
        check=False,
        timeout=900,
    )
    assert done.returncode == 0, (
        "the nights could not be run; what they printed is kept back: it may hold marks"
    )
    told = json.loads((folder / "marks.json").read_text())
    said = {"stdout": done.stdout, "stderr": done.stderr}
    return Nights(home, said | _files(folder / "tmp"), **told)


def _files(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def found(marks: list[str], texts: dict[str, bytes]) -> dict[str, list[str]]:
    """Where which marks stand."""
    hits = {place: [mark for mark in marks if mark.encode() in data] for place, data in texts.items()}
    return {place: marks for place, marks in hits.items() if marks}


@pytest.mark.slow
def test_no_mark_reaches_terminal_prefect_or_temporary_files(nights: Nights) -> None:
    """Some 4,000 marks, searched for in everything outside the folders that patients' data belong to."""
    prefect = _files(nights.home.folder(".prefect"))
    assert any(path.endswith("prefect.db") for path in prefect)
    assert len(nights.planted) > 3000
    assert found(nights.planted + nights.notes, nights.said | prefect) == {}
    assert found(nights.written, prefect) == {}
    inside = {
        "archive",
        "contracts",
        "encounters",
        "inbox",
        "journal",
        "log",
        "published",
        "quarantine",
        "reference",
        ".prefect",
    }
    assert {path.name for path in nights.home.path.iterdir() if path.is_dir()} == inside


@pytest.mark.slow
def test_the_text_of_notes_is_in_no_file_that_others_open(nights: Nights) -> None:
    """It stays in the encounters' own database: the published one is a copy of the warehouse's bytes."""
    home = nights.home
    closed = {str(home.warehouse): home.warehouse.read_bytes()}
    assert (
        found(nights.notes, _files(home.folder("published")) | _files(home.folder("journal")) | closed) == {}
    )
    store = store_path(home.warehouse)
    assert found(nights.notes, {"store": store.read_bytes()})
    with open_store(home.warehouse) as con:
        assert con.execute("select count(*) from row where note is not null").fetchall() != [(0,)]


@pytest.mark.slow
def test_the_search_would_have_found_them(nights: Nights) -> None:
    """Every failure quoted a mark, and the worklist shows accounts: the nights did hold marked rows."""
    logs = _files(nights.home.folder("log"))
    assert len(logs) == len(NIGHTS) + 1
    assert len(found(nights.planted + nights.written + nights.notes, logs)) == len(logs)
    assert found(nights.planted, _files(nights.home.folder("published")))
    assert found(nights.written, {"stderr": nights.said["stderr"]})


@pytest.mark.slow
def test_each_night_ended_as_it_should(nights: Nights) -> None:
    passed = {"whole", "flows.nightly.check_new_files"}
    assert {name for name, status in nights.outcomes.items() if status == 0} == passed
    assert b"stopped: ConversionException at" in nights.said["stderr"]
    assert b"the whole text, patients' data included, is in log/" in nights.said["stderr"]


def open_to_others(home: Path) -> list[str]:
    paths = [home, *home.rglob("*")]
    return [str(path) for path in paths if stat.S_IMODE(path.lstat().st_mode) & 0o077]


@pytest.mark.slow
def test_what_a_night_leaves_is_for_its_owner_alone(nights: Nights) -> None:
    """All but the contract that the test itself put there after the last walk."""
    assert open_to_others(nights.home.path) == []


def test_the_demo_home_is_private_from_the_start(tmp_path: Path) -> None:
    home = place_example(tmp_path / "demo")
    assert len(list(home.path.rglob("*"))) > 15
    assert open_to_others(home.path) == []


def test_a_home_that_is_open_is_closed_and_that_is_said(tmp_path: Path) -> None:
    home = make_home(tmp_path / "home")
    tighten(home.path)
    (home.path / "archive" / "aa").mkdir()
    for path in (home.path, home.path / "archive", home.path / "archive" / "aa"):
        path.chmod(0o755)
    (home.path / "archive" / "aa" / "file.gz").touch(0o644)
    (home.path / "archive" / "aa" / "file.gz").chmod(0o644)
    (home.path / "published" / "link").symlink_to("/etc/passwd")
    outside = stat.S_IMODE(Path("/etc/passwd").stat().st_mode)
    assert tighten(home.path) == Tightened(mended=4)
    assert Tightened(mended=4).told() == ["4 files and folders of the home were open to others: closed"]
    assert tighten(home.path).told() == []
    assert stat.S_IMODE(Path("/etc/passwd").stat().st_mode) == outside


def test_what_cannot_be_closed_is_said_and_what_has_gone_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = make_home(tmp_path / "home")
    tighten(home.path)
    for name in ("gone.835", "stuck.835", "wide.835"):
        (home.folder("inbox") / name).touch()
        (home.folder("inbox") / name).chmod(0o644)
    chmod = os.chmod

    def on_a_share(path: str, mode: int) -> None:
        if "gone" in path:
            raise FileNotFoundError(errno.ENOENT, "gone")
        if "stuck" in path:
            raise OSError(errno.EROFS, "read-only")
        chmod(path, mode)

    monkeypatch.setattr(os, "chmod", on_a_share)
    assert tighten(home.path) == Tightened(mended=1, stuck=1)
    (_, said) = Tightened(mended=1, stuck=1).told()
    assert said.startswith("1 files and folders of the home are open to others and cannot be closed")


def test_every_command_begins_private(tmp_path: Path) -> None:
    before = os.umask(0o022)
    try:
        private()
        (tmp_path / "export.csv").write_text("")
        assert stat.S_IMODE((tmp_path / "export.csv").stat().st_mode) == 0o600
    finally:
        os.umask(before)
