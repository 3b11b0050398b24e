"""The home folder: where everything of a practice lives, and its settings."""

from __future__ import annotations

import contextlib
import datetime as dt
import os
from dataclasses import dataclass
from pathlib import Path

from contracts.bounded import TOML_BYTES
from flows.faults import opened
from flows.settings import read_settings
from warehouse.durable import write_whole
from warehouse.rule_set import RuleFolders

FOLDERS = ("inbox", "encounters", "contracts", "reference", "archive", "quarantine", "journal", "published")
SETTINGS = "shortpay.toml"
_STARTER = """\
# Settings of shortpay. One [[site]] for each place where services are rendered.

[practice]
name = "My practice"

# [[site]]
# name      = "Main street"
# zip       = "75201"              # ZIP or ZIP+4: decides the Medicare locality
# setting   = "nonfacility"        # nonfacility | facility
# payee_npi = ["1234567893"]       # what ties a remittance line to the site

# [[clinician]]
# npi      = "1234567893"
# qp_years = []                    # payment years as qualifying APM participant
# profession = "physical_therapist"  # nurse_practitioner, physician_assistant … are paid less by Medicare

[schedule]                           # when `shortpay serve` runs the night, and the day of the practice
cron     = "30 2 * * *"              # minute hour day month weekday
timezone = "America/Chicago"

# [alerts]                           # see docs/operations.md; addresses hold passwords and are not kept here
# on      = ["failed", "missed", "alarm"]
# env     = "SHORTPAY_ALERTS"        # the environment variable that holds them
# blocks  = []                       # notification blocks of Prefect: type/name
# overdue_minutes = 120              # a night that is so late is missed
# [encryption]                       # files sealed at rest: see SECURITY.md; make a key with: shortpay encrypt --new-key FILE
# recipients = ["age1…"]             # public keys; the secret one comes from SHORTPAY_KEY or SHORTPAY_KEY_FILE
# folders    = ["archive", "quarantine"]   # published too: then analysts open its files with: shortpay decrypt

# [conformance]                      # the second opinion on new files, after the night is published
# megabytes = 10                     # larger files are not checked (10 MB take about 40 s)
# seconds   = 120                    # a file that takes longer is given up
# minutes   = 30                     # the night's time for it; the rest waits for the next night; 0: none
"""


_README = """\
This folder is kept by shortpay.

To look at results, open published/: worklist.xlsx, worklist.csv and shortpay.duckdb. shortpay.duckdb may be open,
for reading, as long as you like; each night puts a new file in its place and disturbs nobody.

Do not open warehouse.duckdb: a night cannot run while somebody has it open, not even for reading. All that is in it
is in published/shortpay.duckdb too.

Drop 835 files and edited worklists into inbox/. Back up shortpay.toml, contracts/, reference/, archive/ and journal/:
everything else is made of them (shortpay rebuild). To see whether all is well: shortpay verify.
"""


class HomeError(Exception):
    """The home folder cannot be used."""


@dataclass(frozen=True)
class Home:
    """A home folder that exists."""

    path: Path

    @classmethod
    def open(cls, path: Path) -> Home:
        """Return the home at `path`. Raises HomeError where there is none."""
        if not (path / SETTINGS).is_file():
            raise HomeError(f"{path} has no {SETTINGS}; make a home folder with: shortpay init {path}")
        if (path / SETTINGS).stat().st_size > TOML_BYTES:
            raise HomeError(f"{path / SETTINGS} has more than {TOML_BYTES:,} bytes: these are no settings")
        _can_be_opened(path)
        home = cls(path)
        home.make_folders()
        opened.set(path)
        return home

    def make_folders(self) -> None:
        """Make what is missing, for the owner alone."""
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        for name in FOLDERS:
            (self.path / name).mkdir(mode=0o700, exist_ok=True)
        if not (self.path / "README.txt").exists():
            with contextlib.suppress(OSError):
                (self.path / "README.txt").write_text(_README, encoding="utf-8")

    def folder(self, name: str) -> Path:
        return self.path / name

    @property
    def settings(self) -> Path:
        return self.path / SETTINGS

    @property
    def warehouse(self) -> Path:
        return self.path / "warehouse.duckdb"

    @property
    def published(self) -> Path:
        return self.path / "published" / "shortpay.duckdb"

    @property
    def rules(self) -> RuleFolders:
        """What decisions rest on beside the remittances."""
        return RuleFolders(self.folder("contracts"), self.folder("reference"), self.settings)

    def today(self) -> dt.date:
        """Today where the practice is ([schedule] timezone). Raises TermsError where the settings cannot be used."""
        return read_settings(self.settings).schedule.today()


def _can_be_opened(path: Path) -> None:
    """Raise HomeError where DuckDB takes a part of the path for something else than a name."""
    signs = "?" if os.sep == "\\" else "?\\"
    found = [sign for sign in signs if sign in str(path.resolve())]
    if found:
        raise HomeError(
            f"{path}: no database can be opened under a path with {found[0]} in it; give the folder another name"
        )


def local_today() -> dt.date:
    """Today where this machine stands, where no practice says otherwise."""
    return dt.datetime.now().astimezone().date()


def make_home(path: Path) -> Home:
    """Make a home folder with starter settings. Raises HomeError where there is one already."""
    if (path / SETTINGS).exists():
        raise HomeError(f"{path / SETTINGS} is there already; nothing was changed")
    _can_be_opened(path)
    home = Home(path)
    home.make_folders()
    write_whole(home.settings, _STARTER.encode())
    return home
