"""The example practice that the demo runs on."""

from __future__ import annotations

import datetime as dt
import shutil
from dataclasses import dataclass
from pathlib import Path

from flows.home import Home, HomeError
from flows.lock import LockedError, holder_of
from flows.private import tighten

AS_OF = dt.date(2026, 7, 1)
_MARK = ".example"


@dataclass(frozen=True)
class Night:
    """The files of one night; the folder is named for its date."""

    folder: Path

    @property
    def name(self) -> str:
        return self.folder.name

    @property
    def date(self) -> dt.date:
        return dt.date.fromisoformat(self.folder.name)

    def drop(self, home: Home) -> None:
        """Copy the night's files into the inbox."""
        for path in sorted(self.folder.iterdir()):
            shutil.copyfile(path, home.folder("inbox") / path.name)


def example_folder() -> Path:
    """Where examples/ stands. Raises HomeError where the package was installed without it."""
    folder = Path(__file__).resolve().parents[1] / "examples"
    if not folder.is_dir():
        raise HomeError(
            "the example practice comes with a clone of the project, not with the installed package"
        )
    return folder


def nights(_home: Home) -> list[Night]:
    return [Night(folder) for folder in sorted((example_folder() / "nights").iterdir()) if folder.is_dir()]


def place_example(path: Path) -> Home:
    """Make a fresh home folder of the example; one that an earlier demo left is replaced, any other is refused."""
    if path.exists() and any(path.iterdir()):
        if not (path / _MARK).exists():
            raise HomeError(f"{path} is not empty and not an earlier demo; choose another folder with --home")
        holder, lives = holder_of(Home(path))
        if lives:
            raise LockedError(f"{holder or 'a run'} in {path}; wait until it is done")
        shutil.rmtree(path)
    home = Home(path)
    home.make_folders()
    (path / _MARK).touch()
    shutil.copyfile(example_folder() / "shortpay.toml", home.settings)
    for name in ("contracts", "reference", "encounters"):
        shutil.copytree(
            example_folder() / name, home.folder(name), dirs_exist_ok=True, copy_function=shutil.copyfile
        )
    tighten(home.path)
    return home
