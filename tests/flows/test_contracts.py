"""`shortpay contracts check` on the command line: what it prints, and its exit status."""

from __future__ import annotations

from typing import TYPE_CHECKING

from typer.testing import CliRunner

from flows.cli import app
from flows.home import make_home

if TYPE_CHECKING:
    from pathlib import Path

PLAN = """contract = "plan"
payer = "Payer"
effective = 2026-01-01
[match]
payer_id = ["1"]
[[rate]]
basis = "per_visit"
amount = "95.00"
"""


def test_warnings_leave_the_exit_status_0(tmp_path: Path) -> None:
    home = make_home(tmp_path / "home")
    (home.folder("contracts") / "plan.toml").write_text(PLAN, encoding="utf-8")
    result = CliRunner().invoke(app, ["contracts", "check", "--home", str(home.path)])
    assert result.exit_code == 0, result.output
    assert "warning: contracts/plan.toml: no [[dispute]]" in result.output
    assert "0 errors, 3 warnings: a night can run" in result.output


def test_every_error_and_exit_status_1(tmp_path: Path) -> None:
    home = make_home(tmp_path / "home")
    (home.folder("contracts") / "plan.toml").write_text(PLAN.replace("95.00", "x"), encoding="utf-8")
    (home.folder("contracts") / "b.toml").write_text("contract = 1\n", encoding="utf-8")
    result = CliRunner().invoke(app, ["contracts", "check", "--home", str(home.path)])
    assert result.exit_code == 1
    assert "error: contracts/plan.toml:8: rate.amount" in result.output
    assert "error: contracts/b.toml:1: " in result.output
    assert "mend the errors" in result.output


def test_a_folder_that_is_no_home(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["contracts", "check", "--home", str(tmp_path)])
    assert result.exit_code == 1
