"""The commands `reference load` and `reference list`, by the rules that shortpay ships."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from typer.testing import CliRunner

from contracts import TermsError
from contracts.reference import RELEASE_SCHEMA
from flows.cli import app
from flows.home import make_home
from flows.reference import missing

FIXTURES = Path(__file__).parents[1] / "fixtures" / "cms"


def run(*words: object) -> str:
    result = CliRunner().invoke(app, ["reference", *(str(word) for word in words)])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.output


def test_load_and_list(tmp_path: Path) -> None:
    """A year's 109 localities, made up."""
    home = make_home(tmp_path / "home").path
    rows = "\n".join(f"{10_000 + number},ZA,{number % 90:02},X,1,1,1" for number in range(109))
    header = "Medicare Administrative Contractor (MAC),State,Locality Number,Locality Name,"
    path = tmp_path / "GPCI2026.csv"
    path.write_text(f"{header}2026 PW GPCI (with 1.0 Floor)***,2026 PE GPCI,2026 MP GPCI\n{rows}\n")
    assert "loaded  CY2026  GPCI2026.csv: 109 rows, 2026-01-01 to 2026-12-31" in run(
        "load", path, "--home", home
    )
    assert "known   CY2026  GPCI2026.csv" in run("load", path, "--home", home)
    shown = run("list", "--home", home)
    assert "CY2026" in shown
    assert "No relative values are loaded" in shown


def test_a_refusal_stops_with_every_problem(tmp_path: Path) -> None:
    home = make_home(tmp_path / "home").path
    with pytest.raises(TermsError, match="2 problems"):
        run("load", FIXTURES / "GPCI2025.csv", FIXTURES / "GPCI2026.csv", "--home", home)
    assert sorted(path.name for path in (home / "reference").iterdir()) == [".loading"]


def test_missing_releases_are_named() -> None:
    loaded = pl.DataFrame({"kind": ["rvu", "rvu"], "release": ["RVU25B", "RVU25D"]}).with_columns(
        effective=pl.Series(["2025-04-01", "2025-10-01"]).str.to_date(),
        until=pl.Series(["2025-06-30", "2025-12-31"]).str.to_date(),
    )
    assert missing(loaded) == [
        "Missing: RVU25C: dates of service 2025-07-01 to 2025-09-30 abstain.",
        "Dates of service after 2025-12-31 abstain until the next release is loaded.",
    ]
    assert missing(pl.DataFrame(schema=RELEASE_SCHEMA)) == [
        "No relative values are loaded: Medicare lines abstain."
    ]
