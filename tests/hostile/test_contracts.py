"""Contracts, schedules, settings and reference tables made to harm: each is a problem with its file, soon, and nothing else."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from contracts import TermsError, read_practice, read_reference, read_terms
from contracts.bounded import TOML_BYTES
from flows.home import Home, HomeError, make_home

if TYPE_CHECKING:
    from collections.abc import Callable

PLAN = """contract = "plan"
payer = "Payer"
effective = 2026-01-01
[match]
payer_id = ["1"]
[[rate]]
basis = "fee_schedule"
file = "rates.csv"
"""
SECONDS = 30


def linked(path: Path) -> None:
    path.symlink_to("/etc/passwd")


def piped(path: Path) -> None:
    os.mkfifo(path)


def vast(path: Path) -> None:
    """A gigabyte that takes no room on the disk."""
    with path.open("wb") as out:
        out.truncate(1_000_000_000)


def text(content: str) -> Callable[[Path], None]:
    def make(path: Path) -> None:
        path.write_text(content, encoding="utf-8")

    return make


FILES: dict[str, tuple[str, Callable[[Path], None], str]] = {
    "a link": ("x.toml", linked, "is a link to another place"),
    "a pipe": ("x.toml", piped, "is no plain file"),
    "a folder": ("x.toml", Path.mkdir, "is no plain file|Is a directory"),
    "a gigabyte": ("x.toml", vast, "1,000,000,000 bytes, more than"),
    "nested lists": ("x.toml", text("contract = " + "[" * 10_000), "nested too deep"),
    "nested tables": ("x.toml", text("contract = " + "{a=" * 10_000), "nested too deep|not valid TOML"),
    "a long key": ("x.toml", text(".".join("a" * 20_000) + " = 1"), "more than 100 points"),
    "a number without end": ("x.toml", text("contract = " + "9" * 5_000), "not valid TOML"),
    "a percentage without end": (
        "x.toml",
        text(PLAN.replace('basis = "fee_schedule"\nfile = "rates.csv"', 'basis = "percent_of_charge"\npercent = 1e999999999')),
        "not a percentage",
    ),
    "a line of blanks": ("x.toml", text(f'["a{" " * 900_000}b"]\nx = 1\n'), "unknown key"),
    "controls": ("x.toml", text('contract = "\\u001b[31m"\n"\\n\\u001b]0;x\\u0007" = 1'), "unknown key"),
    "a schedule that is a link": ("rates.csv", linked, "link to a place outside"),
    "a schedule that is a pipe": ("rates.csv", piped, "does not exist"),
    "a schedule of a gigabyte": ("rates.csv", vast, "1,000,000,000 bytes, more than"),
    "a schedule of one row again and again": (
        "rates.csv",
        text("code,rate\n" + "".join(f"97110,{n % 90}.00\n" for n in range(60_000))),
        "60,000 rows of one setting",
    ),
    "a rate without end": ("rates.csv", text("code,rate\n97110," + "9" * 4_000 + "\n"), "beyond 1,000,000,000 dollars"),
    "a quote that does not end": ("rates.csv", text('code,rate\n"97110' + "x" * 400_000), "cannot be read"),
}  # fmt: skip


@pytest.mark.parametrize("name", FILES)
def test_each_is_one_clear_problem(name: str, tmp_path: Path) -> None:
    file, make, said = FILES[name]
    (tmp_path / "plan.toml").write_text(PLAN)
    (tmp_path / "rates.csv").write_text("code,rate\n97110,30.00\n")
    (tmp_path / file).unlink(missing_ok=True)
    make(tmp_path / file)
    started = time.monotonic()
    with pytest.raises(TermsError, match=said) as stopped:
        within(SECONDS, lambda: read_terms(tmp_path))
    assert time.monotonic() - started < SECONDS
    assert len(str(stopped.value)) < 20_000
    assert str(stopped.value).replace("\n", "").isprintable()
    assert "root:" not in str(stopped.value)


def within(seconds: float, work: Callable[[], object]) -> None:
    """Do work that might wait for ever, and fail instead of waiting with it."""
    raised: list[BaseException] = []

    def run() -> None:
        try:
            work()
        except BaseException as error:  # noqa: BLE001  (handed on below)
            raised.append(error)

    worker = threading.Thread(target=run, daemon=True)
    worker.start()
    worker.join(seconds)
    assert not worker.is_alive(), "it hangs"
    for error in raised:
        raise error


@pytest.mark.parametrize("make", [linked, piped, vast], ids=["link", "pipe", "gigabyte"])
def test_reference_tables_and_settings_likewise(make: Callable[[Path], None], tmp_path: Path) -> None:
    make(tmp_path / "rvu.csv")
    with pytest.raises(TermsError):
        within(SECONDS, lambda: read_reference(tmp_path))
    make(tmp_path / "shortpay.toml")
    with pytest.raises(TermsError):
        within(SECONDS, lambda: read_practice(tmp_path / "shortpay.toml"))


def test_settings_of_a_gigabyte_stop_before_they_are_read(tmp_path: Path) -> None:
    home = make_home(tmp_path / "home")
    with home.settings.open("ab") as out:
        out.truncate(TOML_BYTES + 1)
    with pytest.raises(HomeError, match="these are no settings"):
        Home.open(home.path)


def test_schedules_outside_the_folder_are_never_opened(tmp_path: Path) -> None:
    folder = tmp_path / "contracts"
    folder.mkdir()
    (tmp_path / "secret.csv").write_text("code,rate\n97110,30.00\n")
    (folder / "sub").symlink_to(tmp_path)
    for name in (
        "../secret.csv",
        "/etc/passwd",
        "sub/secret.csv",
        "..\\\\secret.csv",
        "C:secret.csv",
        "sub/../../secret.csv",
    ):
        (folder / "plan.toml").write_text(PLAN.replace("rates.csv", name))
        with pytest.raises(TermsError, match="outside the contracts folder"):
            read_terms(folder)
